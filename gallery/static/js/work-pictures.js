// The pictures in the form of a work: each is sent as soon as it is chosen, while the partner types. The form waits for
// them when it is sent.

import { canResume, Resumable } from "./resumable.js";
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
  constructor(file, metadata) {
    super(file, list, () => (sending.has(this) ? this.stop() : this.send()));
    this.metadata = metadata;
    this.turn = before;
    before = Promise.all([this.turn, new Promise((resolve) => (this.end = resolve))]);
    list.hidden = false;
  }

  say(sentence) {
    super.say(sentence, sending.has(this) ? words.stop : words.again);
  }

  async send() {
    sending.add(this);
    this.say(words.waiting);
    await this.turn;
    if (!sending.has(this)) return;
    this.say(words.sending);
    if (!this.metadata.picture) form.elements.image?.remove(); // an earlier picture, which this one replaces
    const work = await this.draft();
    if (!work) return;
    const { name, size, lastModified } = this.file;
    this.upload = new Resumable(this.file, {
      endpoint: words.endpoint,
      metadata: { work, ...this.metadata },
      fingerprint: ["work", work, this.metadata.picture, name, size, lastModified].join("/"),
      progress: (sent, whole) => {
        this.showProgress(sent, whole);
        this.say(sent === whole ? words.looking : words.sending);
      },
      broken: () => this.say(words.broken),
      refused: (response) =>
        this.fail(response.getStatus() === 401 ? words.signedOut : response.getBody() || words.failed),
      arrived: () => this.arrived(),
    });
    await this.upload.start();
  }

  // The id of the draft that gets the picture. A new form is first saved as a draft.
  async draft() {
    while (form.dataset.key === "new") {
      form.autosave.changed();
      await form.autosave.save();
      if (!sending.has(this)) return null;
      if (form.dataset.key === "new") {
        this.say(words.broken);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
    return sending.has(this) ? form.dataset.key : null;
  }

  fail(sentence) {
    sending.delete(this);
    this.end();
    this.say(sentence);
    said.textContent = `${this.file.name}: ${sentence}`;
    pressed = null;
  }

  async arrived() {
    await show().catch(() => {}); // then the picture is seen when the page is opened the next time
    this.leave();
    said.textContent = `${this.file.name}: ${words.arrived}`;
  }

  async stop() {
    this.leave();
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
  const order = page.querySelector(".picture-order"); // needed only for several pictures
  order.hidden = order.classList.contains("without-script");
  section.querySelector(".picture-order").replaceWith(order);
  const further = section.querySelector(".further-pictures-of-work");
  for (const picture of page.querySelectorAll(".further-picture"))
    if (!document.getElementById(picture.id)) further.append(picture);
}

function choose(input, metadata) {
  for (const file of input.files) {
    if (file.size > Number(words.largest)) said.textContent = `${file.name}: ${words.tooLarge}`;
    else new SentPicture(file, metadata).send();
  }
  input.value = "";
}

if (canResume()) {
  attachWorkForm(form);
  for (const part of form.querySelectorAll(".without-script")) part.hidden = true;
  for (const part of section.querySelectorAll(".with-script")) part.hidden = false;
  section.querySelector(".picture-place").append(form.querySelector(".picture-file"));
  section.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    event.stopPropagation();
    choose(input, input.id === "further" ? { picture: "further" } : {});
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
  addEventListener("beforeunload", (event) => sending.size && event.preventDefault());
}
