// The desk's scripts send no request without a time limit: a line that stalls must not leave a page waiting for ever.

const LIMIT = 20_000; // ms until the whole answer is there

// Like fetch, but rejects with a TimeoutError after the limit. Old browsers without AbortSignal.timeout have none.
export function timedFetch(address, options = {}, limit = LIMIT) {
  return fetch(address, { ...options, signal: AbortSignal.timeout?.(limit) });
}
