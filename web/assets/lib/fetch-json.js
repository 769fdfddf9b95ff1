// Asks this server's API.

/** A server that takes longer than this does not answer. */
const ANSWER_MILLIS = 4_000;
/** The same for files, which are sent and read before it answers. */
const UPLOAD_MILLIS = 30_000;

/** The server answered, and said no. */
export class Refused extends Error {
  /** @param {number} status @param {string} reason */
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/**
 * The answer to a GET, never from a cache; throws when there is none in time or its status is no success.
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
export async function fetchJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MILLIS), cache: "no-store" });
  if (!response.ok) {
    throw new Refused(response.status, `${path}: status ${response.status}`);
  }
  return response.json();
}

/**
 * Sends an order; throws with the server's reason when it is not carried out.
 * @param {"PUT" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} order
 */
export async function send(method, path, order) {
  await request(method, path, order);
}

/**
 * The answer to what an operator asks, null where it is empty; throws with the server's reason when there is none.
 * @template T
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {FormData | null} form
 * @returns {Promise<T | null>}
 */
export async function ask(method, path, form) {
  const response = await request(method, path, form);
  return response.status === 204 ? null : response.json();
}

/** @param {string} method @param {string} path @param {unknown} body */
async function request(method, path, body) {
  const isForm = body instanceof FormData;
  // No page of another site can send this header, so the server knows that this one means it.
  /** @type {Record<string, string>} */
  const headers = { "x-dostyq": "1" };
  if (body !== null && !isForm) {
    headers["content-type"] = "application/json";
  }
  const content = isForm ? body : body === null ? null : JSON.stringify(body);
  const signal = AbortSignal.timeout(isForm ? UPLOAD_MILLIS : ANSWER_MILLIS);
  const response = await fetch(path, { method, headers, body: content, signal, cache: "no-store" });
  if (!response.ok) {
    const reason = await response.text();
    throw new Refused(response.status, reason === "" ? `${path}: status ${response.status}` : reason);
  }
  return response;
}
