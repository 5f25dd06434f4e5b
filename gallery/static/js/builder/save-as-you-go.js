// A form of the builder saves what was typed a moment ago, and says so; its button stays for those who like it.

import { moved } from "./meanwhile.js";

const PAUSE = 1200; // ms after the last key

function attend(form) {
  const status = document.createElement("p");
  status.className = "hint saved";
  status.setAttribute("role", "status");
  form.append(status);
  let timer = 0;
  let version = 0; // of what stands in the form
  let busy = null; // the save in flight
  let isDue = false; // once more when that is done

  // One at a time: each carries what was seen by the answer to the one before, or it would conflict with that.
  function save() {
    clearTimeout(timer);
    isDue = busy !== null;
    busy ??= send().finally(() => {
      busy = null;
      if (isDue) save();
    });
  }

  async function send() {
    const sent = version;
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "application/json" },
      });
    } catch {
      status.textContent = form.dataset.unsaved; // the connection is gone: the next key tries again
      return;
    }
    if (!(answer.headers.get("content-type") ?? "").includes("json")) return;
    const told = await answer.json();
    show(told.errors ?? {});
    if (!answer.ok) {
      status.textContent = form.dataset.unsaved;
      return;
    }
    if (sent === version) status.textContent = form.dataset.saves;
    if (told.seen && form.elements.seen) form.elements.seen.value = told.seen;
    moved(told.version);
    const publish = document.querySelector("[data-publishing]");
    if (publish && told.publishing) publish.textContent = told.publishing; // the opening may be another now
  }

  function show(errors) {
    for (const old of form.querySelectorAll(".field-error.told")) old.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const [id, sentences] of Object.entries(errors)) {
      const field = document.getElementById(id);
      if (!field || !form.contains(field)) continue;
      const line = document.createElement("p");
      line.className = "field-error told";
      line.textContent = sentences[0];
      field.setAttribute("aria-invalid", "true");
      field.after(line);
    }
  }

  form.addEventListener("input", () => {
    version += 1;
    status.textContent = form.dataset.unsaved;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    isDue = false;
    if (!busy) return;
    event.preventDefault();
    busy.finally(() => form.requestSubmit(event.submitter));
  });
}

for (const form of document.querySelectorAll("form[data-saves]")) attend(form);
