// The pictures in the form of a work: each is sent as soon as it is chosen, while the partner types. The form waits for
// them when it is sent. Until a picture has arrived, this browser keeps it, if it has room.

import { dropKept, keepPicture, keptPictures, lockOf, moveKept } from "./kept-works.js";
import { canResume, pictureOf, Resumable } from "./resumable.js";
import { timedFetch } from "./timed-fetch.js";
import { UploadRow } from "./upload-row.js";
import { attachWorkForm } from "./work-form.js";

const RETRY = 8000; // ms until the next try to make the draft to which a picture belongs

const section = document.querySelector(".work-pictures");
const form = section.closest("form");
const words = section.dataset;
const list = section.querySelector(".picture-sending");
const said = section.querySelector(".picture-said");
const sending = new Set();
let before = Promise.resolve(); // ends when the picture chosen last is sent: they must arrive in order
let pressed = null; // the button that sends the form when all pictures have arrived

class SentPicture extends UploadRow {
  // `id` is that of a picture that was kept earlier.
  constructor(file, picture, id = null) {
    super(file, list, () => (sending.has(this) ? this.stop() : this.send()));
    this.picture = picture;
    this.isKept = id !== null;
    this.key = form.autosave.workKey;
    this.turn = before;
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.keeping = this.keep(id);
    before = Promise.all([this.turn, this.ended]);
    list.hidden = false;
    showFurther();
    this.preview();
  }

  async keep(id) {
    const { person } = form.dataset;
    this.id = id ?? (await keepPicture(person, this.key, this.picture, this.file));
    this.isKept = this.id !== null;
    await this.move();
    if (this.isKept) navigator.locks?.request(lockOf(this.id), () => this.ended);
    if (this.isWaiting) this.say(words.waiting);
    if (!this.isKept && !navigator.onLine) said.textContent = `${this.file.name}: ${words.notKept}`;
  }

  // By now the form may be that of a draft.
  async move() {
    const key = form.autosave.workKey;
    if (this.key !== key) await moveKept(form.dataset.person, this.key, key);
    this.key = key;
  }

  // The words that describe it may be written before it arrives.
  preview() {
    const shown = new Image();
    shown.alt = "";
    shown.addEventListener("load", () => URL.revokeObjectURL(shown.src));
    shown.addEventListener("error", () => shown.remove());
    shown.src = URL.createObjectURL(this.file);
    this.row.prepend(shown);
  }

  say(sentence) {
    const isOffline = sentence === words.broken || (sentence === words.waiting && !navigator.onLine);
    const kept = this.isKept ? words.kept : words.notKept;
    super.say(isOffline ? `${words.broken} ${kept}` : sentence, sending.has(this) ? words.stop : words.again);
  }

  async send() {
    sending.add(this);
    this.isWaiting = true;
    this.say(words.waiting);
    await this.turn;
    this.isWaiting = false;
    if (!sending.has(this)) return;
    this.say(words.sending);
    if (!this.picture) form.elements.image?.remove(); // an earlier picture, which this one replaces
    const work = await this.draft();
    if (!work) return;
    this.upload = new Resumable(this.file, {
      endpoint: words.endpoint,
      ...pictureOf(form.dataset.person, work, this.picture, this.file),
      progress: (sent, whole) => {
        this.showProgress(sent, whole);
        this.say(sent === whole ? words.looking : words.sending);
      },
      broken: () => this.say(words.broken),
      refused: (response) => this.refused(response),
      arrived: () => this.arrived(),
    });
    await this.upload.start();
  }

  // The id of the draft that gets the picture. A new form is first saved as a draft.
  async draft() {
    while (!(await form.autosave.draft())) {
      if (!sending.has(this)) return null;
      this.say(form.autosave.isOffline ? words.broken : words.waiting); // the form says why
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
    await this.keeping;
    await this.move();
    return sending.has(this) ? this.key : null;
  }

  // Signed out, it is kept for the same person, also if somebody else has signed in, who has no such upload (404);
  // refused, its row shows the reason.
  async refused(response) {
    const isSignedOut = response.getStatus() === 401;
    if (!isSignedOut && response.getStatus() !== 404) await this.forget();
    this.fail(isSignedOut ? words.signedOut : response.getBody() || words.failed);
  }

  async forget() {
    await this.keeping;
    this.isKept = false;
    if (this.id !== null) await dropKept(this.id);
  }

  fail(sentence) {
    sending.delete(this);
    this.end();
    this.say(sentence);
    said.textContent = `${this.file.name}: ${sentence}`;
    pressed = null;
  }

  async arrived() {
    await this.forget();
    await show().catch(() => {}); // then the picture is seen when the page is opened the next time
    this.leave();
    said.textContent = `${this.file.name}: ${words.arrived}`;
  }

  async stop() {
    this.leave();
    await this.forget();
    await this.upload?.stop();
  }

  leave() {
    sending.delete(this);
    this.end();
    this.row.remove();
    list.hidden = !list.children.length;
    if (!sending.size && pressed) form.requestSubmit(pressed);
  }
}

// Shows the pictures as the server has them now. What is typed stays.
async function show() {
  const answer = await timedFetch(form.action);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of [".picture-state", ".further-place"]) {
    const [old, now] = [section, page].map((each) => each.querySelector(part));
    if (!now) throw new Error(`No form, but ${answer.status}`); // signed out, for instance
    old.replaceChildren(...now.childNodes);
  }
  showFurther();
  const order = page.querySelector(".picture-order"); // needed only for several pictures
  order.hidden = order.classList.contains("without-script");
  section.querySelector(".picture-order").replaceWith(order);
  const further = section.querySelector(".further-pictures-of-work");
  for (const picture of page.querySelectorAll(".further-picture"))
    if (!document.getElementById(picture.id)) further.append(picture);
}

// Further pictures come after a first one, even if that one has not arrived yet.
function showFurther() {
  const hasPicture = section.querySelector(".picture-state").children.length > 0 || list.children.length > 0;
  section.querySelector(".further-place").hidden = !hasPicture;
}

// What was chosen earlier, and is not being sent by another window.
async function restore() {
  const held = (await navigator.locks?.query())?.held.map((lock) => lock.name) ?? [];
  for (const { id, picture, file } of await keptPictures(form.dataset.person, form.autosave.workKey))
    if (!held.includes(lockOf(id))) new SentPicture(file, picture, id).send();
}

function choose(input, picture) {
  for (const file of input.files) {
    if (file.size > Number(words.largest)) said.textContent = `${file.name}: ${words.tooLarge}`;
    else new SentPicture(file, picture).send();
  }
  input.value = "";
}

if (canResume()) {
  attachWorkForm(form);
  for (const part of form.querySelectorAll(".without-script")) part.hidden = true;
  for (const part of section.querySelectorAll(".with-script")) part.hidden = false;
  showFurther();
  section.querySelector(".picture-place").append(form.querySelector(".picture-file"));
  section.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    event.stopPropagation();
    choose(input, input.id === "further" ? "further" : "");
  });
  form.addEventListener(
    "submit",
    (event) => {
      if (!sending.size) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      pressed = event.submitter;
      said.textContent = words.leaving;
    },
    { capture: true },
  );
  addEventListener("beforeunload", (event) => [...sending].some((each) => !each.isKept) && event.preventDefault());
  form.addEventListener("restored", restore);
  restore();
}
