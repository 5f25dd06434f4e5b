// A form that is sent without an account. What is typed stays in this browser until the form has arrived, for a week at
// most, and is offered when the page opens again. Without a connection the form is not sent, so the page stays.

import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";

const LONGEST = 7 * 24 * 60 * 60 * 1000; // ms

const arrived = document.querySelector("[data-arrived]");
if (arrived) withStorage((storage) => storage.removeItem(arrived.dataset.arrived));

for (const form of document.querySelectorAll("form[data-keep]")) {
  const { keep: key, offer, putBack, throwAway, offline } = form.dataset;
  const status = form.querySelector("[role=status]");
  const isHidden = (control) => control?.closest?.("[aria-hidden]");
  const typed = () =>
    [...new FormData(form)].filter(([name, value]) => value && !isHidden(form.elements[name]) && value !== "https://");
  const forget = () => withStorage((storage) => storage.removeItem(key));

  const button = (words, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: words });
    made.addEventListener("click", act);
    return made;
  };

  const kept = withStorage((storage) => JSON.parse(storage.getItem(key)));
  if (kept && Date.now() - kept.at > LONGEST) forget();
  else if (kept && !typed().length) {
    const notice = document.createElement("div");
    notice.className = "notice notice-hint";
    notice.setAttribute("role", "status");
    const sentence = document.createElement("p");
    const moment = new Date(kept.at).toLocaleString(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    sentence.textContent = offer.replace("{moment}", moment);
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      button(putBack, () => {
        for (const [name, value] of kept.fields) {
          const control = form.elements[name];
          if (control && "value" in control) control.value = value;
        }
        notice.remove();
        form.querySelector("input:not([type=hidden]), textarea").focus();
      }),
      button(throwAway, () => {
        forget();
        notice.remove();
      }),
    );
    notice.append(sentence, actions);
    form.prepend(notice);
  }

  const remember = () => {
    const fields = JSON.stringify({ at: Date.now(), fields: typed() });
    withStorage((storage) => storage.setItem(key, fields));
  };
  if (typed().length) remember(); // it was typed before this script was loaded
  form.addEventListener("input", remember);

  let isReachable = false;
  form.addEventListener("submit", async (event) => {
    if (isReachable) return;
    event.preventDefault();
    status.textContent = "";
    try {
      await timedFetch(location.href, { method: "HEAD", cache: "no-store" });
    } catch {
      status.textContent = offline;
      return;
    }
    isReachable = true;
    form.requestSubmit(event.submitter);
    isReachable = false;
  });
}
