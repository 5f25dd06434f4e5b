// Signing out clears what this browser keeps for the person: the form for the time without a line, and what was typed
// and chosen and has not arrived. It says so before, if there is anything.

import { discardAll, keptWorks } from "./kept-works.js";
import { forgetForm, forgetOthersForm } from "./offline-form.js";
import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";

for (const form of document.querySelectorAll("form[data-forgets]")) {
  const words = form.dataset;
  let isClear = false;
  forgetOthersForm(words.forgets);

  const show = (sentence, ...actions) => {
    const notice = document.createElement("div");
    notice.className = "notice notice-hint sign-out-notice";
    notice.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = sentence;
    const row = document.createElement("p");
    row.className = "actions";
    row.append(...actions);
    notice.append(text, row);
    document.querySelector(".sign-out-notice")?.remove();
    document.getElementById("main").prepend(notice);
    notice.scrollIntoView({ block: "center" });
  };

  const signOut = async (submitter) => {
    await discardAll(words.forgets);
    withStorage((storage) => {
      for (const key of Object.keys(storage)) if (key.startsWith("tus::work/")) storage.removeItem(key);
    });
    await forgetForm().catch(() => {});
    isClear = true;
    form.requestSubmit(submitter);
  };

  form.addEventListener("submit", async (event) => {
    if (isClear) return;
    event.preventDefault();
    try {
      await timedFetch(import.meta.url, { method: "HEAD", cache: "no-store" }); // of a file: pages log who reads them
    } catch {
      show(words.offline);
      return;
    }
    const works = await keptWorks(words.forgets);
    if (!works.length) {
      await signOut(event.submitter);
      return;
    }
    const leave = document.createElement("button");
    leave.className = "danger";
    leave.textContent = words.leave;
    leave.addEventListener("click", () => signOut(event.submitter));
    const see = document.createElement("a");
    see.className = "button";
    see.href = words.works;
    see.textContent = words.see;
    show(words.unsent.replace("{count}", works.length), see, leave);
  });
}
