// This browser may keep texts and pictures of works that did not reach the server. The list of works marks the works
// with such texts, names those with pictures or on other pages, sends them, and can discard them. The form that opens
// without a connection names them as well.

import { discard, dropKept, keptPictures, keptWorks, lockOf, moveKept, unsentWorks } from "./kept-works.js";
import { canResume, pictureOf, Resumable } from "./resumable.js";
import { withStorage } from "./storage.js";
import { timedFetch } from "./timed-fetch.js";
import { UploadRow } from "./upload-row.js";
import { isOwn } from "./work-form.js";

const RETRY = 15_000; // ms until the next try: no connection, or a window that is closed by then

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

function titleOf(key, kept) {
  const typed = kept?.fields.find(([name, value]) => name === "title" && value.trim())?.[1];
  const listed = document.querySelector(`#work-${CSS.escape(key)} .row-main a`)?.textContent.trim();
  const title = typed ?? listed ?? words.untitled;
  return key.startsWith("new-") ? `${title} (${words.newWork})` : title;
}

// A picture that waits in the list, or is being sent.
class KeptPicture extends UploadRow {
  constructor({ id, picture, file }, list) {
    super(file, list, () => this.stop());
    this.id = id;
    this.picture = picture;
    this.say(words.notSent, words.discard);
  }

  // Returns whether the browser no longer needs it. A picture that the server refuses stays, with the reason, until it is
  // discarded.
  async send(work) {
    const kept = await keptPictures(words.person, work);
    if (!kept.some(({ id }) => id === this.id)) this.leave(); // another window sent or discarded it
    return this.isLeft || this.transfer(work);
  }

  transfer(work) {
    return new Promise((resolve) => {
      this.ended = resolve;
      this.upload = new Resumable(this.file, {
        endpoint: words.endpoint,
        ...pictureOf(words.person, work, this.picture, this.file),
        progress: (sent, size) => {
          this.showProgress(sent, size);
          this.say(words.sending, words.discard);
        },
        broken: () => this.say(words.notSent, words.discard),
        refused: (response) => {
          this.say(response.getStatus() === 401 ? words.signedOut : response.getBody(), words.discard);
          resolve(false);
        },
        arrived: async () => {
          await dropKept(this.id);
          this.leave();
        },
      });
      this.upload.start();
    });
  }

  leave() {
    this.isLeft = true;
    this.row.remove();
    this.ended?.(true);
  }

  async stop() {
    await dropKept(this.id);
    this.leave();
    await this.upload?.stop();
  }
}

function leave(row) {
  const notice = row.closest(".notice");
  row.remove();
  if (!notice?.querySelector("li")) notice?.remove();
}

function item(each, kept) {
  const { key, pictures } = each;
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.discard;
  button.setAttribute("aria-label", `${words.discard}: ${titleOf(key, kept)}`);
  button.addEventListener("click", async () => {
    for (const picture of pictures) await picture.stop();
    for (const kept of new Set([key, each.key])) await discard(words.person, kept);
    leave(row);
  });
  row.append(link(key, titleOf(key, kept)), " ", button);
  return row;
}

// Sends the words, if any are kept. Returns the key and the address of the work if all of them are saved now.
async function sendWords(key) {
  const [, , kept] = unsentWorks(words.person).find(([, each]) => each === key) ?? [];
  if (!kept && !key.startsWith("new-")) return { key, address: addressOf(key) };
  const body = new FormData();
  for (const [name, value] of kept?.fields ?? []) body.append(name, value);
  body.set("seen", kept?.seen ?? "");
  body.set("person", words.person);
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
    withStorage((storage) => storage.removeItem(`typing ${words.person} ${key}`));
    return payload;
  } catch {
    return null; // no connection: the next time
  }
}

// Returns the address of the work if nothing of it is kept any more. A new work has the key of its draft from then on.
async function send(each) {
  const { anchor, pictures } = each;
  if (!(await keptWorks(words.person)).includes(each.key) && each.key.startsWith("new-")) {
    leave(anchor.closest("li")); // another window sent or discarded it
    return null;
  }
  const saved = await sendWords(each.key);
  if (!saved) return null;
  if (saved.key !== each.key) await moveKept(words.person, each.key, saved.key);
  each.key = saved.key;
  anchor.href = saved.address;
  let isDone = true;
  for (const picture of pictures.filter(({ row }) => row.isConnected))
    isDone = (await withLock(lockOf(picture.id), () => picture.send(saved.key))) && isDone;
  return isDone ? saved.address : null;
}

// Nothing is sent past a window that has the form open or sends the picture; without locks nobody knows.
function withLock(name, act) {
  return navigator.locks?.request(name, { ifAvailable: true }, (lock) => lock && act());
}

function sendIfClosed(each) {
  const { anchor } = each;
  withLock(`typing ${words.person} ${each.key}`, async () => {
    const address = !each.isSent && anchor.isConnected && (await send(each));
    if (!address) return;
    each.isSent = true;
    anchor.href = address;
    const sent = document.createElement("span");
    sent.textContent = ` ${words.sent}`;
    anchor.parentElement.querySelector(":scope > button")?.remove();
    if (anchor.parentElement.matches(".why")) anchor.textContent = words.sent;
    else anchor.after(sent);
  });
}

function showNotice(items) {
  const notice = document.createElement("div");
  notice.className = "notice notice-hint unsent-works";
  notice.setAttribute("role", "status");
  const sentence = document.createElement("p");
  sentence.textContent = words.elsewhere;
  const list = document.createElement("ul");
  list.append(...items);
  notice.append(sentence, list);
  section.querySelector("h1").after(notice);
}

async function showAll() {
  const unsent = new Map(unsentWorks(words.person).map(([, key, kept]) => [key, kept]));
  const all = canResume() ? await keptPictures(words.person) : [];
  const open = new URLSearchParams(location.search).get("unsent"); // the form of this page
  const elsewhere = [];
  const found = [];
  for (const key of new Set([...unsent.keys(), ...all.map(({ work }) => work)])) {
    if (key === open) continue;
    const kept = unsent.get(key);
    const own = all.filter(({ work }) => work === key);
    const row = document.querySelector(`#work-${CSS.escape(key)} .row-main`);
    const each = { key, pictures: [] };
    if (row && !own.length) {
      const mark = document.createElement("span");
      mark.className = "why";
      each.anchor = link(key, words.unsent);
      mark.append(each.anchor);
      row.append(mark);
    } else {
      const list = document.createElement("ul");
      list.className = "rows picture-sending";
      each.pictures = own.map((picture) => new KeptPicture(picture, list));
      elsewhere.push(item(each, kept));
      each.anchor = elsewhere.at(-1).querySelector("a");
      if (own.length) elsewhere.at(-1).append(list);
    }
    found.push(each);
  }
  if (elsewhere.length) showNotice(elsewhere);
  const sendAll = () => found.forEach(sendIfClosed);
  sendAll();
  addEventListener("online", sendAll);
  setInterval(sendAll, RETRY);
}

showAll();
