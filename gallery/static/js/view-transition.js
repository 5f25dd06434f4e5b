// From a picture on a wall to its work and back: the picture itself goes over, where the browser has view transitions.
// On the page of a work it is the hero that bears the name, by the style sheet; on a wall the one that leads there.

const WORK = /^\/(zh|en)\/works\/[\w-]+$/;

function pictureOf(address) {
  const { pathname } = new URL(address);
  if (!WORK.test(pathname)) return null;
  const links = [...document.querySelectorAll("main a:not(nav a)")];
  return links.find((link) => link.pathname === pathname)?.closest("li, article, figure")?.querySelector("img");
}

// A name stands for one picture only, and no longer than the passage: the page may come back as it was left.
async function lend(picture, name, transition) {
  if (!picture) return;
  picture.style.viewTransitionName = name;
  await transition.finished.catch(() => {}); // a passage that is skipped is over
  picture.style.viewTransitionName = "";
}

const hero = () => document.querySelector(".hero img");

addEventListener("pageswap", ({ viewTransition, activation }) => {
  if (!viewTransition || !activation?.entry?.url) return;
  if (WORK.test(new URL(activation.entry.url).pathname)) lend(hero(), "none", viewTransition);
  lend(pictureOf(activation.entry.url), "work", viewTransition);
});

addEventListener("pagereveal", ({ viewTransition }) => {
  const from = globalThis.navigation?.activation?.from?.url;
  if (viewTransition && from && !hero()) lend(pictureOf(from), "work", viewTransition);
});
