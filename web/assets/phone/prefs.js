// What a reader has chosen, kept in the browser under one key. An address may say the language for one visit.

import { UI_LANGS, pickUiLang } from "../lib/i18n.js";
import { isChoice } from "../lib/lines.js";

/** @import { UiLang } from "../lib/i18n.js" */
/** @import { Choice } from "../lib/lines.js" */

/** @typedef {"dark" | "light" | "yellow"} Theme */

/**
 * `captions` is null until the reader has chosen; `size` is a percentage from SIZE_MIN to SIZE_MAX.
 * @typedef {{ captions: Choice | null, ui: UiLang, size: number, theme: Theme, saveData: boolean,
 *   announce: boolean }} Prefs
 */

/**
 * What the device says about its reader.
 * @typedef {{ languages: readonly string[], prefersLight: boolean, saveData: boolean }} Device
 */

export const SIZE_MIN = 50;
export const SIZE_MAX = 300;
export const SIZE_STEP = 10;

const KEY = "dostyq.phone";
/** What was kept during this visit, for browsers that keep nothing. @type {string | null} */
let kept = null;

const THEMES = /** @type {readonly Theme[]} */ (["dark", "light", "yellow"]);

/**
 * The reader's choices: what the address says before what was kept, before what the device suggests. Whatever is not
 * understood counts as not said.
 * @param {string | null} kept
 * @param {string} query
 * @param {Device} device
 * @returns {Prefs}
 */
export function readPrefs(kept, query, device) {
  const stored = parseObject(kept);
  const asked = new URLSearchParams(query);
  const captions = [asked.get("lang"), stored.captions].find(isChoice) ?? null;
  const ui = [asked.get("ui"), stored.ui].find(isUiLang);
  return {
    captions,
    ui: ui ?? (captions === null || captions === "both" ? pickUiLang(device.languages) : captions),
    size: clampSize(typeof stored.size === "number" ? stored.size : 100),
    theme: THEMES.find((theme) => theme === stored.theme) ?? (device.prefersLight ? "light" : "dark"),
    saveData: typeof stored.saveData === "boolean" ? stored.saveData : device.saveData,
    announce: stored.announce === true,
  };
}

/** @param {number} size @returns {number} */
export function clampSize(size) {
  return Number.isFinite(size) ? Math.min(SIZE_MAX, Math.max(SIZE_MIN, size)) : 100;
}

/** @returns {Prefs} */
export function loadPrefs() {
  const connection = /** @type {{ connection?: { saveData?: boolean } }} */ (navigator).connection;
  return readPrefs(load(), location.search, {
    languages: navigator.languages,
    prefersLight: matchMedia("(prefers-color-scheme: light)").matches,
    saveData: connection?.saveData === true,
  });
}

/**
 * Keeps only what the reader has chosen, so that all else may go on following the device.
 * @param {Partial<Prefs>} part
 */
export function keepPrefs(part) {
  kept = JSON.stringify({ ...parseObject(load()), ...part });
  try {
    localStorage.setItem(KEY, kept);
  } catch {
    // A browser that keeps nothing, as in private windows: the choice holds for this visit.
  }
}

/** @returns {string | null} */
function load() {
  try {
    return localStorage.getItem(KEY) ?? kept;
  } catch {
    return kept;
  }
}

/** @param {string | null} text @returns {Record<string, unknown>} */
function parseObject(text) {
  try {
    const value = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {value is UiLang} */
function isUiLang(value) {
  return UI_LANGS.some((lang) => lang === value);
}
