// Look closer at a work: its picture in a dialog, zoomed and moved by mouse, touch and keys.
// OpenSeadragon is loaded only when the dialog opens. Without scripts the link leads to the largest rendition.

const LIBRARY = new URL("../vendor/openseadragon/openseadragon.min.js", import.meta.url);
const STEP = 1.6; // zoom factor of one press
const STRIDE = 120; // px moved by one arrow key
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
  const text = isWhole()
    ? words.whole
    : words.part.replace("{times}", number).replace("{place}", words.places.split("|")[place]);
  if (status.textContent !== text) status.textContent = text;
  const reached = { nearer: viewport.getZoom() >= viewport.getMaxZoom() * 0.999, farther: isWhole() };
  for (const [name, is] of Object.entries(reached)) {
    dialog.querySelector(`[value=${name}]`).setAttribute("aria-disabled", is);
  }
}
