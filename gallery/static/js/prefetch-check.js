// A page that the browser fetched in advance asks, once it is opened, whether it is still valid. That also counts the
// visit.

const [arrival] = performance.getEntriesByType("navigation");

if (arrival?.deliveryType === "navigational-prefetch") {
  try {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
    if (!answer.ok) location.reload(); // withdrawn since
  } catch {
    // No network: the page is as good as one from the browser's cache.
  }
}
