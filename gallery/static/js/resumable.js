// Sends a file in pieces (tus), and goes on when the connection is back.

const CHUNK_SIZE = 4 * 1024 * 1024; // bytes of one request
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000]; // ms between tries
const RETRY_AFTER = 15_000; // ms until the next try, after all of these failed

// The server's answer, if there was one.
const responseOf = (error) => error.originalResponse ?? error.causingError?.response;

export class Resumable {
  // `metadata` say what the file is for; the same file for something else is another upload. `progress(sent, size)`,
  // `broken()` (it will try again), `refused(status, sentence)` and `arrived()` are called as it goes.
  constructor(file, endpoint, metadata, { progress, broken, refused, arrived }) {
    this.broken = broken;
    this.refused = refused;
    this.upload = new tus.Upload(file, {
      endpoint,
      chunkSize: CHUNK_SIZE,
      retryDelays: RETRY_DELAYS,
      removeFingerprintOnSuccess: true,
      metadata: { ...metadata, filename: file.name },
      fingerprint: async () =>
        ["tus", endpoint, ...Object.values(metadata), file.name, file.size, file.lastModified].join("-"),
      onShouldRetry: (error) => {
        const status = responseOf(error)?.getStatus() ?? 0;
        const willRetry = status === 0 || status === 408 || status === 409 || status === 423 || status >= 500;
        if (willRetry) broken();
        return willRetry;
      },
      onProgress: progress,
      onAfterResponse: (request, response) => {
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
    if (!response || response.getStatus() >= 500 || response.getHeader("retry-after")) {
      this.broken();
      this.timer = setTimeout(() => this.resume(), RETRY_AFTER);
      return;
    }
    this.refused(response.getStatus(), response.getBody());
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
