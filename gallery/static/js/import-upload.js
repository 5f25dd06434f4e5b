// Upload a sheet or its ZIP in pieces (tus): the upload resumes when the connection is back, and when the same file is
// chosen again after the page was closed. Without this script the form sends the file whole.

import { canResume, Resumable } from "./resumable.js";

const form = document.getElementById("sheet-upload");
const words = form.dataset;
const progress = form.querySelector(".sheet-sending");
const bar = progress.querySelector("progress");
const status = progress.querySelector("[role=status]");
const amount = progress.querySelector(".sheet-amount");
const stop = progress.querySelector("button");
const send = form.querySelector("button.primary");
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
let upload = null;
let place = null; // the address of the import

function say(sentence) {
  if (status.textContent !== sentence) status.textContent = sentence;
}

function end(sentence) {
  upload = null;
  send.disabled = false;
  stop.hidden = bar.hidden = amount.hidden = true;
  say(sentence);
}

function metadata() {
  const values = { kind: "sheet" };
  for (const name of ["organisation", "language", "consent"])
    if (form.elements[name]?.value) values[name] = form.elements[name].value;
  return values;
}

async function start(file) {
  send.disabled = true;
  progress.hidden = stop.hidden = bar.hidden = amount.hidden = false;
  bar.value = 0;
  say(words.sending);
  const values = metadata();
  upload = new Resumable(file, {
    endpoint: words.endpoint,
    metadata: values,
    // An upload that was begun with other choices is a different one.
    fingerprint: ["sheet", words.person, file.name, file.size, file.lastModified, JSON.stringify(values)].join("/"),
    progress: (sent, whole) => {
      bar.max = whole;
      bar.value = sent;
      amount.textContent = percent.format(sent / whole);
      say(sent === whole ? words.looking : words.sending);
    },
    broken: () => say(words.broken),
    answered: (response) => (place = response.getHeader("gallery-sheet") || place),
    refused: (response) => end(response.getStatus() === 401 ? words.signedOut : response.getBody() || words.failed),
    arrived: () => {
      end(words.looking);
      location.href = place ?? location.href;
    },
  });
  await upload.start();
}

if (canResume()) {
  form.addEventListener("submit", (event) => {
    const [file] = form.elements.sheet.files;
    if (!file?.size) return; // the server says what is wrong
    event.preventDefault();
    if (!upload) start(file);
  });
  stop.addEventListener("click", async () => {
    const stopped = upload;
    end("");
    progress.hidden = true;
    await stopped?.stop();
  });
  addEventListener("beforeunload", (event) => {
    if (upload) event.preventDefault();
  });
}
