// While the page of a review is open it renews the curator's hold on the work. It releases the hold when it is left,
// and says what changed.

import { timedFetch } from "./timed-fetch.js";

const page = document.querySelector("[data-hold]");
const notice = document.getElementById("meanwhile");
const wasHeld = document.getElementById("holder") !== null;
const INTERVAL = 30_000; // ms; the lease lasts for three of them

function say(sentence) {
  if (notice.textContent.startsWith(sentence)) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = notice.dataset.again;
  notice.replaceChildren(sentence, " ", link);
  notice.hidden = false;
}

async function renew() {
  if (document.hidden) return;
  try {
    const body = new URLSearchParams({ seen: page.dataset.seen });
    const answer = await timedFetch(page.dataset.hold, { method: "POST", body });
    if (!answer.ok) return;
    const payload = await answer.json();
    if (!payload.is_waiting) say(notice.dataset.decided);
    else if (payload.changed) say(notice.dataset.changed);
    else if (wasHeld && payload.holder === null) say(notice.dataset.free);
  } catch {
    // The connection is gone. The next renewal tries again.
  }
}

if (page) {
  renew();
  setInterval(renew, INTERVAL);
  document.addEventListener("visibilitychange", renew);
  // A decision releases the hold itself. This is for other pages and closed windows.
  addEventListener("pagehide", () => {
    navigator.sendBeacon(page.dataset.hold, new URLSearchParams({ leave: "1" }));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) renew();
  });
}
