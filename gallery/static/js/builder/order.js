// A curator puts works in another order by dragging their handle, or with the arrow keys on it.

import Sortable from "../../vendor/sortablejs/sortable.core.esm.js";
import { setOwnVersion } from "./draft-version.js";

const status = document.getElementById("move-status");
const lists = [...document.querySelectorAll(".hangings[data-room]")];
const rowsOf = (list) => [...list.querySelectorAll(":scope > li[data-move]")];

async function saveMove(row) {
  const list = row.parentElement;
  const rows = rowsOf(list);
  const place = rows.indexOf(row) + 1;
  const body = new URLSearchParams({ position: place, room: list.dataset.room });
  try {
    const answer = await fetch(row.dataset.move, { method: "POST", body, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    setOwnVersion((await answer.json()).version);
    status.textContent = status.dataset.place
      .replace("{work}", row.dataset.title)
      .replace("{place}", place)
      .replace("{of}", rows.length);
    number(list);
  } catch {
    status.textContent = status.dataset.failed;
    status.classList.replace("hidden-word", "notice");
  }
}

// The number fields show the place that each work has now.
function number(list) {
  rowsOf(list).forEach((row, index) => {
    const field = row.querySelector("input[name=position]");
    if (field) field.value = index + 1;
  });
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
      const target = rows.indexOf(row) + { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!(event.key === "ArrowUp" || event.key === "ArrowDown")) return;
      event.preventDefault();
      if (target < 0 || target >= rows.length) return;
      rows[target][event.key === "ArrowUp" ? "before" : "after"](row);
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
      saveMoveInTurn(item);
      if (from !== to) number(from);
    },
  });
}
