// Upload many pictures: each is sent in pieces (tus), resumes when the connection is back, and becomes a row below.

import { canResume, Resumable } from "./resumable.js";
import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";
import { UploadRow } from "./upload-row.js";
import { attachWorkForm } from "./work-form.js";

const MAX_PARALLEL = 3;
const ACTION_LIMIT = 120_000; // ms: forty drafts may be submitted at once

const form = document.getElementById("many");
const words = form.dataset;
const input = document.getElementById("pictures");
const list = form.querySelector(".many-sending");
const notice = form.querySelector(".many-notice");
const all = [];
let hasLock = false;
const language = document.documentElement.lang;
const comma = language.startsWith("zh") ? "、" : ", ";

// The names of pictures that have not arrived are stored for this person: a phone may close the page at any time.
const STORED_PREFIX = `arriving ${words.person} `;

// A picture's digest, because a phone provides the same picture as a new file each time. Null if the browser cannot
// compute digests, on a page without https; then the server recognises the picture after it has arrived.
async function digestOf(file) {
  const content = await file.arrayBuffer().catch(() => null);
  const digest = content && (await crypto.subtle?.digest("SHA-256", content));
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Names such as IMG_0123 are no titles.
const CAMERA_NAME = /^(img|dscn?|dscf|pxl|mvimg|photo|image|picture|scan|screenshot|wx_camera|mmexport|微信图片|截屏|屏幕截图|图片|照片|扫描)?[\s_\-.()0-9a-f]*$/i;

class Sending extends UploadRow {
  constructor(file) {
    super(file, list, () => (this.state === "failed" ? this.again() : this.stop()));
    this.key = `${STORED_PREFIX}${file.name}/${file.size}`;
    this.setState("waiting", words.waiting);
  }

  setState(state, sentence) {
    this.state = state;
    this.say(sentence, state === "failed" ? words.again : words.stop);
    this.row.hidden = state === "done"; // its draft is in the list below
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
    this.digest ??= await digestOf(this.file);
    if (this.state !== "sending") return; // it was stopped
    if (this.digest) {
      this.forget();
      this.key = `${STORED_PREFIX}${this.digest}`;
      this.remember();
    }
    const { organisation } = form.elements;
    this.upload = new Resumable(this.file, {
      endpoint: words.endpoint,
      metadata: {
        ...(this.digest && { sha256: this.digest }),
        ...(organisation && { organisation: organisation.value }),
      },
      fingerprint: `tus ${words.person} ${this.digest || this.key}`,
      progress: (sent, whole) => {
        this.showProgress(sent, whole);
        this.setState("sending", sent === whole ? words.looking : words.sending);
      },
      broken: () => this.setState("sending", words.broken),
      answered: (response) => (this.work = response.getHeader("gallery-work") || this.work),
      refused: (response) => this.refused(response),
      arrived: () => this.arrived(),
    });
    await this.upload.start();
  }

  refused(response) {
    if (response.getHeader("gallery-work")) {
      this.isHere = true;
      this.finish();
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

  async stop() {
    this.forget();
    all.splice(all.indexOf(this), 1);
    this.row.remove();
    this.state = "stopped";
    count();
    next();
    await this.upload?.stop();
  }

  finish() {
    this.bar.value = this.bar.max;
    this.forget();
    this.setState("done", words.done);
    next();
  }

  async arrived() {
    this.finish();
    if (!this.work) return;
    const id = this.work.split("/").pop();
    try {
      const row = await draftRow(id);
      if (!row || document.getElementById(row.id)) return;
      document.querySelector(".many-drafts").prepend(row);
      begin(row);
      this.offerName(row);
      for (const part of document.querySelectorAll(".many-common, .many-chosen, .many-joining")) part.hidden = false;
      document.querySelector(".many-none").hidden = true;
      const total = document.querySelector("#drafts .count");
      total.textContent = String(Number(total.textContent.replace(/\D/g, "")) + 1);
    } catch {
      // The draft exists. It is shown when the page is loaded again.
    }
  }

  // The file name may contain a person's name, so it is not stored. It is offered as a title, on this page only.
  offerName(row) {
    const name = this.file.name.replace(/\.[^.]*$/, "").trim();
    const title = row.querySelector("input[name=title]");
    if (title.value || CAMERA_NAME.test(name)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = words.name.replace("{name}", name);
    button.addEventListener("click", () => {
      title.value = name.slice(0, title.maxLength > 0 ? title.maxLength : undefined);
      title.dispatchEvent(new Event("input", { bubbles: true }));
      button.remove();
      title.focus();
    });
    title.addEventListener("input", () => button.remove(), { once: true });
    title.closest(".field").append(button);
  }
}

// The row of a draft as the server has it now; null if it is no draft any more.
async function draftRow(id) {
  const answer = await timedFetch(`${words.row}${id}`);
  if (!answer.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content.querySelector("li");
}

function count() {
  const done = all.filter((each) => each.state === "done").length;
  const summary = document.querySelector(".many-summary");
  summary.hidden = all.length === 0;
  list.hidden = all.length === done;
  const here = all.filter((each) => each.isHere).length;
  const arrived = words.summary.replace("{done}", done).replace("{all}", all.length);
  const sentence = here ? `${arrived} · ${words.here.replace("{here}", here)}` : arrived;
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

// Forgets pictures that have arrived: the answer was lost, or another device sent them.
async function forgetArrived() {
  const digests = unfinished().map(([key]) => key.slice(STORED_PREFIX.length)).filter((key) => /^[0-9a-f]{64}$/.test(key));
  if (!digests.length) return;
  const body = new URLSearchParams(digests.map((digest) => ["sha256", digest]));
  const answer = await timedFetch(words.check, { method: "POST", body }).catch(() => null);
  if (!answer?.ok) return;
  for (const digest of (await answer.json()).here) withStorage((store) => store.removeItem(STORED_PREFIX + digest));
}

function unfinished() {
  const keys = withStorage((storage) => Object.keys(storage).filter((key) => key.startsWith(STORED_PREFIX)));
  return (keys ?? []).map((key) => [key, withStorage((storage) => storage.getItem(key))]);
}

// Lists the unfinished pictures if no window is sending them any more.
async function showUnfinished() {
  await forgetArrived();
  const windows = (await navigator.locks?.query())?.held ?? [];
  const left = unfinished();
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

// A folded row shows its picture, its title and its missing fields. One row is open at a time. Its texts are autosaved.
function begin(row) {
  for (const part of row.querySelectorAll(".without-script")) part.hidden = true;
  for (const part of row.querySelectorAll(".with-script")) part.hidden = false;
  const words = row.querySelector("form[data-typing]");
  attachWorkForm(words);
  row.querySelector("details").addEventListener("toggle", (event) => !event.target.open && showState(row));
  words.addEventListener("submit", (event) => {
    event.preventDefault();
    words.autosave.save();
  });
  row.querySelector(".many-next").addEventListener("click", () => {
    const following = row.nextElementSibling ?? null;
    row.querySelector("details").open = false;
    if (following) open(following);
    else document.querySelector(".many-chosen .primary").focus();
  });
}

function open(row) {
  row.querySelector("details").open = true;
  const texts = [...row.querySelectorAll(".many-words :is(input[type=text], textarea)")];
  (texts.find((field) => !field.value) ?? texts[0]).focus({ preventScroll: true });
  row.scrollIntoView({ block: "start" });
}

// After each save, the folded row shows which fields are still missing.
async function showState(row) {
  if (!(await row.querySelector("form[data-typing]").autosave.save())) return;
  const now = await draftRow(row.id.split("-").pop()).catch(() => null);
  if (now) row.querySelector("summary .row-main").replaceWith(now.querySelector("summary .row-main"));
}

// One box selects all drafts of the page. Their forms are saved before an action on the selected drafts. The response
// replaces only the list, so that uploads continue.
const boxes = () => [...document.querySelectorAll(".many-drafts input[name=work]")];

function beginList() {
  const common = document.getElementById("common");
  const every = document.getElementById("all");
  for (const part of document.querySelectorAll(".many-list .with-script")) part.hidden = false;
  for (const row of document.querySelectorAll(".many-draft")) begin(row);
  every.addEventListener("change", () => {
    for (const box of boxes()) box.checked = every.checked;
  });
  document.querySelector(".many-drafts").addEventListener("change", () => {
    const marked = boxes().filter((box) => box.checked).length;
    every.checked = marked > 0 && marked === boxes().length;
    every.indeterminate = marked > 0 && !every.checked;
  });
  document.querySelector(".many-last")?.addEventListener("click", (event) => {
    const last = JSON.parse(event.target.dataset.values);
    for (const field of common.elements) {
      const values = last[field.name];
      if (!values || field.name === "work") continue;
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else field.value = values[0];
    }
  });
  common.addEventListener("submit", (event) => {
    if (common.isPlain) return;
    event.preventDefault();
    act(common, event.submitter);
  });
}

async function act(common, button) {
  const forms = [...document.querySelectorAll(".many-drafts form[data-typing]")];
  const saved = await Promise.all(forms.map((each) => each.autosave.save()));
  const first = saved.indexOf(false);
  if (first >= 0) {
    forms[first].closest("details").open = true;
    forms[first].querySelector(".typing-state").scrollIntoView({ block: "center" }); // it shows why
    return;
  }
  const body = new URLSearchParams(new FormData(common, button));
  const address = button.getAttribute("formaction") ?? common.action;
  try {
    const answer = await timedFetch(address, { method: "POST", body }, ACTION_LIMIT);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of [".many-results", ".many-list"])
      document.querySelector(part).replaceWith(page.querySelector(part));
  } catch {
    common.isPlain = true; // the sign-in page instead of this one, or no connection: the browser shows which
    common.requestSubmit(button);
    return;
  }
  beginList();
  count();
  const results = document.querySelector(".many-results");
  results.scrollIntoView({ block: "center" });
  results.focus({ preventScroll: true });
}

// A link to a field of a folded row unfolds it.
document.addEventListener("click", (event) => {
  const id = event.target.closest(".many a[href^='#']")?.hash.slice(1);
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  setTimeout(() => target.focus());
});

beginList();

if (canResume()) {
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
  addEventListener("beforeunload", (event) => {
    if (all.some((each) => each.state === "sending" || each.state === "waiting")) event.preventDefault();
  });
  showUnfinished();
}
