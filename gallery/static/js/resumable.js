// Sends a file in pieces (tus), and continues when the connection is back. Pages that use it must load tus first.

const CHUNK_SIZE = 4 * 1024 * 1024; // bytes of one request
const REQUEST_LIMIT = 120_000; // ms; bytes that have arrived are kept
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000]; // ms between tries
const RETRY_AFTER = 15_000; // ms until the next try, after all of these failed

export const canResume = () => Boolean(window.tus && tus.isSupported);

// What says that a file is a picture of a draft, chosen by `person`; `picture` is "" for its first one, or "further".
export function pictureOf(person, work, picture, file) {
  const { name, size, lastModified } = file;
  return {
    metadata: { person, work, ...(picture && { picture }) },
    fingerprint: ["work", work, picture, name, size, lastModified].join("/"),
  };
}

export class Resumable {
  // `metadata` say what the file is for. The same `fingerprint` continues what was begun earlier. Called as it goes:
  //   progress(sent, size)    bytes
  //   broken()                the line broke; it will try again by itself
  //   answered(response)      each response, for its headers
  //   refused(response)       the server does not take the file, or asks to sign in
  //   arrived()
  constructor(file, { endpoint, metadata, fingerprint, progress, broken, answered, refused, arrived }) {
    this.broken = broken;
    this.refused = refused;
    this.upload = new tus.Upload(file, {
      endpoint,
      chunkSize: CHUNK_SIZE,
      retryDelays: RETRY_DELAYS,
      removeFingerprintOnSuccess: true,
      metadata: { ...metadata, filename: file.name },
      fingerprint: async () => fingerprint,
      onBeforeRequest: (request) => {
        const xhr = request.getUnderlyingObject();
        xhr.timeout = REQUEST_LIMIT;
        xhr.addEventListener("timeout", (event) => xhr.onerror?.(event)); // tus handles only errors
      },
      onShouldRetry: (error) => {
        const response = responseOf(error);
        const status = response?.getStatus() ?? 0;
        const isTaken = response?.getHeader("gallery-work"); // the organisation has this file already
        const willRetry = !isTaken && (status === 0 || [408, 409, 423].includes(status) || status >= 500);
        if (willRetry) broken();
        return willRetry;
      },
      onProgress: progress,
      onAfterResponse: (request, response) => {
        answered?.(response);
        // Otherwise tus would think the upload lost and send all of it again.
        const isOfNow = response.getStatus() === 401 || response.getStatus() >= 500;
        if (request.getMethod() === "HEAD" && isOfNow) throw Object.assign(new Error(), { response });
      },
      onError: (error) => this.failed(error),
      onSuccess: arrived,
    });
    this.onOnline = () => this.resume();
    addEventListener("online", this.onOnline);
  }

  async start() {
    const before = await this.upload.findPreviousUploads();
    if (before.length) this.upload.resumeFromPreviousUpload(before[0]);
    if (!this.isStopped) this.upload.start();
  }

  failed(error) {
    const response = responseOf(error);
    if (response && response.getStatus() < 500 && !response.getHeader("retry-after")) {
      this.refused(response);
      return;
    }
    this.broken();
    this.timer = setTimeout(() => this.resume(), RETRY_AFTER);
  }

  resume() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.upload.start();
  }

  async stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.onOnline);
    await this.upload.abort(true).catch(() => {});
  }
}

// The server's response, if there was one.
function responseOf(error) {
  return error.originalResponse ?? error.causingError?.response;
}
