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

/**
 * Sends an order; throws when it is not carried out.
 * @param {"PUT" | "POST"} method
 * @param {string} path
 * @param {unknown} order
 * @param {string} key  the operator's
 */
export async function send(method, path, order, key) {
  const response = await fetch(path, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(ANSWER_MILLIS),
  });
  if (!response.ok) {
    throw new Error(`${path}: status ${response.status}`);
  }
}
