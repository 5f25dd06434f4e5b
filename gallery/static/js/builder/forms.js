// Autosave for the builder's forms, with a message. Their buttons stay for people who prefer them.

import { Autosave } from "../autosave.js";
import { setOwnVersion } from "./draft-version.js";

class BuilderForm extends Autosave {
  constructor(form) {
    super(form);
    this.status = document.createElement("p");
    this.status.className = "hint saved";
    this.status.setAttribute("role", "status");
    form.append(this.status);
  }

  get address() {
    return this.form.action;
  }

  body() {
    return new URLSearchParams(new FormData(this.form));
  }

  notSaved(sentence, link) {
    this.say("unsaved", sentence, link);
  }

  async received(answer, version) {
    if (answer.redirected) return this.signedOut();
    const payload = await answer.json();
    this.showErrors(payload.errors ?? {});
    if (!answer.ok) {
      this.notSaved(this.words.unsaved);
      return false;
    }
    this.savedVersion = version;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    if (this.isDirty) this.say("saving", this.words.saving);
    else this.say("saved", this.words.saves.replace("{time}", time));
    this.form.elements.seen.value = payload.seen;
    setOwnVersion(payload.version);
    const publish = document.querySelector("[data-publishing]");
    if (publish) publish.textContent = payload.publishing; // its label names the opening, which may have changed
    return true;
  }

  showErrors(errors) {
    for (const old of this.form.querySelectorAll(".field-error.from-autosave")) old.remove();
    for (const field of this.form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const [id, sentences] of Object.entries(errors)) {
      const field = document.getElementById(id);
      if (!field || !this.form.contains(field)) continue;
      const line = document.createElement("p");
      line.className = "field-error from-autosave";
      line.textContent = sentences[0];
      field.setAttribute("aria-invalid", "true");
      field.after(line);
    }
  }
}

for (const form of document.querySelectorAll("form[data-saves]")) new BuilderForm(form);
