// A page that waits for the worker reloads by itself. Only changed parts are replaced, so that scroll position, focus
// and open details stay, and a live region announces the result.

import { timedFetch } from "./timed-fetch.js";

const FIRST = 3000; // ms until the next look
const LONGEST = 30_000; // ms, where there is no connection

const page = document.querySelector("[data-look-again]");
const status = document.getElementById("look-again");

function put(fresh) {
  for (const part of page.querySelectorAll("[data-part]")) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === part.innerHTML) continue;
    const hadFocus = part.contains(document.activeElement);
    part.replaceChildren(...now.childNodes);
    if (hadFocus) {
      part.tabIndex = -1;
      part.focus({ preventScroll: true });
    }
  }
  const sentence = fresh.getElementById("look-again")?.textContent ?? "";
  if (status.textContent !== sentence) status.textContent = sentence;
}

async function look(pause) {
  await new Promise((done) => setTimeout(done, pause));
  if (document.hidden) return look(FIRST);
  try {
    const answer = await timedFetch(location.href);
    if (answer.redirected || answer.status === 404) return undefined; // signed out, or deleted: the next click shows it
    if (!answer.ok) return look(LONGEST);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    put(fresh);
    return fresh.querySelector("[data-look-again]") ? look(FIRST) : undefined;
  } catch {
    return look(Math.min(pause * 2, LONGEST));
  }
}

if (page) {
  page.classList.add("looks-again");
  look(FIRST);
}
