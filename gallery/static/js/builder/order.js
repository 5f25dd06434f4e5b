// A curator puts works in another order by dragging their handle, or with the arrow keys on it.

import Sortable from "../../vendor/sortablejs/sortable.core.esm.js";
import { setOwnVersion } from "./draft-version.js";
import { timedFetch } from "../timed-fetch.js";

const status = document.getElementById("move-status");
const lists = [...document.querySelectorAll(".hangings[data-room]")];
const rowsOf = (list) => [...list.querySelectorAll(":scope > li[data-move]")];
const shown = (number) => number.toLocaleString(document.documentElement.lang);

// A list may show only a part of its room. Places are counted from the beginning of the room.
const placeOf = (list, index) => Number(list.dataset.first) + index;

async function saveMove(row) {
  const list = row.parentElement;
  const place = placeOf(list, rowsOf(list).indexOf(row));
  const body = new URLSearchParams({ position: place, room: list.dataset.room });
  try {
    const answer = await timedFetch(row.dataset.move, { method: "POST", body, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    setOwnVersion((await answer.json()).version);
    status.textContent = status.dataset.place
      .replace("{work}", row.dataset.title)
      .replace("{place}", place)
      .replace("{of}", list.dataset.count);
    number(list);
  } catch {
    status.textContent = status.dataset.failed;
    status.classList.replace("hidden-word", "notice");
  }
}

// Put each work's current place into its fields and buttons.
function number(list) {
  const rows = rowsOf(list);
  const count = Number(list.dataset.count);
  rows.forEach((row, index) => {
    const place = placeOf(list, index);
    const field = row.querySelector("input[name=position]");
    if (field) field.value = place;
    for (const button of row.querySelectorAll("[data-step]")) {
      button.value = place + Number(button.dataset.step);
      button.hidden = button.value < 1 || button.value > count;
    }
  });
  const room = list.closest(".room");
  room.querySelector("[data-total]").textContent = shown(count);
  for (const range of room.querySelectorAll("[data-range]")) {
    range.textContent = range.dataset.range
      .replace("{first}", shown(placeOf(list, 0)))
      .replace("{last}", shown(placeOf(list, rows.length - 1)))
      .replace("{count}", shown(count));
  }
}

function count(list, difference) {
  list.dataset.count = Number(list.dataset.count) + difference;
  number(list);
}

// If the new place is not in the part that is shown, the button moves the work, and the page is loaded again.
function moveOutOfStretch(row, step) {
  const button = row.querySelector(`[data-step="${step}"]:not([hidden])`);
  if (button) lastMove.then(() => button.click());
}

// One move after the other, in the order in which they were made.
let lastMove = Promise.resolve();
function saveMoveInTurn(row) {
  lastMove = lastMove.then(() => saveMove(row));
}

for (const list of lists) {
  for (const row of rowsOf(list)) {
    const handle = row.querySelector(".handle");
    handle.hidden = false;
    handle.addEventListener("keydown", (event) => {
      const rows = rowsOf(list.contains(row) ? list : row.parentElement);
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const target = rows[rows.indexOf(row) + step];
      if (!target) return moveOutOfStretch(row, step);
      target[step < 0 ? "before" : "after"](row);
      handle.focus();
      saveMoveInTurn(row);
    });
  }
  Sortable.create(list, {
    group: "hangings",
    handle: ".handle",
    draggable: "li[data-move]",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    forceFallback: true, // the browser's own drag shows a torn-off picture and does not scroll on phones
    onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
      if (from === to && oldDraggableIndex === newDraggableIndex) return;
      if (from !== to) {
        count(from, -1);
        count(to, 1);
      }
      saveMoveInTurn(item);
    },
  });
}
