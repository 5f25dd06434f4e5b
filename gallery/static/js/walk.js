// An exhibition as a slide show, one work at a time in full screen. Without scripts it is a list.
// ?kiosk=1 runs it automatically in a hall: it starts again when nobody touches the screen, and continues without a
// network.
// ?pace=, ?idle=, ?refresh= and ?rest= set the seconds for each work, until it starts again, between reloads of the
// list, and until the buttons fade.

const root = document.querySelector(".walk");
const list = root.querySelector(".slides");
const bar = root.querySelector(".walk-bar");
const place = bar.querySelector(".place");
const told = bar.querySelector(".told");
const empty = root.querySelector(".empty");
const pause = bar.querySelector("[value=pause]");
const pace = bar.querySelector("[name=pace]");
const parameters = new URLSearchParams(location.search);
const isKiosk = parameters.get("kiosk") === "1";
const seconds = (name, otherwise) => Math.min(Math.max(Number(parameters.get(name)) || otherwise, 1), 3600) * 1000;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let now = null; // the visible slide
let isPlaying = false;
let step = 0; // timers
let idle = 0;
let rest = 0;
let turn = 0; // counts calls of show(): a later call cancels an earlier one

const slides = () => [...list.children];
const title = (slide) => slide.querySelector("h2");
const picture = (slide) => slide.querySelector("img");

// Whether a slide's picture is loaded. One that is gone for good is removed. One that cannot be fetched now stays.
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
      // No network.
    }
    if (slide.isConnected) {
      const fresh = img.cloneNode(); // is fetched again next time
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
    const after = neighbour(next, direction);
    if (next === now || (await isReady(next))) break;
    if (mine !== turn) return;
    next = after?.isConnected ? after : slides()[0];
  }
  if (mine !== turn) return;
  if (next?.isConnected && (next === now || picture(next).complete)) now = next;
  if (!now?.isConnected) now = slides()[0] ?? null;
  for (const slide of slides()) {
    slide.hidden = slide !== now;
    if (slide !== now) slide.querySelector("audio")?.pause();
  }
  empty.hidden = slides().length > 0;
  tell();
  const following = now && neighbour(now, 1);
  if (following) picture(following).loading = "eager";
  plan();
}

// The place is shown, and told with the title and the alt text, each in its language.
function tell() {
  const number = slides().indexOf(now) + 1;
  place.textContent = now ? `${number} / ${slides().length}` : "";
  const words = told.dataset.place.replace("{number}", number).replace("{count}", slides().length);
  const parts = now ? [[words], [title(now).textContent.trim(), title(now).lang], [picture(now).alt, picture(now).lang]] : [];
  told.replaceChildren(...parts.filter(([text]) => text).map(([text, lang]) => {
    const part = document.createElement("span");
    part.textContent = `${text} `;
    if (lang) part.lang = lang;
    return part;
  }));
}

function neighbour(slide, direction) {
  const all = slides();
  return all[(all.indexOf(slide) + direction + all.length) % all.length];
}

const go = (direction) => {
  if (now) show(neighbour(now, direction), direction);
};

function plan() {
  clearTimeout(step);
  const delay = parameters.has("pace") ? seconds("pace", 10) : pace.value * 1000;
  if (isPlaying && now) step = setTimeout(() => go(1), delay);
}

function play(is) {
  isPlaying = is && !reducedMotion.matches; // nothing moves by itself for people who prefer reduced motion
  pause.textContent = isPlaying ? pause.dataset.pause : pause.dataset.play;
  told.ariaLive = isPlaying ? "off" : "polite";
  plan();
}

// In a kiosk: the buttons fade after some time, except while one has the focus, and any movement or key brings them back.
function stir() {
  if (!isKiosk) return;
  clearTimeout(rest);
  document.documentElement.classList.remove("is-resting");
  rest = setTimeout(() => {
    if (bar.contains(document.activeElement)) stir();
    else document.documentElement.classList.add("is-resting");
  }, seconds("rest", 8));
}
for (const kind of ["pointermove", "pointerdown", "keydown", "focusin"]) addEventListener(kind, stir);

// In a kiosk: a touch stops the slide show, and after some time without a touch it starts again.
function touched() {
  if (!isKiosk) return;
  clearTimeout(idle);
  if ([...list.querySelectorAll("audio")].some((audio) => !audio.paused)) return; // nobody is cut off
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
  first: () => show(slides()[0], 1),
  last: () => show(slides().at(-1), -1),
  pause: () => play(!isPlaying),
  screen: () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
  leave,
};
const isRightToLeft = document.dir === "rtl";
const KEYS = {
  [isRightToLeft ? "ArrowRight" : "ArrowLeft"]: "previous",
  [isRightToLeft ? "ArrowLeft" : "ArrowRight"]: "next",
  PageUp: "previous",
  PageDown: "next",
  Home: "first",
  End: "last",
  " ": "pause",
  Escape: "leave",
};

document.addEventListener("keydown", (event) => {
  touched();
  const name = KEYS[event.key];
  if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("select, audio") || (event.key === " " && event.target.matches("button, a"))) return;
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
// Who listens to a voice stays with its work.
list.addEventListener("play", () => (play(false), clearTimeout(idle)), true);
list.addEventListener("pause", touched, true); // also at its end

let start = null;
list.addEventListener("pointerdown", (event) => {
  touched();
  start = event.target.closest("audio") ? null : event;
});
list.addEventListener("dragstart", (event) => event.preventDefault());
addEventListener("pointerup", (event) => {
  if (!start) return;
  const across = event.clientX - start.clientX;
  const down = event.clientY - start.clientY;
  start = null;
  if (Math.abs(across) > 48 && Math.abs(across) > 2 * Math.abs(down)) go(across < 0 === !isRightToLeft ? 1 : -1);
});

// Fetch the list again: withdrawn works are removed, new ones added, and the others stay loaded as they are.
async function refresh() {
  let page;
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (answer.status === 404 || answer.status === 410) list.replaceChildren();
    if (!answer.ok) return;
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // no network: go on with the present list
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
  else if (place.textContent !== `${slides().indexOf(now) + 1} / ${slides().length}`) tell();
}

document.documentElement.classList.add("is-walking");
bar.hidden = false;
if (!document.fullscreenEnabled) bar.querySelector("[value=screen]").hidden = true;
if (isKiosk) {
  document.documentElement.classList.add("is-kiosk");
  bar.querySelector("[value=leave]").hidden = true;
  root.querySelector(".hall").hidden = false;
  stir();
  for (const slide of slides()) picture(slide).loading = "eager"; // so that it works without a network
  setInterval(refresh, seconds("refresh", 60));
  addEventListener("online", refresh);
}
for (const slide of slides()) slide.hidden = true;
play(isKiosk);
show(slides()[0], 1);
