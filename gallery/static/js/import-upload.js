// Upload a sheet or its ZIP in pieces (tus): the upload resumes when the connection is back, and when the same file is
// chosen again after the page was closed. Without this script the form sends the file whole.

const CHUNK_SIZE = 4 * 1024 * 1024; // bytes of one request
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000]; // ms between tries
const RETRY_AFTER = 15_000; // ms until the next try, after all of these failed

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
let timer = null;
let place = null; // the address of the import

const responseOf = (error) => error.originalResponse ?? error.causingError?.response;

function say(sentence) {
  if (status.textContent !== sentence) status.textContent = sentence;
}

function end(sentence) {
  upload = null;
  send.disabled = false;
  stop.hidden = bar.hidden = amount.hidden = true;
  say(sentence);
}

function metadata(file) {
  const values = { kind: "sheet", filename: file.name };
  for (const name of ["organisation", "language", "consent"])
    if (form.elements[name]?.value) values[name] = form.elements[name].value;
  return values;
}

async function start(file) {
  send.disabled = true;
  progress.hidden = stop.hidden = bar.hidden = amount.hidden = false;
  bar.value = 0;
  say(words.sending);
  const started = new tus.Upload(file, {
    endpoint: words.endpoint,
    chunkSize: CHUNK_SIZE,
    retryDelays: RETRY_DELAYS,
    removeFingerprintOnSuccess: true,
    metadata: metadata(file),
    // What was begun with other choices is another upload.
    fingerprint: async (each, options) =>
      ["sheet", words.person, each.name, each.size, each.lastModified, JSON.stringify(options.metadata)].join("/"),
    onShouldRetry: (error) => {
      const code = responseOf(error)?.getStatus() ?? 0;
      const willRetry = code === 0 || code === 408 || code === 409 || code === 423 || code >= 500;
      if (willRetry) say(words.broken);
      return willRetry;
    },
    onProgress: (sent, whole) => {
      bar.max = whole;
      bar.value = sent;
      amount.textContent = percent.format(sent / whole);
      say(sent === whole ? words.looking : words.sending);
    },
    onAfterResponse: (request, response) => {
      place = response.getHeader("gallery-sheet") || place;
      // Otherwise tus would think the upload lost and send all of it again.
      const isOfNow = response.getStatus() === 401 || response.getStatus() >= 500;
      if (request.getMethod() === "HEAD" && isOfNow) throw Object.assign(new Error(), { response });
    },
    onError: (error) => failed(error),
    onSuccess: () => {
      end(words.looking);
      location.href = place ?? location.href;
    },
  });
  upload = started;
  const before = await started.findPreviousUploads();
  if (before.length) started.resumeFromPreviousUpload(before[0]);
  if (upload === started) started.start();
}

function failed(error) {
  const response = responseOf(error);
  if (!response || response.getStatus() >= 500 || response.getHeader("retry-after")) {
    say(words.broken);
    timer = setTimeout(resume, RETRY_AFTER);
    return;
  }
  end(response.getStatus() === 401 ? words.signedOut : response.getBody() || words.failed);
}

function resume() {
  if (!timer) return;
  clearTimeout(timer);
  timer = null;
  upload?.start();
}

if (window.tus && tus.isSupported) {
  form.addEventListener("submit", (event) => {
    const [file] = form.elements.sheet.files;
    if (!file?.size) return; // the server says what is wrong
    event.preventDefault();
    if (!upload) start(file);
  });
  stop.addEventListener("click", async () => {
    const stopped = upload;
    clearTimeout(timer);
    timer = null;
    end("");
    progress.hidden = true;
    await stopped?.abort(true).catch(() => {});
  });
  addEventListener("online", resume);
  addEventListener("beforeunload", (event) => {
    if (upload) event.preventDefault();
  });
}
