// While the builder is open it says when somebody else changed the draft.

import { timedFetch } from "../timed-fetch.js";

const page = document.querySelector(".builder[data-version]");
const notice = document.getElementById("draft-changed");
const INTERVAL = 10_000; // ms
let isAsking = false;

// A change by this page raises the draft's version by one. If it rose by more, somebody else changed the draft, too.
export function setOwnVersion(version) {
  if (version === Number(page.dataset.version) + 1) page.dataset.version = version;
}

async function ask() {
  if (document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await timedFetch(page.dataset.ask, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const payload = await answer.json();
    if (payload.version === Number(page.dataset.version)) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = notice.dataset.again;
    notice.replaceChildren(notice.dataset.changed.replace("{who}", payload.by || notice.dataset.somebody), " ", link);
    notice.hidden = false;
  } catch {
    // No connection: the next check tries again.
  } finally {
    isAsking = false;
  }
}

if (page) {
  setInterval(ask, INTERVAL);
  document.addEventListener("visibilitychange", ask);
  addEventListener("focus", ask);
}
