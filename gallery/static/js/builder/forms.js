// The forms of the builder save themselves and say so; their buttons stay for those who prefer them.

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

  changed() {
    super.changed();
    this.status.textContent = this.words.unsaved;
  }

  offline() {
    this.status.textContent = this.words.unsaved;
  }

  async received(answer, version) {
    if (!(answer.headers.get("content-type") ?? "").includes("json")) return false; // signed out: the button says so
    const payload = await answer.json();
    this.showErrors(payload.errors ?? {});
    if (!answer.ok) {
      this.status.textContent = this.words.unsaved;
      return false;
    }
    this.savedVersion = version;
    if (!this.isDirty) this.status.textContent = this.words.saves;
    this.form.elements.seen.value = payload.seen;
    setOwnVersion(payload.version);
    const publish = document.querySelector("[data-publishing]");
    if (publish) publish.textContent = payload.publishing; // the opening may be a different one now
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
