// Saves a form while somebody types in it: a moment after the last key, when a field or the page is left, and when the
// connection is back. Each kind of form says where to post and what the answers mean (work-form.js, builder/forms.js).

import { timedFetch } from "./timed-fetch.js";

const PAUSE = 1200; // ms after the last key
const RETRY = 8000; // ms until the next try without a connection

export class Autosave {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.version = 0; // counts the changes in the form
    this.savedVersion = 0; // what the server has
    this.timer = null;
    this.busy = null; // the save in flight
    this.isOffline = false; // whether the latest save found no connection
    this.field = ""; // the id of the field that somebody used last
    form.addEventListener("focusin", (event) => (this.field = event.target.id || this.field));
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", (event) => event.target.type !== "file" && this.save());
    form.addEventListener("focusout", () => this.save());
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("pagehide", () => this.save(true));
    addEventListener("online", () => this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.save(true));
  }

  // What each kind of form defines:
  //   address    where to post
  //   body()     what to post
  //   received(answer, version, body)    shows the answer to the save of this version and returns whether all is well
  //   status    the element that says whether all is saved
  //   notSaved(sentence, link)    says why it is not, perhaps with a link

  get isDirty() {
    return this.version > this.savedVersion;
  }

  changed() {
    this.version += 1;
    this.saySaving();
    this.saveIn(PAUSE);
  }

  sends() {} // before each save, with its body

  // `state` is saving, unsaved or saved. Screen readers announce only the result. An unchanged message is not written
  // again: its link must not vanish under a finger, or be announced at every try.
  say(state, sentence, link = "") {
    const text = sentence + (link && ` ${link.textContent}`);
    if (this.status.dataset.state === state && this.status.textContent === text) return;
    this.status.dataset.state = state;
    this.status.setAttribute("aria-busy", String(state === "saving"));
    this.status.replaceChildren(sentence, ...(link && [" ", link]));
  }

  // After a failed save, further tries do not show “saving” again.
  saySaving() {
    if (this.status.dataset.state !== "unsaved") this.say("saving", this.words.saving);
  }

  // Signed out: the link leads back to the field that was used last.
  signedOut() {
    const link = document.createElement("a");
    const back = () => encodeURIComponent(`${this.returnTo}#${this.field}`);
    const lead = () => (link.href = `${this.words.signInAt}?next=${back()}`);
    link.addEventListener("click", lead);
    lead();
    link.textContent = this.words.signIn;
    this.notSaved(this.words.signedOut, link);
    this.retryLater();
    return false;
  }

  get returnTo() {
    return location.pathname + location.search;
  }

  saveIn(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  retryLater() {
    this.saveIn(RETRY);
  }

  // Returns whether everything is saved. Only one save runs at a time, even when the page is left: each sends the
  // digests from the previous answer, so two at once would conflict.
  async save(isLeaving = false) {
    if (!this.isDirty) return true;
    if (this.busy) {
      await this.busy;
      return this.save(isLeaving);
    }
    clearTimeout(this.timer);
    this.busy = this.post(isLeaving);
    const isSaved = await this.busy;
    this.busy = null;
    return isSaved;
  }

  async post(isLeaving) {
    const version = this.version;
    const body = this.body();
    const headers = { accept: "application/json" };
    this.saySaving();
    this.sends(body);
    this.isOffline = false;
    try {
      const answer = await timedFetch(this.address, { method: "POST", body, headers, keepalive: isLeaving });
      if (answer.status >= 500 || answer.status === 408 || answer.status === 429) throw new Error(answer.status);
      return await this.received(answer, version, body);
    } catch (error) {
      this.isOffline = error instanceof TypeError;
      this.notSaved(this.isOffline ? this.words.offline : this.words.silent);
      this.retryLater();
      return false;
    }
  }

  // The form is saved before its button sends it, so that the two do not conflict. Without a connection the page stays,
  // and says why.
  async submit(event) {
    if (!this.isDirty || this.isSubmitting) return;
    event.preventDefault();
    this.isSubmitting = true;
    await this.save();
    if (!this.isOffline) this.form.requestSubmit(event.submitter);
    this.isSubmitting = false;
  }
}
