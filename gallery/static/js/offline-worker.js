// The service worker of the desk: without a line, the form of a new work opens as it was kept (offline-form.js). All
// else is as without it. It has no list of files: it hands out what was kept with the form, each under its version.

const FORM = "/desk/works/offline";
const OPENS = ["/desk", "/desk/works", "/desk/works/new"]; // what is answered without a line
const PATIENCE = 10_000; // ms until a line that stalls counts as none

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate" && request.method === "GET" && OPENS.includes(pathname))
    event.respondWith(open(request, pathname));
  else if (pathname.startsWith("/static/"))
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});

async function open(request, pathname) {
  const answer = fetch(request);
  const kept = await caches.match(FORM, { ignoreSearch: true });
  if (!kept) return answer;
  try {
    return await Promise.race([answer, new Promise((_, reject) => setTimeout(reject, PATIENCE))]);
  } catch {
    return pathname === OPENS.at(-1) ? kept : Response.redirect(OPENS.at(-1));
  }
}
