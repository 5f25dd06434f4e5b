// A page that the browser fetched before anybody followed its link says now that it is seen, and asks whether it still holds.

const [arrival] = performance.getEntriesByType("navigation");

if (arrival?.deliveryType === "navigational-prefetch") {
  try {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
    if (!answer.ok) location.reload(); // withdrawn meanwhile
  } catch {
    // no network: the page is as good as what a browser keeps
  }
}
