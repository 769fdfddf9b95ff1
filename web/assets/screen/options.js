// How a hall screen is to look, read from its address and written back to it, so that a bookmark keeps it.

import { isChoice } from "../lib/lines.js";

/** @import { Choice } from "../lib/lines.js" */

/**
 * `size` is a percentage from SIZE_MIN to SIZE_MAX; `tail` shows words that may still change; `qr` the code for phones.
 * @typedef {{ lang: Choice, size: number, theme: "dark" | "light", tail: boolean, qr: boolean }} Options
 */

export const SIZE_MIN = 50;
export const SIZE_MAX = 200;
export const SIZE_STEP = 10;

/** @type {Options} */
const DEFAULTS = { lang: "both", size: 100, theme: "dark", tail: true, qr: true };

/**
 * What the address does not say, or says wrongly, is as by default.
 * @param {string} query with or without its question mark
 * @returns {Options}
 */
export function readOptions(query) {
  const given = new URLSearchParams(query);
  const lang = given.get("lang");
  const size = Number(given.get("size") ?? DEFAULTS.size);
  return {
    lang: isChoice(lang) ? lang : DEFAULTS.lang,
    size: Number.isFinite(size) && size > 0 ? Math.min(SIZE_MAX, Math.max(SIZE_MIN, size)) : DEFAULTS.size,
    theme: given.get("theme") === "light" ? "light" : "dark",
    tail: given.get("tail") !== "0",
    qr: given.get("qr") !== "0",
  };
}

/**
 * The shortest address that says the same.
 * @param {Options} options
 * @returns {string} empty, or a query with its question mark
 */
export function writeOptions({ lang, size, theme, tail, qr }) {
  const query = new URLSearchParams();
  if (lang !== DEFAULTS.lang) {
    query.set("lang", lang);
  }
  if (size !== DEFAULTS.size) {
    query.set("size", String(size));
  }
  if (theme !== DEFAULTS.theme) {
    query.set("theme", theme);
  }
  if (!tail) {
    query.set("tail", "0");
  }
  if (!qr) {
    query.set("qr", "0");
  }
  return query.size === 0 ? "" : `?${query}`;
}
