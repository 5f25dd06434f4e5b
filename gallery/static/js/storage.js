// Uses the browser's storage; null if that is not allowed or full. In that case only the next save brings the text to
// the server.
export function withStorage(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}
