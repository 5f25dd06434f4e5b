// Appreciate a work without leaving its page, and show how many do. Without scripts the button leads to a page of
// thanks.

import { PASS_FIELD, visitPass } from "./came-through.js";

const asJson = { headers: { accept: "application/json" } };

for (const form of document.querySelectorAll("form.appreciation")) {
  const button = form.querySelector("button");
  const number = form.querySelector(".number");
  const status = form.querySelector(".status-message");
  const { takingBack, takeBack, failed } = form.dataset;
  const appreciate = button.textContent;
  let isTheirs = false;
  let isBusy = false;
  let wasPressed = false;

  const show = (answer) => {
    isTheirs = answer.appreciated;
    button.textContent = isTheirs ? takeBack : appreciate;
    form.classList.toggle("is-theirs", isTheirs);
    number.textContent = answer.message && isTheirs ? "" : answer.sentence;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = wasPressed = true;
    status.textContent = ""; // the same words twice are read out twice
    try {
      const body = new URLSearchParams({ [PASS_FIELD]: visitPass() });
      const response = await fetch(isTheirs ? takingBack : form.action, { ...asJson, method: "POST", body });
      const answer = await response.json();
      if (response.ok) show(answer);
      status.textContent = answer.message ?? failed;
    } catch {
      status.textContent = failed;
    }
    isBusy = false;
  });

  // The number is fetched only when it comes into view.
  new IntersectionObserver(async (entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    try {
      const response = await fetch(form.action, asJson);
      const answer = await response.json();
      if (response.ok && !wasPressed) show(answer); // otherwise it may be older than the press
    } catch {
      // The button works without the number.
    }
  }).observe(form);
}
