// Autosave for the form of a work. Texts that could not be sent stay in this browser and are offered the next time. If
// somebody else changed the same field, the partner chooses between the two texts.

import { Autosave } from "./autosave.js";
import { discard, hasSignedOut, moveKept, unsentWorks } from "./kept-works.js";
import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";

const untilThePageIsClosed = () => new Promise(() => {});

const MAX_UNANSWERED = 5; // saves that may or may not have arrived
// Fields that are no part of the work, or that the partner does not type.
const NOT_TYPED = new Set([
  "form_key", "person", "image", "seen", "organisation", "find", "add_language", "add_language_other",
]);

const parseDigests = (seen) => new Map(seen.split(" ").map((pair) => pair.split(":")));
const formatDigests = (digests) => [...digests].map((pair) => pair.join(":")).join(" ");
const normalised = (value) => value.replaceAll("\r\n", "\n").trim();
const valuesOf = (fields, name) => fields.filter((pair) => pair[0] === name).map((pair) => pair[1]);
const asText = (values) => JSON.stringify(values.map(normalised).filter(Boolean).sort());

// Whether the change by "somebody else" is in fact one of this browser's `unanswered` saves.
export function isOwn({ field, theirs }, unanswered) {
  return unanswered.some((sent) => asText(valuesOf(sent, field)) === asText(theirs));
}

class WorkForm extends Autosave {
  constructor(form) {
    super(form);
    this.status = form.querySelector(".typing-state");
    this.field = form.querySelector("[name=title]")?.id ?? "";
    this.unanswered = []; // fields of the latest saves without an answer: the server may have saved them
    this.isKept = false; // whether this browser keeps what is typed
    if (this.isWithoutLine) this.begin();
    this.lock();
    this.offerUnsent();
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[value=language]");
      if (!button) return;
      event.preventDefault();
      this.addLanguage([]).catch((error) => {
        if (error instanceof TypeError) this.notSaved(this.words.offline);
        else form.requestSubmit(button);
      });
    });
  }

  // Whether the page is the form as the browser kept it (offline-form.js): all new works begin with the same one.
  get isWithoutLine() {
    return this.words.withoutLine !== undefined;
  }

  begin() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    this.form.elements.form_key.value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.form.elements.starts_on.value = new Date().toLocaleDateString("sv"); // as YYYY-MM-DD
    for (const part of document.querySelectorAll(".no-line")) part.hidden = false;
    document.querySelector(".list-sends").hidden = !navigator.locks; // without them it does not know what is open
  }

  // While the form is open, the list of works does not send what is kept of it (unsent.js).
  lock() {
    navigator.locks?.request(this.storageKey, { mode: "shared" }, untilThePageIsClosed);
  }

  // Adds the fields of another translation. The server makes them, as for a form without a script; `fields` are sent
  // beside those of the form.
  async addLanguage(fields) {
    const body = this.body();
    for (const [name, value] of [...fields, ["then", "language"]]) body.set(name, value);
    const answer = await timedFetch(this.form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const adding = page.querySelector(".add-language");
    if (!adding) throw new Error(`No form, but ${answer.status}`); // signed out, for instance
    this.form.querySelector(".add-language").replaceWith(adding);
    const added = [...page.querySelectorAll(".translation-fields")].filter((part) => !document.getElementById(part.id));
    for (const part of added) document.getElementById(part.parentElement.id).append(part);
    const first = added.find((part) => part.closest(".side-by-side-texts")) ?? added[0];
    (first ?? this.form.querySelector(".add-language")).querySelector("input, select").focus();
  }

  get address() {
    return this.words.typing;
  }

  get storageKey() {
    return `typing ${this.words.person} ${this.workKey}`;
  }

  get workKey() {
    return this.isNew ? `new-${this.form.elements.form_key.value}` : this.words.key;
  }

  get isNew() {
    return this.words.key === "new";
  }

  get returnTo() {
    return this.isNew ? `${location.pathname}?unsent=${this.workKey}` : super.returnTo;
  }

  // The id of the draft, which is made first if there is none; null if that failed, and the form says why.
  async draft() {
    if (this.isNew) {
      this.changed();
      await this.save();
    }
    return this.isNew ? null : this.words.key;
  }

  body() {
    const data = new FormData(this.form);
    for (const [name, value] of [...data]) if (typeof value !== "string") data.delete(name);
    return data;
  }

  typedFields() {
    return [...this.body()].filter(([name]) => !NOT_TYPED.has(name) && !name.startsWith("choice_"));
  }

  changed() {
    super.changed();
    this.remember();
  }

  remember() {
    const kept = JSON.stringify({
      at: Date.now(),
      fields: this.typedFields(),
      seen: this.form.elements.seen.value,
      unanswered: this.unanswered,
    });
    const keep = (storage) => storage.setItem(this.storageKey, kept) ?? true;
    this.isKept = !hasSignedOut(this.words.person) && Boolean(withStorage(keep));
    for (const part of document.querySelectorAll(".typing-kept")) part.hidden = !this.isKept;
  }

  sends(body) {
    this.unanswered = [...this.unanswered, [...body]].slice(-MAX_UNANSWERED);
    this.remember();
  }

  forget() {
    withStorage((storage) => storage.removeItem(this.storageKey));
  }

  notSaved(sentence, link) {
    if (link && !this.isKept) link.target = "_blank"; // this page is the only place that has it
    this.say("unsaved", `${sentence} ${this.isKept ? this.words.kept : this.words.notKept}`, link);
  }

  async received(answer, version, body) {
    if (answer.status === 401) return this.signedOut();
    if (answer.status === 404) {
      this.notSaved(this.words.gone); // deleted, or this partner may not change it any more
      return false;
    }
    const payload = await answer.json();
    if (!answer.ok) {
      this.say("unsaved", payload.sentence);
      return false;
    }
    this.savedVersion = version;
    this.show(payload, body);
    return !payload.conflicts.length;
  }

  show(payload, body) {
    this.takeOver(payload, body);
    // A choice that was made while this save was under way has not been sent yet.
    for (const choice of this.choices) if (body.get(choice.name) === choice.value) choice.remove();
    if (this.words.key !== payload.key) {
      // It was a new work. From now on this is the form of its draft.
      this.forget();
      moveKept(this.words.person, this.workKey, payload.key);
      this.words.key = payload.key;
      this.words.typing = payload.typing;
      this.form.action = payload.address;
      history.replaceState(null, "", payload.address);
      this.lock();
    }
    if (this.isWithoutLine) this.lineIsBack();
    this.showConflicts(payload.conflicts);
    this.unanswered = [];
    if (this.isDirty || payload.conflicts.length) this.remember();
    else this.forget();
    if (this.isDirty) this.say("saving", this.words.saving);
    else if (payload.conflicts.length) this.say("unsaved", this.words.conflicts);
    else this.say("saved", payload.sentence);
  }

  lineIsBack() {
    for (const part of document.querySelectorAll(".no-line")) part.hidden = true;
    document.querySelector(".line-is-back a").href = this.form.action;
  }

  // The notice that all has arrived stands while that is so.
  say(state, ...sentence) {
    super.say(state, ...sentence);
    const notice = this.isWithoutLine && document.querySelector(".line-is-back");
    if (notice && state !== "saving") notice.hidden = state === "unsaved";
  }

  get choices() {
    return [...this.form.querySelectorAll("input[name^=choice_]")];
  }

  // An unchanged notice is not written again, so that it does not vanish under a finger. A value that this page itself
  // sent before, without an answer, is no conflict.
  showConflicts(conflicts) {
    const chosen = new Set(this.choices.map((choice) => choice.name));
    const open = conflicts.filter(({ field }) => !chosen.has(`choice_${field}`));
    const own = (conflict) => isOwn(conflict, this.unanswered);
    const shown = open.filter((conflict) => !own(conflict));
    for (const notice of this.form.querySelectorAll(".edit-conflict")) {
      const stays = shown.some(({ field, digest }) => notice.dataset.about === `${field} ${digest}`);
      if (!stays) notice.remove();
    }
    for (const conflict of shown) this.showConflict(conflict);
    for (const { field, digest } of open.filter(own)) this.choose(field, `mine-${digest}`);
  }

  // Shows the changes of others. A field in which the partner typed during the save keeps its text and its old digest,
  // so that the next save finds the conflict.
  takeOver({ seen, elsewhere, shown }, body) {
    const current = this.body();
    const digests = parseDigests(seen);
    const before = parseDigests(this.form.elements.seen.value);
    for (const [name, values] of Object.entries(elsewhere)) {
      if (current.getAll(name).join("\n") === body.getAll(name).join("\n")) this.put(name, values, shown[name]);
      else digests.set(name, before.get(name));
    }
    this.form.elements.seen.value = formatDigests(digests);
  }

  controls(name) {
    return [...this.form.querySelectorAll(`[name="${name}"]`)];
  }

  // The list may lack an artist who was chosen elsewhere; `shown` is the label to add.
  put(name, values, shown) {
    for (const control of this.controls(name)) {
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else {
        const value = values[0] ?? "";
        const isMissing = control.options && ![...control.options].some((option) => option.value === value);
        if (isMissing) control.append(new Option(shown || value, value));
        control.value = value;
      }
    }
  }

  showConflict({ field, label, theirs, shown, digest }) {
    const first = this.controls(field)[0];
    const about = `${field} ${digest}`;
    if (!first || this.form.querySelector(`.edit-conflict[data-about="${CSS.escape(about)}"]`)) return;
    const notice = document.createElement("div");
    notice.className = "edit-conflict notice notice-error";
    notice.dataset.about = about;
    notice.setAttribute("role", "alert");
    const sentence = document.createElement("p");
    sentence.textContent = this.words.conflict.replace("{field}", label);
    const quote = document.createElement("blockquote");
    quote.textContent = shown || this.words.nothing;
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      this.button(this.words.mine, () => this.choose(field, `mine-${digest}`)),
      this.button(this.words.theirs, () => {
        this.put(field, theirs, shown);
        this.choose(field, "theirs");
      }),
    );
    notice.append(sentence, quote, actions);
    (first.closest(".field") ?? first).append(notice);
  }

  button(words, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", act);
    return button;
  }

  choose(field, value) {
    for (const notice of this.form.querySelectorAll(".edit-conflict"))
      if (notice.dataset.about?.startsWith(`${field} `)) notice.remove();
    for (const choice of this.choices) if (choice.name === `choice_${field}`) choice.remove();
    const choice = document.createElement("input");
    Object.assign(choice, { type: "hidden", name: `choice_${field}`, value });
    this.form.append(choice);
    this.changed();
    this.save();
  }

  // Texts that could not be sent last time, because the partner was signed out or had no connection. If a link to a
  // field opened this form, they are restored at once; otherwise the partner is asked.
  offerUnsent() {
    const wanted = new URLSearchParams(location.search).get("unsent");
    if (this.isWithoutLine && !wanted) return; // they are in a list (unsent.js)
    const unsent = unsentWorks(this.words.person);
    const [storageKey, workKey, kept] =
      (this.isNew && unsent.find(([, key]) => key === wanted)) ||
      unsent.find(([, key]) => (this.isNew ? key.startsWith("new-") : key === this.words.key)) ||
      [];
    if (!kept) return;
    const current = this.typedFields();
    const pairs = (fields) => JSON.stringify(fields.map(([name, value]) => [name, normalised(value)]));
    if (pairs(current) === pairs(kept.fields)) {
      withStorage((storage) => storage.removeItem(storageKey));
      return;
    }
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (this.form.contains(target || null)) {
      this.putBack(workKey, kept, current).then(() => target.focus());
      return;
    }
    const notice = document.createElement("div");
    notice.className = "notice notice-hint typing-offer";
    notice.setAttribute("role", "status");
    const sentence = document.createElement("p");
    const format = { dateStyle: "medium", timeStyle: "short" };
    const moment = new Date(kept.at).toLocaleString(document.documentElement.lang, format);
    sentence.textContent = this.words.offer.replace("{moment}", moment);
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      this.button(this.words.putBack, async () => (await this.putBack(workKey, kept, current)) && notice.remove()),
      this.button(this.words.throwAway, () => {
        discard(this.words.person, workKey);
        notice.remove();
      }),
    );
    notice.append(sentence, actions);
    this.form.prepend(notice);
  }

  // Returns whether the fields now have the kept values. `current`: the fields before.
  async putBack(workKey, kept, current) {
    // Translations into languages for which this page has no fields.
    const unseen = kept.fields.filter(([name]) => name.endsWith("]") && !this.controls(name).length);
    const languages = unseen.map(([name]) => name.slice(name.indexOf("[") + 1, -1));
    if (unseen.length) {
      const added = this.addLanguage([...unseen, ["add_language_other", languages[0]]]);
      if (!(await added.then(() => true, () => false))) {
        this.isKept = true; // the texts stay in the browser
        this.notSaved(this.words.offline);
        return false;
      }
    }
    if (this.isNew) {
      this.form.elements.form_key.value = workKey.slice("new-".length);
      this.lock();
    }
    if (kept.seen) {
      // What others saved since is found as a conflict.
      this.unanswered = kept.unanswered ?? [];
      const before = parseDigests(kept.seen);
      const digests = parseDigests(this.form.elements.seen.value);
      for (const name of digests.keys()) if (before.has(name)) digests.set(name, before.get(name));
      this.form.elements.seen.value = formatDigests(digests);
    }
    const names = new Set([...current, ...kept.fields].map(([name]) => name));
    for (const name of names) this.put(name, valuesOf(kept.fields, name));
    for (const fold of this.form.querySelectorAll("details")) fold.open = true;
    this.form.dispatchEvent(new Event("restored"));
    this.changed();
    this.save();
    return true;
  }
}

export function attachWorkForm(form) {
  if (form.autosave === undefined) form.autosave = new WorkForm(form);
}

for (const form of document.querySelectorAll("form[data-typing]")) attachWorkForm(form);
