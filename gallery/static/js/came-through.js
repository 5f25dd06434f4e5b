// Whoever came through a supporter's link has a pass behind the # of the address, which no server sees. It stays in this
// tab until the tab is closed, and goes with a thank-you or a followed support link. There is no cookie.

const KEY = "came-through";

export const PASS_FIELD = "via";

export function visitPass() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // the browser allows no storage: the visit is counted, and nothing more
  }
}

const found = location.hash.match(/^#via=([\w.-]+)$/);
if (found) {
  try {
    sessionStorage.setItem(KEY, found[1]);
  } catch {
    // as above
  }
  history.replaceState(history.state, "", location.pathname + location.search);
}

function addPass(event) {
  const link = event.target.closest?.('a[href*="/support/"]');
  const pass = visitPass();
  if (link && pass && link.origin === location.origin) link.search = new URLSearchParams({ [PASS_FIELD]: pass });
}

for (const kind of ["click", "auxclick"]) addEventListener(kind, addPass, { capture: true });
