// A form saves itself as one types. What could not be sent stays in this browser and is offered back; what somebody
// else changed meanwhile is shown, and one chooses.

const PAUSE = 1200; // ms after the last key
const AGAIN = 8000; // ms until the next try without a connection

// Something with the browser's own storage; null where that is not allowed, or has no room: the server has it with the next save.
export function attempt(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

class Typing {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.state = form.querySelector(".typing-state");
    this.version = 0; // of what stands in the form
    this.sent = 0;
    this.timer = null;
    this.busy = null;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", (event) => {
      if (event.target.type === "file") return;
      this.changed();
      this.send();
    });
    form.addEventListener("focusout", () => this.send());
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("pagehide", () => this.send(true));
    addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => document.hidden && this.send(true));
    this.offer();
  }

  get key() {
    return `typing ${this.words.person} ${this.words.key}`;
  }

  get isDirty() {
    return this.version > this.sent;
  }

  fields() {
    const data = new FormData(this.form);
    for (const [name, value] of [...data]) if (typeof value !== "string") data.delete(name);
    return data;
  }

  changed() {
    this.version += 1;
    this.remember();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), PAUSE);
  }

  remember() {
    const fields = [...this.fields()].filter(([name]) => !HIDDEN.has(name) && !name.startsWith("choice_"));
    attempt((store) => store.setItem(this.key, JSON.stringify({ at: Date.now(), fields })));
  }

  forget() {
    attempt((store) => store.removeItem(this.key));
  }

  say(sentence, link) {
    this.state.replaceChildren(sentence);
    if (link) {
      const there = document.createElement("a");
      there.href = link;
      there.target = "_blank";
      there.textContent = this.words.signIn;
      this.state.append(" ", there);
    }
  }

  // One at a time, also when the page is left: beside a save in flight another would conflict with that. It is remembered here.
  async send(isLeaving = false) {
    if (!this.isDirty) return true;
    if (this.busy) {
      await this.busy;
      return this.send(isLeaving);
    }
    clearTimeout(this.timer);
    this.busy = this.post(isLeaving);
    const done = await this.busy;
    this.busy = null;
    return done;
  }

  async post(isLeaving) {
    const version = this.version;
    try {
      const answer = await fetch(this.words.typing, { method: "POST", body: this.fields(), keepalive: isLeaving });
      if (answer.status === 401) {
        this.say(this.words.signedOut, this.words.signInAt);
        this.later();
        return false;
      }
      if (answer.status === 404) {
        this.say(this.words.gone); // deleted meanwhile, or no longer ours to change
        return false;
      }
      const told = await answer.json();
      if (!answer.ok) {
        this.say(told.sentence);
        return false;
      }
      this.sent = version;
      if (!this.isDirty && !told.conflicts.length) this.forget();
      this.take(told, version);
      return !told.conflicts.length;
    } catch {
      this.say(this.words.offline);
      this.later();
      return false;
    }
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), AGAIN);
  }

  take(told, version) {
    this.form.elements.seen.value = told.seen;
    for (const choice of this.form.querySelectorAll("input[name^=choice_]")) choice.remove();
    if (this.words.key !== told.key) {
      // It was a new work: from now on the form is the draft's own.
      this.forget();
      this.words.key = told.key;
      this.words.typing = told.typing;
      this.form.action = told.address;
      history.replaceState(null, "", told.address);
      if (version < this.version) this.remember();
    }
    if (version === this.version) {
      for (const [name, values] of Object.entries(told.elsewhere)) this.put(name, values);
    }
    for (const notice of this.form.querySelectorAll(".meanwhile")) notice.remove();
    for (const conflict of told.conflicts) this.ask(conflict);
    this.say(told.conflicts.length ? this.words.conflicts : told.sentence);
  }

  controls(name) {
    return [...this.form.querySelectorAll(`[name="${name}"]`)];
  }

  put(name, values) {
    for (const control of this.controls(name)) {
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else control.value = values[0] ?? "";
    }
  }

  ask({ field, label, theirs, shown, digest }) {
    const first = this.controls(field)[0];
    if (!first) return;
    const notice = document.createElement("div");
    notice.className = "meanwhile notice notice-error";
    notice.setAttribute("role", "alert");
    const sentence = document.createElement("p");
    sentence.textContent = this.words.meanwhile.replace("{field}", label);
    const there = document.createElement("blockquote");
    there.textContent = shown || this.words.nothing;
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      this.button(this.words.mine, () => this.choose(field, `mine-${digest}`)),
      this.button(this.words.theirs, () => {
        this.put(field, theirs);
        this.choose(field, "theirs");
      }),
    );
    notice.append(sentence, there, actions);
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
    this.send();
  }

  // Before a form is sent by hand its text is safe already, so nothing is left behind in this browser.
  async submit(event) {
    if (!this.isDirty || this.isSubmitting) return;
    event.preventDefault();
    this.isSubmitting = true;
    await this.send();
    this.form.requestSubmit(event.submitter);
    this.isSubmitting = false;
  }

  // What could not be sent the last time, because somebody was signed out or without a connection.
  offer() {
    const kept = attempt((store) => JSON.parse(store.getItem(this.key)));
    if (!kept) return;
    const there = [...this.fields()].filter(([name]) => !HIDDEN.has(name) && !name.startsWith("choice_"));
    const text = (fields) => JSON.stringify(fields.map(([name, value]) => [name, value.replaceAll("\r\n", "\n").trim()]));
    if (text(there) === text(kept.fields)) {
      this.forget();
      return;
    }
    const notice = document.createElement("div");
    notice.className = "notice notice-hint typing-offer";
    notice.setAttribute("role", "status");
    const sentence = document.createElement("p");
    const moment = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    sentence.textContent = this.words.offer.replace("{moment}", moment);
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      this.button(this.words.putBack, () => {
        const names = new Set([...there, ...kept.fields].map(([name]) => name));
        for (const name of names) this.put(name, kept.fields.filter((pair) => pair[0] === name).map((pair) => pair[1]));
        for (const fold of this.form.querySelectorAll("details")) fold.open = true;
        notice.remove();
        this.changed();
        this.send();
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

const HIDDEN = new Set(["form_key", "image", "seen", "organisation"]);

export function keepTyping(form) {
  if (form.typing === undefined) form.typing = new Typing(form);
}

for (const form of document.querySelectorAll("form[data-typing]")) keepTyping(form);
