// Who this browser is to the server: a token becomes a cookie that no script can read.

import { fetchJson, send } from "./fetch-json.js";

/**
 * `role` is absent when nobody is signed in, `rooms` when all rooms are meant, `fingerprint` without TLS.
 * @typedef {{ role?: "viewer" | "operator" | "archivist" | "integrator", name?: string, rooms?: string[],
 *   fingerprint?: string }} Session
 */

/** @returns {Promise<Session>} */
export function whoAmI() {
  return fetchJson("/api/v1/session");
}

/** Throws when the token opens nothing. @param {string} token */
export async function signIn(token) {
  await send("POST", "/api/v1/login", { token });
}

/** Ends the session, for whoever may have its cookie. */
export async function signOut() {
  await send("POST", "/api/v1/logout", null);
}

/** Whether the page may give orders in a room. @param {Session} session @param {string} room */
export function mayDirect(session, room) {
  return session.role === "operator" && (session.rooms === undefined || session.rooms.includes(room));
}
