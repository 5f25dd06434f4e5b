// Upload many pictures: each is sent in pieces (tus), resumes when the connection is back, and becomes a row below.

import { attachWorkForm, withStorage } from "./work-form.js";
import { timedFetch } from "./timed-fetch.js";

const MAX_PARALLEL = 3;
const CHUNK_SIZE = 4 * 1024 * 1024; // bytes of one request
const REQUEST_LIMIT = 120_000; // ms; what arrived of a request is kept
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000]; // ms between tries
const RETRY_AFTER = 15_000; // ms until the next try, after all of these failed

const form = document.getElementById("many");
const words = form.dataset;
const input = document.getElementById("pictures");
const list = form.querySelector(".many-sending");
const notice = form.querySelector(".many-notice");
const summary = form.querySelector(".many-summary");
const drafts = document.querySelector(".many-drafts");
const all = [];
let hasLock = false;
const language = document.documentElement.lang;
const comma = language.startsWith("zh") ? "、" : ", ";

// The names of pictures that have not arrived are stored for this person: a phone may close the page at any time.
const STORED_PREFIX = `arriving ${words.person} `;

// The server's answer, if there was one.
function responseOf(error) {
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
    this.status = document.createElement("span");
    this.status.className = "why";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.addEventListener("click", () => (this.state === "failed" ? this.again() : this.stop()));
    this.name.append(this.status);
    this.row.append(this.name, this.bar, this.button);
    list.append(this.row);
    this.key = `${STORED_PREFIX}${file.name}/${file.size}/${file.lastModified}`;
    this.setState("waiting", words.waiting);
  }

  setState(state, sentence) {
    this.state = state;
    this.status.textContent = sentence;
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
    this.setState("sending", words.sending);
    const { organisation } = form.elements;
    this.upload = new tus.Upload(this.file, {
      endpoint: words.endpoint,
      chunkSize: CHUNK_SIZE,
      retryDelays: RETRY_DELAYS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: this.file.name, ...(organisation && { organisation: organisation.value }) },
      onBeforeRequest: (request) => {
        const xhr = request.getUnderlyingObject();
        xhr.timeout = REQUEST_LIMIT;
        xhr.addEventListener("timeout", (event) => xhr.onerror?.(event)); // tus hears of errors alone
      },
      onShouldRetry: (error) => {
        const status = responseOf(error)?.getStatus() ?? 0;
        const willRetry = status === 0 || status === 408 || status === 409 || status === 423 || status >= 500;
        if (willRetry) this.setState("sending", words.broken);
        return willRetry;
      },
      onProgress: (sent, whole) => {
        this.bar.max = whole;
        this.bar.value = sent;
        this.setState("sending", sent === whole ? words.looking : words.sending);
      },
      onAfterResponse: (request, response) => {
        this.work = response.getHeader("gallery-work") || this.work;
        // Otherwise tus would think the upload lost and send all of it again.
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
    const response = responseOf(error);
    if (!response || response.getStatus() >= 500 || response.getHeader("retry-after")) {
      this.setState("sending", words.broken);
      this.timer = setTimeout(() => this.resume(), RETRY_AFTER);
      return;
    }
    const isSignedOut = response.getStatus() === 401;
    if (!isSignedOut) this.forget(); // it was refused, and its row shows the reason
    this.setState("failed", isSignedOut ? words.signedOut : response.getBody() || words.failed);
    next();
  }

  again() {
    this.remember();
    this.setState("waiting", words.waiting);
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
    this.setState("done", words.done);
    next();
    if (!this.work) return;
    const id = this.work.split("/").pop();
    try {
      const answer = await timedFetch(`${words.row}${id}`);
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
      // The draft exists. It is shown when the page is loaded again.
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
  const waiting = all.filter((each) => each.state === "waiting");
  for (const each of waiting.slice(0, Math.max(0, MAX_PARALLEL - busy))) each.start();
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
    if (file.size > Number(words.largest)) sending.setState("failed", words.tooLarge);
    else sending.remember();
  }
  const untilThePageIsClosed = () => new Promise(() => {});
  if (!hasLock) navigator.locks?.request(STORED_PREFIX, { mode: "shared" }, untilThePageIsClosed);
  hasLock = true;
  count();
  next();
}

// Names the unfinished pictures, when no window is sending any more.
async function showUnfinished() {
  const windows = (await navigator.locks?.query())?.held ?? [];
  const keys = withStorage((storage) => Object.keys(storage).filter((key) => key.startsWith(STORED_PREFIX)));
  const left = (keys ?? []).map((key) => [key, withStorage((storage) => storage.getItem(key))]);
  if (!left.length || all.length || windows.some((lock) => lock.name === STORED_PREFIX)) return;
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
  const sentence = document.createElement("p");
  sentence.textContent = `${words.unfinished} ${names.join(comma)}`;
  notice.replaceChildren(sentence, button);
  notice.hidden = false;
}

// One box marks all drafts of the page. Their forms are saved before anything is done with the marked drafts.
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
  const forms = [...document.querySelectorAll(".many-drafts form")];
  const saved = await Promise.all(forms.map((each) => each.autosave.save()));
  const first = saved.indexOf(false);
  if (first >= 0) {
    document.querySelectorAll(".many-drafts .typing-state")[first].scrollIntoView({ block: "center" }); // it shows why
    return;
  }
  common.isSaved = true;
  setTimeout(() => common.requestSubmit(event.submitter)); // a form cannot be sent again while its event is handled
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
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) place.classList.remove("is-over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("is-over");
    if (event.dataTransfer.files.length) add(event.dataTransfer.files);
  });
  addEventListener("online", () => all.forEach((each) => each.resume()));
  addEventListener("beforeunload", (event) => {
    if (all.some((each) => each.state === "sending" || each.state === "waiting")) event.preventDefault();
  });
  showUnfinished();
}
