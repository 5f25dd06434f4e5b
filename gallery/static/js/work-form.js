// The form of a work saves itself. What could not be sent stays in this browser and is offered the next time. If
// somebody else changed the same field, the partner chooses between the two texts.

import { Autosave } from "./autosave.js";

// Fields that are no part of the work, or that the partner does not type.
const NOT_TYPED = new Set(["form_key", "image", "seen", "organisation", "find", "add_language", "add_language_other"]);

// Uses the browser's storage; null if that is not allowed or full. Then the next save still brings the text to the
// server.
export function withStorage(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

const parseDigests = (seen) => new Map(seen.split(" ").map((pair) => pair.split(":")));

class WorkForm extends Autosave {
  constructor(form) {
    super(form);
    this.status = form.querySelector(".typing-state");
    this.offerUnsent();
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[value=language]");
      if (!button) return;
      event.preventDefault();
      this.addLanguage([]).catch(() => form.requestSubmit(button));
    });
  }

  // Adds the fields of another translation. The server makes them, as for a form without a script; `fields` are sent
  // beside those of the form.
  async addLanguage(fields) {
    const body = this.body();
    for (const [name, value] of [...fields, ["then", "language"]]) body.set(name, value);
    const answer = await fetch(this.form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const adding = page.querySelector(".add-language");
    if (!adding) throw new Error(`No form, but ${answer.status}`); // signed out, for instance
    this.form.querySelector(".add-language").replaceWith(adding);
    const added = [...page.querySelectorAll(".translation-fields")].filter((part) => !document.getElementById(part.id));
    for (const part of added) document.getElementById(part.parentElement.id).append(part);
    (added.find((part) => part.closest(".side-by-side-texts")) ?? added[0] ?? this.form.querySelector(".add-language")).querySelector("input, select").focus();
  }

  get address() {
    return this.words.typing;
  }

  get storageKey() {
    return `typing ${this.words.person} ${this.words.key}`;
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
    const kept = JSON.stringify({ at: Date.now(), fields: this.typedFields() });
    withStorage((storage) => storage.setItem(this.storageKey, kept));
  }

  forget() {
    withStorage((storage) => storage.removeItem(this.storageKey));
  }

  say(sentence, link) {
    this.status.replaceChildren(sentence);
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.target = "_blank";
      anchor.textContent = this.words.signIn;
      this.status.append(" ", anchor);
    }
  }

  offline() {
    this.say(this.words.offline);
  }

  async received(answer, version, body) {
    if (answer.status === 401) {
      this.say(this.words.signedOut, this.words.signInAt);
      this.retryLater();
      return false;
    }
    if (answer.status === 404) {
      this.say(this.words.gone); // deleted, or no longer this partner's to change
      return false;
    }
    const payload = await answer.json();
    if (!answer.ok) {
      this.say(payload.sentence);
      return false;
    }
    this.savedVersion = version;
    if (!this.isDirty && !payload.conflicts.length) this.forget();
    this.show(payload, version, body);
    return !payload.conflicts.length;
  }

  show(payload, version, body) {
    this.takeOver(payload, body);
    for (const choice of this.form.querySelectorAll("input[name^=choice_]")) choice.remove();
    if (this.words.key !== payload.key) {
      // It was a new work. From now on this is the form of its draft.
      this.forget();
      this.words.key = payload.key;
      this.words.typing = payload.typing;
      this.form.action = payload.address;
      history.replaceState(null, "", payload.address);
      if (version < this.version) this.remember();
    }
    for (const notice of this.form.querySelectorAll(".edit-conflict")) notice.remove();
    for (const conflict of payload.conflicts) this.showConflict(conflict);
    this.say(payload.conflicts.length ? this.words.conflicts : payload.sentence);
  }

  // Shows what others changed. A field in which the partner typed while the save was under way stays, with its old
  // digest: the next save finds the conflict.
  takeOver({ seen, elsewhere, shown }, body) {
    const current = this.body();
    const digests = parseDigests(seen);
    const before = parseDigests(this.form.elements.seen.value);
    for (const [name, values] of Object.entries(elsewhere)) {
      if (current.getAll(name).join("\n") === body.getAll(name).join("\n")) this.put(name, values, shown[name]);
      else digests.set(name, before.get(name));
    }
    this.form.elements.seen.value = [...digests].map((pair) => pair.join(":")).join(" ");
  }

  controls(name) {
    return [...this.form.querySelectorAll(`[name="${name}"]`)];
  }

  // The list of artists may lack the one that was chosen elsewhere; `shown` are the words for it.
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
    if (!first) return;
    const notice = document.createElement("div");
    notice.className = "edit-conflict notice notice-error";
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
    const choice = document.createElement("input");
    Object.assign(choice, { type: "hidden", name: `choice_${field}`, value });
    this.form.append(choice);
    this.changed();
    this.save();
  }

  // What could not be sent the last time, because the partner was signed out or had no connection.
  offerUnsent() {
    const kept = withStorage((storage) => JSON.parse(storage.getItem(this.storageKey)));
    if (!kept) return;
    const current = this.typedFields();
    const normalised = (value) => value.replaceAll("\r\n", "\n").trim();
    const asText = (fields) => JSON.stringify(fields.map(([name, value]) => [name, normalised(value)]));
    if (asText(current) === asText(kept.fields)) {
      this.forget();
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
      this.button(this.words.putBack, async () => {
        // Translations into languages for which this page has no fields.
        const unseen = kept.fields.filter(([name]) => name.endsWith("]") && !this.controls(name).length);
        const languages = unseen.map(([name]) => name.slice(name.indexOf("[") + 1, -1));
        if (unseen.length) {
          const added = this.addLanguage([...unseen, ["add_language_other", languages[0]]]);
          if (!(await added.then(() => true, () => false))) return this.offline();
        }
        const names = new Set([...current, ...kept.fields].map(([name]) => name));
        for (const name of names) this.put(name, kept.fields.filter((pair) => pair[0] === name).map((pair) => pair[1]));
        for (const fold of this.form.querySelectorAll("details")) fold.open = true;
        notice.remove();
        this.changed();
        this.save();
      }),
      this.button(this.words.throwAway, () => {
        this.forget();
        notice.remove();
      }),
    );
    notice.append(sentence, actions);
    this.form.prepend(notice);
  }
}

export function attachWorkForm(form) {
  if (form.autosave === undefined) form.autosave = new WorkForm(form);
}

for (const form of document.querySelectorAll("form[data-typing]")) attachWorkForm(form);
