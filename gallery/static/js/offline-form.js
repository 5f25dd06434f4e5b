// Keeps the form of a new work, as it is for this person today, for the time without a line: offline-worker.js shows
// it. Browsers allow both on https only; elsewhere nothing is kept, and the desk says nothing of it.

import { timedFetch } from "./timed-fetch.js";

const CACHE = "desk-form";
const SCOPE = "/desk";

async function keepForm({ offlineForm, offlineWorker }) {
  if (!navigator.serviceWorker || !window.caches) return;
  const registration = await navigator.serviceWorker.register(offlineWorker, { scope: SCOPE });
  if (await caches.match(offlineForm)) return; // it is of this person, day and release
  await registration.update();
  const answer = await timedFetch(offlineForm, { redirect: "error" });
  if (!answer.ok) return;
  const files = new Set((await answer.clone().text()).match(/(?<=(?:href|src)=")\/static\/[^"]+/g));
  const cache = await caches.open(CACHE);
  for (const file of files) {
    if (await cache.match(file)) continue;
    const kept = await timedFetch(file);
    const isOfRelease = kept.ok && kept.headers.get("cache-control")?.includes("immutable");
    if (!isOfRelease) return; // the site changes to another release just now
    await cache.put(file, kept);
  }
  await cache.put(offlineForm, answer);
  for (const { url } of await cache.keys()) {
    const address = url.slice(location.origin.length);
    if (address !== offlineForm && !files.has(address)) await cache.delete(url);
  }
}

export async function forgetForm() {
  await window.caches?.delete(CACHE);
  for (const each of (await navigator.serviceWorker?.getRegistrations()) ?? [])
    if (new URL(each.scope).pathname === SCOPE) await each.unregister();
}

// The form of somebody else, whose sign-in ended without signing out, also names what they have not sent.
export async function forgetOthersForm(person) {
  if (!(await window.caches?.has(CACHE))) return;
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    const owner = new URL(url).searchParams.get("for");
    if (owner && owner !== person) await cache.delete(url);
  }
}

const words = document.querySelector("[data-offline-form]")?.dataset;
if (words) keepForm(words).catch(() => {}); // without a line or room what was kept before stays
