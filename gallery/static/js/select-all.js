// A checkbox above a list of works, consents or requests selects all of them or none.

const form = document.querySelector("form.together");
const boxes = form ? [...form.querySelectorAll("input[name=work], input[name=consent], input[name=request]")] : [];
const summaries = form ? [...form.querySelectorAll(".together-decision > summary")] : [];

if (boxes.length > 1) {
  const words = summaries.map((summary) => summary.textContent);
  const all = document.createElement("input");
  all.type = "checkbox";
  const row = document.createElement("label");
  row.className = "pick-all";
  row.append(all, form.dataset.all);
  form.prepend(row);
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    showCount();
  });
  const showCount = () => {
    const number = boxes.filter((box) => box.checked).length;
    all.checked = number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
    summaries.forEach((summary, at) => (summary.textContent = number ? `${words[at]} (${number})` : words[at]));
  };
  form.addEventListener("change", showCount);
}
