// Share a page by the device's own menu, or copy its address. Without scripts the links remain.

for (const menu of document.querySelectorAll(".share")) {
  const { title, address } = menu.dataset;
  const field = menu.querySelector("input");
  const status = menu.querySelector("[role=status]");
  const copy = menu.querySelector("[value=copy]");
  const device = menu.querySelector("[value=device]");

  copy.hidden = !navigator.clipboard;
  if (device) device.hidden = !navigator.share;

  field.addEventListener("focus", () => field.select());
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(address);
      status.textContent = status.dataset.copied;
    } catch {
      field.focus(); // its text is selected, and can be copied by hand
    }
  });
  device?.addEventListener("click", () => {
    navigator.share({ title, url: address }).catch(() => {}); // closing the device's menu is no error
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
