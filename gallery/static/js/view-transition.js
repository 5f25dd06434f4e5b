// View transitions between a picture in a list and the page of its work, in browsers that have them. On the page of the
// work the style sheet names the large picture. In a list this module names the picture that links to the work.

const WORK = /^\/[a-z]{2,3}(-[A-Za-z0-9-]+)?\/works\/[\w-]+$/;

function pictureOf(address) {
  const { pathname } = new URL(address);
  if (!WORK.test(pathname)) return null;
  const links = [...document.querySelectorAll("main a:not(nav a)")];
  return links.find((link) => link.pathname === pathname)?.closest("li, article, figure")?.querySelector("img");
}

// Only one picture may have the name, and only during the transition: the browser may restore the page as it was left.
async function nameDuring(picture, name, transition) {
  if (!picture) return;
  picture.style.viewTransitionName = name;
  await transition.finished.catch(() => {}); // a skipped transition has ended as well
  picture.style.viewTransitionName = "";
}

const hero = () => document.querySelector(".hero img");

addEventListener("pageswap", ({ viewTransition, activation }) => {
  if (!viewTransition || !activation?.entry?.url) return;
  if (WORK.test(new URL(activation.entry.url).pathname)) nameDuring(hero(), "none", viewTransition);
  nameDuring(pictureOf(activation.entry.url), "work", viewTransition);
});

addEventListener("pagereveal", ({ viewTransition }) => {
  const from = globalThis.navigation?.activation?.from?.url;
  if (viewTransition && from && !hero()) nameDuring(pictureOf(from), "work", viewTransition);
});
