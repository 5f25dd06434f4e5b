// What unfurl.js and open-graph-scraper make of a page when somebody passes its address on. Prints one JSON object.
import ogs from "open-graph-scraper";
import { unfurl } from "unfurl.js";

const [url] = process.argv.slice(2);
const { open_graph, twitter_card, oEmbed } = await unfurl(url, { oembed: true });
const { result } = await ogs({ url });
console.log(JSON.stringify({ open_graph, twitter_card, oEmbed, result }));
