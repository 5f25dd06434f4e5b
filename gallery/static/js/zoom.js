// Look closer at a work: its picture in a dialog, zoomed and moved by mouse, touch and keys.
// OpenSeadragon is loaded only when the dialog opens. Without scripts the link leads to the largest rendition.

const LIBRARY = new URL("../vendor/openseadragon/openseadragon.min.js", import.meta.url);
const STEP = 1.6; // zoom factor of one press
const STRIDE = 1 / 3; // of the view, moved by one arrow key
const PAUSE = 450; // ms without movement before a change is announced

const links = document.querySelectorAll("a.look-closer");
const dialog = document.querySelector("dialog.zoom");
const view = dialog.querySelector(".zoom-view");
const status = dialog.querySelector("[role=status]");
const words = status.dataset;

let link; // the one whose picture is or was shown
let library;
let viewer = null;
let announceTimer = 0;
let done = ""; // words for what was done since the last announcement

for (const each of links) {
  each.setAttribute("role", "button");
  each.setAttribute("aria-haspopup", "dialog");
  each.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(each);
  });
  each.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    open(each);
  });
  const picture = each.closest(".hero").querySelector(".picture");
  picture.classList.add("opens");
  picture.addEventListener("click", () => open(each));
}

async function open(chosen) {
  if (dialog.open) return;
  link = chosen;
  view.className = `zoom-view ${link.dataset.picture}`;
  const { alt, lang, dir } = link.closest(".hero").querySelector("img");
  view.setAttribute("aria-label", alt);
  Object.assign(view, { lang, dir });
  status.textContent = words.waiting;
  dialog.showModal();
  view.focus();
  try {
    const [source] = await Promise.all([loadInfo(), loadLibrary()]);
    if (dialog.open && !viewer) show(source);
  } catch {
    status.textContent = words.failed;
  }
}

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    // The library inserts a style sheet, which the page's policy forbids, unless it finds that one already. It mistakes
    // this element for its style sheet. The browser does not, because the element is not HTML.
    const style = document.createElementNS(null, "style");
    style.setAttribute("data-openseadragon-mobile-css", "");
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = resolve;
    script.onerror = () => {
      library = undefined;
      script.remove();
      reject(new Error(script.src));
    };
    document.head.append(style, script);
  });
  return library;
}

async function loadInfo() {
  // Fetched each time, because the work may have been withdrawn.
  const { info } = link.dataset;
  const answer = await fetch(info, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  // Tiles are loaded from the host of this page, even if the site has several names.
  return { ...(await answer.json()), id: info.replace(/\/info\.json$/, "") };
}

function show(source) {
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const room = parseFloat(getComputedStyle(view, "::before").top); // px, as the style sheet gives it
  const gestures = { clickToZoom: false, dblClickToZoom: true, flickEnabled: !reducedMotion };
  viewer = window.OpenSeadragon({
    element: view,
    tileSources: source,
    drawer: "canvas",
    tabIndex: "",
    showNavigationControl: false,
    keyboardNavEnabled: false,
    gestureSettingsMouse: gestures,
    gestureSettingsPen: gestures,
    gestureSettingsTouch: gestures,
    animationTime: reducedMotion ? 0 : 0.6,
    springStiffness: 8,
    viewportMargins: { left: room, top: room, right: room, bottom: room },
    visibilityRatio: 1,
    minZoomImageRatio: 1,
    maxZoomPixelRatio: 2,
    tileRetryMax: 3,
    tileRetryDelay: 1500,
  });
  viewer.addOnceHandler("tile-drawn", () => view.classList.add("is-drawn"));
  viewer.addOnceHandler("open-failed", () => { status.textContent = words.failed; });
  viewer.addHandler("open", announce);
  viewer.addHandler("viewport-change", announceSoon);
}

const magnify = (factor) => () => {
  const { viewport } = viewer;
  const before = viewport.getZoom();
  viewport.zoomBy(factor).applyConstraints();
  const isEnd = factor > 1 && viewport.getZoom() < before * 1.001;
  say(isEnd ? words.largest : "");
};

// `direction`: 0 left, 1 right, 2 up, 3 down.
const move = (x, y, direction) => () => {
  const { viewport } = viewer;
  const { x: width, y: height } = viewport.getContainerSize();
  const way = viewport.deltaPointsFromPixels(new window.OpenSeadragon.Point(x * width * STRIDE, y * height * STRIDE));
  const wanted = viewport.getCenter().plus(way);
  viewport.panBy(way).applyConstraints();
  // Where the picture ends, it moves less far than it was asked to.
  const rest = viewport.deltaPixelsFromPoints(wanted.minus(viewport.getCenter()));
  const isEnd = Math.hypot(rest.x, rest.y) > 2;
  say((isEnd ? words.edges : words.moves).split("|")[direction]);
};

const whole = () => {
  viewer.viewport.setRotation(0);
  viewer.viewport.goHome();
  say("");
};

const turn = () => {
  const { viewport } = viewer;
  const stays = isWhole();
  viewport.setRotation(viewport.getRotation() + 90);
  if (stays) viewport.goHome();
  viewport.applyConstraints();
  say(words.turned.replace("{degrees}", (viewport.getRotation() % 360).toLocaleString(document.documentElement.lang)));
};

// Announce what was done, also if the picture stays as it is.
function say(text) {
  done = text;
  announceSoon();
}

const ACTS = { nearer: magnify(STEP), farther: magnify(1 / STEP), whole, turn };

const KEYS = {
  "+": ACTS.nearer,
  "=": ACTS.nearer,
  "-": ACTS.farther,
  "0": whole,
  r: turn,
  R: turn,
  ArrowLeft: move(-1, 0, 0),
  ArrowRight: move(1, 0, 1),
  ArrowUp: move(0, -1, 2),
  ArrowDown: move(0, 1, 3),
};

dialog.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (viewer?.isOpen()) act();
});

dialog.addEventListener("click", (event) => {
  const name = event.target.closest("button")?.value;
  if (name === "close") dialog.close();
  else if (name && viewer?.isOpen()) ACTS[name]();
});

dialog.addEventListener("close", () => {
  clearTimeout(announceTimer);
  viewer?.destroy();
  viewer = null;
  link.focus();
});

function times() {
  return viewer.viewport.getZoom() / viewer.viewport.getHomeZoom();
}

function isWhole() {
  return times() < 1.02;
}

function announceSoon() {
  clearTimeout(announceTimer);
  announceTimer = setTimeout(announce, PAUSE);
}

// Announce the zoom and the visible part of the picture: where its middle lies, in thirds.
function announce() {
  if (!viewer?.isOpen()) return;
  const { viewport } = viewer;
  const middle = viewport.getCenter();
  const third = (part) => Math.min(2, Math.max(0, Math.floor(part * 3)));
  const size = viewer.world.getItemAt(0).getBounds();
  const place = third(middle.y / size.height) * 3 + third(middle.x / size.width);
  const number = times().toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  const part = isWhole()
    ? words.whole
    : words.part.replace("{times}", number).replace("{place}", words.places.split("|")[place]);
  const text = done ? words.after.replace("{done}", done).replace("{part}", part) : part;
  // The same words are announced again only if the text changes.
  if (done && status.textContent === text) status.textContent = `${text}\u00a0`;
  else if (status.textContent !== text) status.textContent = text;
  done = "";
  const reached = { nearer: viewport.getZoom() >= viewport.getMaxZoom() * 0.999, farther: isWhole() };
  for (const [name, is] of Object.entries(reached)) {
    dialog.querySelector(`[value=${name}]`).setAttribute("aria-disabled", is);
  }
}
