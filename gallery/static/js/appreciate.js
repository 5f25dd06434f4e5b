// Appreciating a work in place, and how many do. Without this module the button leads to a page that says thank you.

const asked = { headers: { accept: "application/json" } };

for (const form of document.querySelectorAll("form.appreciation")) {
  const button = form.querySelector("button");
  const number = form.querySelector(".number");
  const told = form.querySelector(".told");
  const { takingBack, takeBack, failed } = form.dataset;
  const appreciate = button.textContent;
  let isTheirs = false;
  let isBusy = false;

  const show = (answer) => {
    isTheirs = answer.appreciated;
    button.textContent = isTheirs ? takeBack : appreciate;
    form.classList.toggle("is-theirs", isTheirs);
    number.textContent = answer.told && isTheirs ? "" : answer.sentence;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    told.textContent = ""; // the same words twice are read out twice
    try {
      const response = await fetch(isTheirs ? takingBack : form.action, { ...asked, method: "POST" });
      const answer = await response.json();
      if (response.ok) show(answer);
      told.textContent = answer.told ?? failed;
    } catch {
      told.textContent = failed;
    }
    isBusy = false;
  });

  // Nobody asks for what nobody looks at.
  new IntersectionObserver(async (entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    try {
      const response = await fetch(form.action, asked);
      if (response.ok && !isBusy) show(await response.json());
    } catch {
      // the button works without the number
    }
  }).observe(form);
}
