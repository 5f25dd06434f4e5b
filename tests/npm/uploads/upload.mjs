// Sends a file by tus-js-client: node upload.mjs ENDPOINT TOKEN FILE BYTES_AT_ONCE; prints the work that it became.
import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, token, file, chunk] = process.argv.slice(2);
let work = "";

new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "drawing.png" },
  uploadSize: statSync(file).size,
  chunkSize: Number(chunk),
  retryDelays: Array(60).fill(150),
  onAfterResponse: (_request, response) => {
    work = response.getHeader("Gallery-Work") || work;
  },
  onError: (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
  onSuccess: () => console.log(work),
}).start();
