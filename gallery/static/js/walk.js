// An exhibition as a walk from work to work, one filling the screen at a time; without this module it is a list.
// ?kiosk=1 lets it run by itself in a hall: it begins anew when nobody touches it, and outlasts a lost network.
// ?pace=, ?idle= and ?refresh= set the seconds of each work, of stillness, and between looks at the list.

const root = document.querySelector(".walk");
const list = root.querySelector(".slides");
const bar = root.querySelector(".walk-bar");
const place = bar.querySelector(".place");
const empty = root.querySelector(".empty");
const pause = bar.querySelector("[value=pause]");
const pace = bar.querySelector("[name=pace]");
const asked = new URLSearchParams(location.search);
const isKiosk = asked.get("kiosk") === "1";
const seconds = (name, otherwise) => Math.min(Math.max(Number(asked.get(name)) || otherwise, 1), 3600) * 1000;
const still = matchMedia("(prefers-reduced-motion: reduce)");

let now = null; // the slide that is seen
let isPlaying = false;
let step = 0; // timers
let idle = 0;
let turn = 0; // counts requests to show something: a later one overtakes an earlier

const slides = () => [...list.children];
const picture = (slide) => slide.querySelector("img");

// Whether a slide's picture can be seen. One that is gone for good leaves the walk; one that cannot be fetched stays in it.
async function isReady(slide) {
  const img = picture(slide);
  img.loading = "eager";
  try {
    await img.decode();
    return true;
  } catch {
    try {
      const answer = await fetch(img.currentSrc || img.src, { cache: "no-cache" });
      if (answer.status === 410 || answer.status === 404) slide.remove();
    } catch {
      // no network
    }
    if (slide.isConnected) {
      const fresh = img.cloneNode(); // asks anew next time
      img.replaceWith(fresh);
    }
    return false;
  }
}

async function show(from, direction) {
  const mine = ++turn;
  clearTimeout(step);
  let next = from;
  for (let tries = slides().length; tries > 0 && next; tries--) {
    const after = beside(next, direction);
    if (next === now || (await isReady(next))) break;
    if (mine !== turn) return;
    next = after?.isConnected ? after : slides()[0];
  }
  if (mine !== turn) return;
  if (next?.isConnected && (next === now || picture(next).complete)) now = next;
  if (!now?.isConnected) now = slides()[0] ?? null;
  for (const slide of slides()) slide.hidden = slide !== now;
  empty.hidden = slides().length > 0;
  place.textContent = now ? `${slides().indexOf(now) + 1} / ${slides().length}` : "";
  const following = now && beside(now, 1);
  if (following) picture(following).loading = "eager";
  plan();
}

function beside(slide, direction) {
  const all = slides();
  return all[(all.indexOf(slide) + direction + all.length) % all.length];
}

const go = (direction) => {
  if (now) show(beside(now, direction), direction);
};

function plan() {
  clearTimeout(step);
  if (isPlaying && now) step = setTimeout(() => go(1), asked.has("pace") ? seconds("pace", 10) : pace.value * 1000);
}

function play(is) {
  isPlaying = is && !still.matches; // nothing moves by itself for those who asked for that
  pause.textContent = isPlaying ? pause.dataset.pause : pause.dataset.play;
  place.ariaLive = isPlaying ? "off" : "polite";
  plan();
}

// In a hall: whoever touches the screen holds it; left alone, it begins anew.
function touched() {
  if (!isKiosk) return;
  clearTimeout(idle);
  idle = setTimeout(() => {
    play(true);
    if (slides()[0]) show(slides()[0], 1);
  }, seconds("idle", 60));
}

function leave() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (!isKiosk) location.assign(root.dataset.back);
}

const ACTS = {
  previous: () => go(-1),
  next: () => go(1),
  pause: () => play(!isPlaying),
  screen: () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
  leave,
};
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", PageUp: "previous", PageDown: "next", " ": "pause", Escape: "leave" };

document.addEventListener("keydown", (event) => {
  touched();
  const name = KEYS[event.key];
  if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("select") || (event.key === " " && event.target.matches("button, a"))) return;
  event.preventDefault();
  if (isKiosk && name !== "pause") play(false);
  ACTS[name]();
});

bar.addEventListener("click", (event) => {
  const name = event.target.closest("button")?.value;
  if (!name) return;
  touched();
  if (isKiosk && name !== "pause") play(false);
  ACTS[name]();
});
pace.addEventListener("change", plan);

let start = null;
list.addEventListener("pointerdown", (event) => {
  touched();
  start = event;
});
list.addEventListener("dragstart", (event) => event.preventDefault());
addEventListener("pointerup", (event) => {
  if (!start) return;
  const across = event.clientX - start.clientX;
  const down = event.clientY - start.clientY;
  start = null;
  if (Math.abs(across) > 48 && Math.abs(across) > 2 * Math.abs(down)) go(across < 0 ? 1 : -1);
});

// What hangs now, asked anew: withdrawn works leave, new ones come, the rest stay as they are, loaded.
async function refresh() {
  let page;
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (answer.status === 404 || answer.status === 410) list.replaceChildren();
    if (!answer.ok) return;
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // no network: what is here goes on
  }
  const known = new Map(slides().map((slide) => [slide.dataset.work, slide]));
  const fresh = [...page.querySelectorAll(".slide")].map((slide) => {
    const mine = known.get(slide.dataset.work);
    if (mine) return mine;
    slide.hidden = true;
    return slide;
  });
  list.replaceChildren(...fresh);
  if (!now?.isConnected) show(slides()[0], 1);
  else place.textContent = `${slides().indexOf(now) + 1} / ${slides().length}`;
}

document.documentElement.classList.add("is-walking");
bar.hidden = false;
if (!document.fullscreenEnabled) bar.querySelector("[value=screen]").hidden = true;
if (isKiosk) {
  document.documentElement.classList.add("is-kiosk");
  bar.querySelector("[value=leave]").hidden = true;
  for (const slide of slides()) picture(slide).loading = "eager"; // so that it lasts without a network
  setInterval(refresh, seconds("refresh", 60));
  addEventListener("online", refresh);
}
for (const slide of slides()) slide.hidden = true;
play(isKiosk);
show(slides()[0], 1);
