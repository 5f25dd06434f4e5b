// Saves a form while somebody types in it: a moment after the last key, when a field or the page is left, and when the
// connection is back. Each kind of form says where to post and what the answers mean (work-form.js, builder/forms.js).

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
  //   offline()    says that there is no connection

  get isDirty() {
    return this.version > this.savedVersion;
  }

  changed() {
    this.version += 1;
    this.saveIn(PAUSE);
  }

  saveIn(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  retryLater() {
    this.saveIn(RETRY);
  }

  // Returns whether everything is saved. One save at a time, also when the page is left: each carries the digests from
  // the answer to the one before, so two at once would be in conflict with each other.
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
    try {
      const answer = await fetch(this.address, { method: "POST", body, headers, keepalive: isLeaving });
      return await this.received(answer, version, body);
    } catch {
      this.offline();
      this.retryLater();
      return false;
    }
  }

  // The form is saved before its button sends it, so that the two are not in conflict with each other.
  async submit(event) {
    if (!this.isDirty || this.isSubmitting) return;
    event.preventDefault();
    this.isSubmitting = true;
    await this.save();
    this.form.requestSubmit(event.submitter);
    this.isSubmitting = false;
  }
}
