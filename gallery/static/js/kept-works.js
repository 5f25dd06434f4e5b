// What this browser keeps of works because it has not arrived: words (localStorage) and pictures (IndexedDB), under the
// person and the key of the work. The key of a new work is "new-" and that of its form.

import { withStorage } from "./storage.js";

const STORE = "pictures";

// Who signed out while this page was open, in any window: the page keeps nothing of them any more.
const signedOut = new Set();
const windows = new BroadcastChannel("signed out");
windows.addEventListener("message", ({ data }) => signedOut.add(data));

export const hasSignedOut = (person) => signedOut.has(person);

// Drops all words and pictures of a person, before they sign out.
export async function discardAll(person) {
  signedOut.add(person);
  windows.postMessage(person);
  for (const work of await keptWorks(person)) await discard(person, work);
}

// The words that could not be sent: [key in the storage, key of the work, { at, fields, seen }], the latest first.
export function unsentWorks(person) {
  const start = `typing ${person} `;
  const found = withStorage((storage) =>
    Object.keys(storage)
      .filter((key) => key.startsWith(start))
      .map((key) => [key, key.slice(start.length), JSON.parse(storage.getItem(key))]),
  );
  return (found ?? []).sort(([, , one], [, , other]) => other.at - one.at);
}

// Drops words and pictures of one work.
export async function discard(person, work) {
  withStorage((storage) => storage.removeItem(`typing ${person} ${work}`));
  for (const { id } of await keptPictures(person, work)) await dropKept(id);
}

// The keys of the works of which anything is kept.
export async function keptWorks(person) {
  const pictures = await keptPictures(person);
  return [...new Set([...unsentWorks(person).map(([, key]) => key), ...pictures.map(({ work }) => work)])];
}

function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("kept-pictures", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function within(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

// `picture` is "" for the first picture of the work, or "further". Returns the id; null if there is no room for it.
export async function keepPicture(person, work, picture, file) {
  if (hasSignedOut(person)) return null;
  try {
    const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    if (quota - usage < file.size) return null;
    navigator.storage?.persist?.().catch(() => {}); // so that the browser does not clear it by itself
    const { name, type, lastModified } = file;
    const blob = new Blob([await file.arrayBuffer()], { type }); // a copy: phones delete a camera's file, or change it
    return await within("readwrite", (store) => store.add({ person, work, picture, name, lastModified, blob }));
  } catch {
    return null;
  }
}

async function records(person, work) {
  const all = await within("readonly", (store) => store.getAll()).catch(() => []);
  return all.filter((each) => each.person === person && (work === undefined || each.work === work));
}

// The pictures that are kept for this person, { id, work, picture, file }, in the order in which they were chosen. If
// `work` is given, those of this work.
export async function keptPictures(person, work) {
  return (await records(person, work)).map(({ id, work, picture, name, lastModified, blob }) => {
    return { id, work, picture, file: new File([blob], name, { type: blob.type, lastModified }) };
  });
}

export async function dropKept(id) {
  await within("readwrite", (store) => store.delete(id)).catch(() => {});
}

// A new work has become a draft, or the same form goes on under another key.
export async function moveKept(person, from, to) {
  if (hasSignedOut(person)) return;
  for (const each of await records(person, from))
    await within("readwrite", (store) => store.put({ ...each, work: to })).catch(() => {});
}

// A window that is sending a picture holds this lock.
export const lockOf = (id) => `kept picture ${id}`;
