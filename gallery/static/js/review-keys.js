// Single keys on the page of a review. A key clicks the element that names it in data-key.

const STORED = "single-keys";
const dialog = document.getElementById("keys");
const review = document.getElementById("review");
const choice = document.getElementById("single-keys");
const opener = document.querySelector("[data-opens=keys]");
let intended = null; // the button that Ctrl + Enter presses

const isOff = () => localStorage.getItem(STORED) === "off";
const WRITABLE = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const isWriting = (target) => target.closest(WRITABLE);

function toggleKeys() {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

if (opener) {
  opener.hidden = false;
  opener.addEventListener("click", toggleKeys);
  choice.checked = !isOff();
  choice.addEventListener("change", () => localStorage.setItem(STORED, choice.checked ? "on" : "off"));
}

// Returning and declining need a reason first: the key focuses its field, and Ctrl + Enter sends the form.
function askForWords(button) {
  intended = button;
  const hint = document.getElementById("how-to-send");
  if (hint) {
    hint.hidden = false;
    for (const words of hint.children) words.hidden = words.dataset.of !== button.value;
  }
  const field = review.elements.reason;
  field.focus();
  field.scrollIntoView({ block: "center" });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && review && review.contains(event.target)) {
    const button = intended ?? document.querySelector("#decision [value=returned]");
    if (button) {
      event.preventDefault();
      button.click();
    }
    return;
  }
  if (event.key === "Escape" && isWriting(event.target)) {
    event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.repeat || isWriting(event.target) || isOff()) return;
  if (dialog?.open && event.key !== "?") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const target = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key.split(" ").includes(key));
  if (!target || target.disabled) return;
  event.preventDefault();
  if (target === opener) toggleKeys();
  else if (["returned", "declined"].includes(target.value) && !review.elements.reason.value) askForWords(target);
  else target.click();
});
