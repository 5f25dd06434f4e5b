// Many pictures at once: each goes up in pieces (tus), goes on after the connection broke, and becomes a row below.

import { attachWorkForm, withStorage } from "./work-form.js";

const AT_ONCE = 3;
const PIECE = 4 * 1024 * 1024; // bytes of one request
const DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000]; // ms between tries
const LATER = 15_000; // ms, when all of these were in vain

const form = document.getElementById("many");
const words = form.dataset;
const input = document.getElementById("pictures");
const list = form.querySelector(".many-sending");
const notice = form.querySelector(".many-notice");
const summary = form.querySelector(".many-summary");
const drafts = document.querySelector(".many-drafts");
const all = [];
let isAtWork = false;
const language = document.documentElement.lang;
const comma = language.startsWith("zh") ? "、" : ", ";

// What was chosen and has not arrived is remembered by name, for this person alone: a phone may close the page at any moment.
const KEPT = `arriving ${words.person} `;

// What the server answered, if it did.
function answerTo(error) {
  return error.originalResponse ?? error.causingError?.response;
}

class Sending {
  constructor(file) {
    this.file = file;
    this.state = "waiting";
    this.row = document.createElement("li");
    this.row.className = "row";
    this.name = document.createElement("span");
    this.name.className = "row-main";
    this.name.textContent = file.name;
    this.bar = document.createElement("progress");
    this.bar.max = file.size || 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.said = document.createElement("span");
    this.said.className = "why";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.addEventListener("click", () => (this.state === "failed" ? this.again() : this.stop()));
    this.name.append(this.said);
    this.row.append(this.name, this.bar, this.button);
    list.append(this.row);
    this.key = `${KEPT}${file.name}/${file.size}/${file.lastModified}`;
    this.tell("waiting", words.waiting);
  }

  tell(state, sentence) {
    this.state = state;
    this.said.textContent = sentence;
    this.button.textContent = state === "failed" ? words.again : words.stop;
    this.button.setAttribute("aria-label", `${this.button.textContent}: ${this.file.name}`);
    this.button.hidden = state === "done";
    count();
  }

  remember() {
    withStorage((store) => store.setItem(this.key, this.file.name));
  }

  forget() {
    withStorage((store) => store.removeItem(this.key));
  }

  async start() {
    this.tell("sending", words.sending);
    this.upload = new tus.Upload(this.file, {
      endpoint: words.endpoint,
      chunkSize: PIECE,
      retryDelays: DELAYS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: this.file.name, ...(form.elements.organisation ? { organisation: form.elements.organisation.value } : {}) },
      onShouldRetry: (error) => {
        const status = answerTo(error)?.getStatus() ?? 0;
        const willRetry = status === 0 || status === 408 || status === 409 || status === 423 || status >= 500;
        if (willRetry) this.tell("sending", words.broken);
        return willRetry;
      },
      onProgress: (sent, whole) => {
        this.bar.max = whole;
        this.bar.value = sent;
        this.tell("sending", sent === whole ? words.looking : words.sending);
      },
      onAfterResponse: (request, response) => {
        this.work = response.getHeader("gallery-work") || this.work;
        // tus would take the upload for gone and send all of it anew.
        const isOfNow = response.getStatus() === 401 || response.getStatus() >= 500;
        if (request.getMethod() === "HEAD" && isOfNow) throw Object.assign(new Error(), { response });
      },
      onError: (error) => this.failed(error),
      onSuccess: () => this.arrived(),
    });
    const before = await this.upload.findPreviousUploads();
    if (before.length) this.upload.resumeFromPreviousUpload(before[0]);
    if (this.state === "sending") this.upload.start();
  }

  failed(error) {
    const response = answerTo(error);
    if (!response || response.getStatus() >= 500 || response.getHeader("retry-after")) {
      this.tell("sending", words.broken);
      this.timer = setTimeout(() => this.resume(), LATER);
      return;
    }
    const isSignedOut = response.getStatus() === 401;
    if (!isSignedOut) this.forget(); // it was refused, and the reason stands beside it
    this.tell("failed", isSignedOut ? words.signedOut : response.getBody() || words.failed);
    next();
  }

  again() {
    this.remember();
    this.tell("waiting", words.waiting);
    next();
  }

  resume() {
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
      this.upload.start();
    }
  }

  async stop() {
    const upload = this.upload;
    clearTimeout(this.timer);
    this.forget();
    all.splice(all.indexOf(this), 1);
    this.row.remove();
    this.state = "stopped";
    count();
    next();
    if (upload) await upload.abort(true).catch(() => {});
  }

  async arrived() {
    this.bar.value = this.bar.max;
    this.forget();
    this.tell("done", words.done);
    next();
    if (!this.work) return;
    const id = this.work.split("/").pop();
    try {
      const answer = await fetch(`${words.row}${id}`);
      if (!answer.ok) return;
      const holder = document.createElement("template");
      holder.innerHTML = await answer.text();
      const row = holder.content.querySelector("li");
      if (!row || document.getElementById(row.id)) return;
      drafts.prepend(row);
      attachWorkForm(row.querySelector("form[data-typing]"));
      document.querySelector(".many-none").hidden = true;
      document.querySelector(".many-common").hidden = false;
      document.querySelector(".many-chosen").hidden = false;
      const total = document.querySelector("#drafts .count");
      total.textContent = String(Number(total.textContent.replace(/\D/g, "")) + 1);
    } catch {
      // The draft is there; the next look at the page shows it.
    }
  }
}

function count() {
  const done = all.filter((each) => each.state === "done").length;
  summary.hidden = list.hidden = all.length === 0;
  const sentence = words.summary.replace("{done}", done).replace("{all}", all.length);
  if (summary.textContent !== sentence) summary.textContent = sentence;
}

function next() {
  const busy = all.filter((each) => each.state === "sending").length;
  for (const each of all.filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy))) each.start();
}

function add(files) {
  const room = Number(words.most) - all.filter((each) => each.state === "waiting" || each.state === "sending").length;
  const taken = [...files].slice(0, room);
  const left = [...files].slice(room);
  notice.hidden = left.length === 0;
  notice.textContent = left.length ? `${words.tooMany} ${left.map((file) => file.name).join(comma)}` : "";
  for (const file of taken) {
    const sending = new Sending(file);
    all.push(sending);
    if (file.size > Number(words.largest)) sending.tell("failed", words.tooLarge);
    else sending.remember();
  }
  if (!isAtWork) navigator.locks?.request(KEPT, { mode: "shared" }, () => new Promise(() => {})); // until the page is closed
  isAtWork = true;
  count();
  next();
}

// Said once nothing is being sent any more, here or in another window.
async function tellWhatIsLeft() {
  const windows = (await navigator.locks?.query())?.held ?? [];
  const left = withStorage((store) => Object.keys(store).filter((key) => key.startsWith(KEPT)).map((key) => [key, store.getItem(key)])) ?? [];
  if (!left.length || all.length || windows.some((lock) => lock.name === KEPT)) return;
  const names = left.map(([, name]) => name).sort(new Intl.Collator(language, { numeric: true }).compare);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.forget;
  button.addEventListener("click", async () => {
    for (const [key] of left) withStorage((store) => store.removeItem(key));
    notice.hidden = true;
    input.focus();
    const { urlStorage } = tus.defaultOptions;
    for (const before of await urlStorage.findAllUploads())
      if (names.includes(before.metadata.filename)) await urlStorage.removeUpload(before.urlStorageKey);
  });
  const told = document.createElement("p");
  told.textContent = `${words.unfinished} ${names.join(comma)}`;
  notice.replaceChildren(told, button);
  notice.hidden = false;
}

// One box marks all drafts of the page. Before something is done with them, what was typed in them is saved.
const common = document.getElementById("common");
const every = document.getElementById("all");
const boxes = () => [...document.querySelectorAll(".many-drafts input[name=work]")];

every.addEventListener("change", () => {
  for (const box of boxes()) box.checked = every.checked;
});
document.querySelector(".many-drafts").addEventListener("change", () => {
  const marked = boxes().filter((box) => box.checked).length;
  every.checked = marked > 0 && marked === boxes().length;
  every.indeterminate = marked > 0 && !every.checked;
});
common.addEventListener("submit", async (event) => {
  if (common.isSaved) return;
  event.preventDefault();
  const saved = await Promise.all([...document.querySelectorAll(".many-drafts form")].map((each) => each.autosave.save()));
  const first = saved.indexOf(false);
  if (first >= 0) {
    document.querySelectorAll(".many-drafts .typing-state")[first].scrollIntoView({ block: "center" }); // it says why
    return;
  }
  common.isSaved = true;
  setTimeout(() => common.requestSubmit(event.submitter)); // while the event is under way nothing is sent
});

if (window.tus && tus.isSupported) {
  for (const part of document.querySelectorAll(".many .without-script")) part.hidden = true;
  for (const part of document.querySelectorAll(".many .with-script")) part.hidden = false;
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const place = form.querySelector(".many-drop");
  addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("dragenter", () => place.classList.add("is-over"));
  place.addEventListener("dragleave", (event) => place.contains(event.relatedTarget) || place.classList.remove("is-over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("is-over");
    if (event.dataTransfer.files.length) add(event.dataTransfer.files);
  });
  addEventListener("online", () => all.forEach((each) => each.resume()));
  addEventListener("beforeunload", (event) => {
    if (all.some((each) => each.state === "sending" || each.state === "waiting")) event.preventDefault();
  });
  tellWhatIsLeft();
}
