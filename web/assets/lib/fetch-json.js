// Asks this server's API.

/** A server that takes longer than this does not answer. */
const ANSWER_MILLIS = 4_000;

/**
 * The answer to a GET, never from a cache; throws when there is none in time or its status is no success.
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
export async function fetchJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MILLIS), cache: "no-store" });
  if (!response.ok) {
    throw new Error(`${path}: status ${response.status}`);
  }
  return response.json();
}
