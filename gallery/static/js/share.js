// Passing a page on by the device's own menu, or by copying its address. Without this module the links remain.

for (const menu of document.querySelectorAll("details.share")) {
  const { title, address } = menu.dataset;
  const field = menu.querySelector("input");
  const told = menu.querySelector("[role=status]");
  const copy = menu.querySelector("[value=copy]");
  const device = menu.querySelector("[value=device]");

  copy.hidden = !navigator.clipboard;
  device.hidden = !navigator.share;

  field.addEventListener("focus", () => field.select());
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(address);
      told.textContent = told.dataset.copied;
    } catch {
      field.focus(); // it is selected, and can be copied by hand
    }
  });
  device.addEventListener("click", () => {
    navigator.share({ title, url: address }).catch(() => {}); // closing the device's menu is no mistake
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
