// Several pictures of a work as a book: one at a time, by arrow keys, swipe, buttons, or the strip below.
// Without scripts they are a list, and the links of the strip lead to its entries.

const root = document.querySelector(".leaves");
const list = root.querySelector("ol");
const leaves = [...list.children];
const bar = root.querySelector(".leaf-bar");
const status = bar.querySelector("[role=status]");
const buttons = { back: bar.querySelector("[value=back]"), on: bar.querySelector("[value=on]") };
const links = [...root.querySelectorAll(".leaf-strip a")];
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let now = -1; // index of the visible leaf

root.classList.add("is-book");
list.tabIndex = 0;
list.setAttribute("aria-label", root.getAttribute("aria-label"));
bar.hidden = false;

function show(index) {
  const leaf = leaves[Math.min(Math.max(index, 0), leaves.length - 1)];
  // Relative to the first leaf: in a page from right to left the offsets are negative, as `scrollLeft` is.
  const left = leaf.offsetLeft - leaves[0].offsetLeft;
  list.scrollTo({ left, behavior: reducedMotion.matches ? "instant" : "smooth" });
}

function mark(index) {
  if (index === now) return;
  now = index;
  const place = root.dataset.place.replace("{number}", (index + 1).toLocaleString(document.documentElement.lang));
  if (status.textContent !== place) status.textContent = place;
  buttons.back.setAttribute("aria-disabled", index === 0);
  buttons.on.setAttribute("aria-disabled", index === leaves.length - 1);
  links.forEach((link, at) => {
    if (at === index) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
  const { offsetLeft, offsetWidth, offsetParent } = links[index].parentElement;
  const strip = links[index].closest("ul");
  if (offsetParent) strip.scrollTo({ left: offsetLeft - strip.offsetLeft - (strip.clientWidth - offsetWidth) / 2 });
  for (const beside of [leaves[index + 1], leaves[index - 1]]) {
    const img = beside?.querySelector("img");
    if (img) img.loading = "eager"; // loaded ahead
  }
}

const observer = new IntersectionObserver(
  (entries) => {
    const seen = entries.filter((entry) => entry.isIntersecting).at(-1);
    if (seen) mark(leaves.indexOf(seen.target));
  },
  { root: list, threshold: 0.6 },
);
for (const leaf of leaves) observer.observe(leaf);

bar.addEventListener("click", (event) => {
  const name = event.target.closest("button")?.value;
  if (name) show(now + (name === "on" ? 1 : -1));
});

root.querySelector(".leaf-strip").addEventListener("click", (event) => {
  const index = links.indexOf(event.target.closest("a"));
  if (index < 0) return;
  event.preventDefault();
  show(index);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  if (event.target !== document.body && !root.contains(event.target)) return;
  const forward = getComputedStyle(list).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
  const steps = { [forward]: now + 1, [backward]: now - 1, Home: 0, End: leaves.length - 1 };
  if (!(event.key in steps) || (event.target === document.body && event.key.length < 5)) return;
  event.preventDefault();
  show(steps[event.key]);
});

const linked = leaves.findIndex((leaf) => `#${leaf.id}` === location.hash);
if (linked > 0) show(linked);
