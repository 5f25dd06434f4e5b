// While the builder is open it says when somebody else changed the draft.

const page = document.querySelector(".builder[data-version]");
const notice = document.getElementById("meanwhile");
const EVERY = 10_000; // ms
let asking = false;

// A change of one's own: one step further than what this page knows. More steps were somebody else's.
export function moved(version) {
  if (version === Number(page.dataset.version) + 1) page.dataset.version = version;
}

async function ask() {
  if (document.hidden || asking) return;
  asking = true;
  try {
    const answer = await fetch(page.dataset.ask, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const told = await answer.json();
    if (told.version === Number(page.dataset.version)) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = notice.dataset.again;
    notice.replaceChildren(notice.dataset.changed.replace("{who}", told.by || notice.dataset.somebody), " ", link);
    notice.hidden = false;
  } catch {
    // The connection is gone: the next time tries again.
  } finally {
    asking = false;
  }
}

if (page) {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
  addEventListener("focus", ask);
}
