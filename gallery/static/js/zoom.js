// Looking closer at a work: its picture in a dialog, to be magnified and moved by mouse, touch and keys.
// OpenSeadragon comes only when it is asked for. Without this module the link leads to the largest rendition.

const LIBRARY = new URL("../vendor/openseadragon/openseadragon.min.js", import.meta.url);
const STEP = 1.6; // how much one press magnifies
const STRIDE = 120; // px that one arrow moves
const PAUSE = 450; // ms of rest before a change is told

const link = document.querySelector("a.look-closer");
const dialog = document.querySelector("dialog.zoom");
const view = dialog.querySelector(".zoom-view");
const told = dialog.querySelector("[role=status]");
const words = told.dataset;

let library;
let viewer = null;
let telling = 0;

link.setAttribute("role", "button");
link.setAttribute("aria-haspopup", "dialog");

link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open();
});

link.addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  open();
});

const picture = document.querySelector(".hero .picture");
picture.classList.add("opens");
picture.addEventListener("click", open);

async function open() {
  if (dialog.open) return;
  view.className = `zoom-view ${view.dataset.picture}`;
  told.textContent = words.waiting;
  dialog.showModal();
  view.focus();
  try {
    const [source] = await Promise.all([description(), fetched()]);
    if (dialog.open && !viewer) show(source);
  } catch {
    told.textContent = words.failed;
  }
}

function fetched() {
  library ??= new Promise((resolve, reject) => {
    // The library would write a style sheet into the page, which the page's policy forbids, unless it finds one of its
    // own there. This element passes for it, and being no HTML it is no style sheet.
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

async function description() {
  // Asked anew each time: it may have been withdrawn.
  const answer = await fetch(words.info, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  // Its tiles are asked for where this page is, by whichever name of the site it was reached.
  return { ...(await answer.json()), id: words.info.replace(/\/info\.json$/, "") };
}

function show(source) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const room = parseFloat(getComputedStyle(view, "::before").top); // px, as the style sheet gives it
  const gestures = { clickToZoom: false, dblClickToZoom: true, flickEnabled: !still };
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
    animationTime: still ? 0 : 0.6,
    springStiffness: 8,
    viewportMargins: { left: room, top: room, right: room, bottom: room },
    visibilityRatio: 1,
    minZoomImageRatio: 1,
    maxZoomPixelRatio: 2,
    tileRetryMax: 3,
    tileRetryDelay: 1500,
  });
  viewer.addOnceHandler("tile-drawn", () => view.classList.add("is-drawn"));
  viewer.addOnceHandler("open-failed", () => { told.textContent = words.failed; });
  viewer.addHandler("open", tell);
  viewer.addHandler("viewport-change", tellSoon);
}

const magnify = (factor) => () => {
  viewer.viewport.zoomBy(factor).applyConstraints();
};

const move = (x, y) => () => {
  const { viewport } = viewer;
  viewport.panBy(viewport.deltaPointsFromPixels(new window.OpenSeadragon.Point(x, y))).applyConstraints();
};

const whole = () => {
  viewer.viewport.setRotation(0);
  viewer.viewport.goHome();
};

const turn = () => {
  const { viewport } = viewer;
  const stays = isWhole();
  viewport.setRotation(viewport.getRotation() + 90);
  if (stays) viewport.goHome();
  viewport.applyConstraints();
};

const ACTS = { nearer: magnify(STEP), farther: magnify(1 / STEP), whole, turn };

const KEYS = {
  "+": ACTS.nearer,
  "=": ACTS.nearer,
  "-": ACTS.farther,
  "0": whole,
  r: turn,
  R: turn,
  ArrowLeft: move(-STRIDE, 0),
  ArrowRight: move(STRIDE, 0),
  ArrowUp: move(0, -STRIDE),
  ArrowDown: move(0, STRIDE),
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
  clearTimeout(telling);
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

function tellSoon() {
  clearTimeout(telling);
  telling = setTimeout(tell, PAUSE);
}

// How near, and which part of the picture: the middle of what is seen, in thirds.
function tell() {
  if (!viewer?.isOpen()) return;
  const { viewport } = viewer;
  const middle = viewport.getCenter();
  const third = (part) => Math.min(2, Math.max(0, Math.floor(part * 3)));
  const size = viewer.world.getItemAt(0).getBounds();
  const place = third(middle.y / size.height) * 3 + third(middle.x / size.width);
  const number = times().toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  const text = isWhole()
    ? words.whole
    : words.part.replace("{times}", number).replace("{place}", words.places.split("|")[place]);
  if (told.textContent !== text) told.textContent = text;
  const reached = { nearer: viewport.getZoom() >= viewport.getMaxZoom() * 0.999, farther: isWhole() };
  for (const [name, is] of Object.entries(reached)) {
    dialog.querySelector(`[value=${name}]`).setAttribute("aria-disabled", is);
  }
}
