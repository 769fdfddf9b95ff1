// Asks this server's API.

/** A server that takes longer than this does not answer. */
const ANSWER_MILLIS = 4_000;
/** The same for files, which are sent and read before it answers. */
const UPLOAD_MILLIS = 30_000;

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
 * Sends an order; throws with the server's reason when it is not carried out.
 * @param {"PUT" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} order
 * @param {string} key  the operator's
 */
export async function send(method, path, order, key) {
  await request(method, path, order, key);
}

/**
 * The answer to what an operator asks, null where it is empty; throws with the server's reason when there is none.
 * @template T
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {FormData | null} form
 * @param {string} key  the operator's
 * @returns {Promise<T | null>}
 */
export async function ask(method, path, form, key) {
  const response = await request(method, path, form, key);
  return response.status === 204 ? null : response.json();
}

/** @param {string} method @param {string} path @param {unknown} body @param {string} key */
async function request(method, path, body, key) {
  const isForm = body instanceof FormData;
  /** @type {Record<string, string>} */
  const headers = { authorization: `Bearer ${key}` };
  if (body !== null && !isForm) {
    headers["content-type"] = "application/json";
  }
  const content = isForm ? body : body === null ? null : JSON.stringify(body);
  const signal = AbortSignal.timeout(isForm ? UPLOAD_MILLIS : ANSWER_MILLIS);
  const response = await fetch(path, { method, headers, body: content, signal, cache: "no-store" });
  if (!response.ok) {
    const reason = await response.text();
    throw new Error(reason === "" ? `${path}: status ${response.status}` : reason);
  }
  return response;
}
