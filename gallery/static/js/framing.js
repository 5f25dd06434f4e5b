// Turn a picture by buttons and crop it by its edges, with the pointer, the arrow keys or numbers. The fields of the
// form hold the values that are sent. This module only shows and changes them.

const LEAST = 2; // per cent of a side that must be left
const OPPOSITE = { left: "right", right: "left", top: "bottom", bottom: "top" };
const AFTER_A_QUARTER = { left: "bottom", top: "left", right: "top", bottom: "right" };

const form = document.getElementById("framing");
const words = form.dataset;
const picture = form.querySelector("img");
const stage = form.querySelector(".framing-stage");
const canvas = stage.querySelector("canvas");
const box = stage.querySelector(".framing-box");
const status = form.querySelector("output");
let turned = Number(form.elements.turn.value);

const cut = (edge) => Math.min(99, Math.max(0, Number(form.elements[edge].value) || 0));

function set(edge, value) {
  const most = 100 - LEAST - cut(OPPOSITE[edge]);
  const kept = Math.max(0, Math.min(most, value));
  form.elements[edge].value = String(Math.round(kept * 100) / 100);
}

function draw() {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const onItsSide = turned % 180 !== 0;
  canvas.width = onItsSide ? height : width;
  canvas.height = onItsSide ? width : height;
  const pen = canvas.getContext("2d");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate((turned * Math.PI) / 180);
  pen.drawImage(picture, -width / 2, -height / 2);
  show();
}

function show() {
  for (const edge of Object.keys(OPPOSITE)) {
    box.style.setProperty(`--${edge}`, `${cut(edge)}%`);
    const handle = box.querySelector(`[data-edges="${edge}"]`);
    handle.setAttribute("aria-valuenow", cut(edge));
    handle.setAttribute("aria-valuetext", words.cut.replace("{number}", cut(edge)));
  }
  const [width, height] = turned % 180 ? [words.height, words.width] : [words.width, words.height];
  const left = [
    Math.round((width * (100 - cut("left") - cut("right"))) / 100),
    Math.round((height * (100 - cut("top") - cut("bottom"))) / 100),
  ];
  const sentence = Math.max(...left) < Number(words.shortest) ? words.tooLittle : words.left;
  status.textContent = sentence.replace("{width}", left[0]).replace("{height}", left[1]);
}

function turn(degrees) {
  for (let quarter = 0; quarter < degrees; quarter += 90) {
    const before = Object.fromEntries(Object.keys(OPPOSITE).map((edge) => [edge, form.elements[edge].value]));
    for (const [edge, from] of Object.entries(AFTER_A_QUARTER)) form.elements[edge].value = before[from];
  }
  turned = (turned + degrees) % 360;
  form.elements.turn.value = String(turned);
  draw();
}

function pull(event) {
  if (event.button) return;
  const handle = event.target.closest(".framing-handle");
  const edges = handle ? handle.dataset.edges.split(" ") : Object.keys(OPPOSITE);
  const frame = canvas.getBoundingClientRect();
  const begin = Object.fromEntries(edges.map((edge) => [edge, cut(edge)]));
  const place = [event.clientX, event.clientY];
  const held = handle ?? box;
  held.setPointerCapture(event.pointerId);
  event.preventDefault();
  if (handle?.tabIndex === 0) handle.focus();
  const move = (now) => {
    let x = ((now.clientX - place[0]) / frame.width) * 100;
    let y = ((now.clientY - place[1]) / frame.height) * 100;
    if (!handle) {
      // Moved as a whole, the box keeps its size and stops at the edges of the picture.
      x = Math.max(-begin.left, Math.min(begin.right, x));
      y = Math.max(-begin.top, Math.min(begin.bottom, y));
      for (const edge of edges) form.elements[edge].value = "0";
    }
    const moved = { left: x, top: y, right: -x, bottom: -y };
    for (const edge of edges) set(edge, begin[edge] + moved[edge]);
    show();
  };
  held.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) {
    held.addEventListener(end, () => held.removeEventListener("pointermove", move), { once: true });
  }
}

function step(event) {
  const edge = event.target.dataset.edges;
  if (!(edge in OPPOSITE)) return;
  const across = edge === "left" || edge === "right";
  const forth = { ArrowRight: across, ArrowDown: !across }[event.key];
  const back = { ArrowLeft: across, ArrowUp: !across }[event.key];
  const inwards = edge === "left" || edge === "top" ? 1 : -1;
  if (forth || back) set(edge, cut(edge) + (event.shiftKey ? 5 : 1) * (forth ? inwards : -inwards));
  else if (event.key === "Home") set(edge, 0);
  else return;
  event.preventDefault();
  show();
}

function begin() {
  for (const part of form.querySelectorAll(".without-script")) part.hidden = true;
  for (const part of form.querySelectorAll(".with-script")) part.hidden = false;
  stage.hidden = false;
  picture.hidden = true;
  draw();
  box.addEventListener("pointerdown", pull);
  box.addEventListener("keydown", step);
  form.addEventListener("input", (event) => event.target !== form.elements.turn && show());
  form.elements.turn.addEventListener("change", () => turn((Number(form.elements.turn.value) - turned + 360) % 360));
  for (const button of form.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => turn(Number(button.dataset.turn)));
  }
}

if (picture.complete && picture.naturalWidth) begin();
else picture.addEventListener("load", begin, { once: true });
