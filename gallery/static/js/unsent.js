// This browser may keep texts of works that did not reach the server. The list of works marks these works, lists those
// that are on other pages, and sends the texts.

import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";
import { isOwn, unsentWorks } from "./work-form.js";

const section = document.getElementById("works");
const words = section.dataset;

// The form restores the kept text if it is opened by a link to one of its fields.
function addressOf(key) {
  return key.startsWith("new-") ? `${words.new}?unsent=${key}#title` : `${words.edit.replace("/0/", `/${key}/`)}#title`;
}

function link(key, text) {
  const anchor = document.createElement("a");
  anchor.href = addressOf(key);
  anchor.textContent = text;
  return anchor;
}

function titleOf(key, { fields }) {
  const title = fields.find(([name, value]) => name === "title" && value.trim())?.[1] ?? words.untitled;
  return key.startsWith("new-") ? `${title} (${words.newWork})` : title;
}

function item(storageKey, key, kept) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.discard;
  button.setAttribute("aria-label", `${words.discard}: ${titleOf(key, kept)}`);
  button.addEventListener("click", () => {
    withStorage((storage) => storage.removeItem(storageKey));
    const notice = row.closest(".notice");
    row.remove();
    if (!notice.querySelector("li")) notice.remove();
  });
  row.append(link(key, titleOf(key, kept)), " ", button);
  return row;
}

// Sends the kept text, unless its form is open somewhere. Returns the work's address if all of it is saved now.
async function send(storageKey, key, kept) {
  const body = new FormData();
  for (const [name, value] of kept.fields) body.append(name, value);
  body.set("seen", kept.seen);
  if (key.startsWith("new-")) body.set("form_key", key.slice("new-".length));
  const address = key.startsWith("new-") ? words.typingNew : words.typing.replace("/0/", `/${key}/`);
  const post = async () => {
    const answer = await timedFetch(address, { method: "POST", body, headers: { accept: "application/json" } });
    return answer.ok ? answer.json() : null;
  };
  try {
    let payload = await post();
    if (payload?.conflicts.length && payload.conflicts.every((conflict) => isOwn(conflict, kept.unanswered))) {
      for (const { field, digest } of payload.conflicts) body.set(`choice_${field}`, `mine-${digest}`);
      payload = await post();
    }
    if (!payload || payload.conflicts.length) return null;
    withStorage((storage) => storage.removeItem(storageKey));
    return payload.address;
  } catch {
    return null; // no connection: the next time
  }
}

function sendIfClosed(anchor, ...kept) {
  navigator.locks?.request(kept[0], { ifAvailable: true }, async (lock) => {
    const address = lock && (await send(...kept));
    if (!address) return;
    anchor.href = address;
    const sent = document.createElement("span");
    sent.textContent = ` ${words.sent}`;
    anchor.parentElement.querySelector("button")?.remove();
    if (anchor.parentElement.matches(".why")) anchor.textContent = words.sent;
    else anchor.after(sent);
  });
}

const elsewhere = [];
for (const each of unsentWorks(words.person)) {
  const [, key] = each;
  const row = document.querySelector(`#work-${CSS.escape(key)} .row-main`);
  let anchor;
  if (row) {
    const mark = document.createElement("span");
    mark.className = "why";
    anchor = link(key, words.unsent);
    mark.append(anchor);
    row.append(mark);
  } else {
    elsewhere.push(item(...each));
    anchor = elsewhere.at(-1).querySelector("a");
  }
  sendIfClosed(anchor, ...each);
}
if (elsewhere.length) {
  const notice = document.createElement("div");
  notice.className = "notice notice-hint";
  notice.setAttribute("role", "status");
  const sentence = document.createElement("p");
  sentence.textContent = words.elsewhere;
  const list = document.createElement("ul");
  list.append(...elsewhere);
  notice.append(sentence, list);
  section.querySelector("h1").after(notice);
}
