// Follows every link from the given addresses on with linkinator, on their site alone. Prints one JSON object.
import { LinkChecker } from "linkinator";

const path = process.argv.slice(2);
const { origin } = new URL(path[0]);
const { links } = await new LinkChecker().check({
  path,
  recurse: true,
  checkFragments: true,
  concurrency: 4,
  linksToSkip: async (link) => new URL(link).origin !== origin,
});
const told = (state) => links.filter((link) => link.state === state).map(({ url, status, parent }) => ({ url, status, parent }));
console.log(JSON.stringify({ sound: told("OK").length, dead: told("BROKEN") }));
