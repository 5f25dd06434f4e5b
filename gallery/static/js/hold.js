// While the page of a review is open it renews its hold on the work, lets go of it when left, and says what changed.

const page = document.querySelector("[data-hold]");
const notice = document.getElementById("meanwhile");
const wasHeld = document.getElementById("holder") !== null;
const EVERY = 30_000; // ms; the lease lasts for three of them

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
    const answer = await fetch(page.dataset.hold, { method: "POST", body });
    if (!answer.ok) return;
    const told = await answer.json();
    if (!told.is_waiting) say(notice.dataset.decided);
    else if (told.changed) say(notice.dataset.changed);
    else if (wasHeld && told.holder === null) say(notice.dataset.free);
  } catch {
    // The connection is gone: the next renewal tries again.
  }
}

if (page) {
  renew();
  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
  // A decision lets go by itself, so this is for everything else: another page, a closed window.
  addEventListener("pagehide", () => {
    navigator.sendBeacon(page.dataset.hold, new URLSearchParams({ leave: "1" }));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) renew();
  });
}
