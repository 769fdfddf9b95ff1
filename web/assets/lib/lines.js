// What of a line is shown, for the pages that show lines. Plain functions; `fillCell` alone touches elements.

import { LANGS } from "./protocol.js";
import { isFinal } from "./transcript.js";

/** @import { Lang } from "./protocol.js" */
/** @import { Cell, Change, Item, Line } from "./transcript.js" */

/** What a reader may choose to read. @typedef {Lang | "both"} Choice */

/** A translation that has not come by then is not waited for in sight. */
export const AWAIT_MILLIS = 20_000;
/** Nor is one of a line that so many later ones have followed. */
export const AWAIT_LINES = 5;

/** Signs before which no space belongs. */
const CLOSING = /^[\s.,:;!?…)\]»”]/;

/** @param {unknown} value @returns {value is Choice} */
export function isChoice(value) {
  return value === "kk" || value === "ru" || value === "both";
}

/** @param {Choice} choice @returns {Lang[]} the languages in the order of reading */
export function langsOf(choice) {
  return choice === "both" ? [...LANGS] : [choice];
}

/**
 * The solid part of a cell and its dimmed tail, with the space between them that the text needs.
 * @param {Cell} cell
 * @param {boolean} showTail
 * @returns {[string, string]}
 */
export function textOf(cell, showTail) {
  if (cell.final) {
    return [typeset(cell.text), ""];
  }
  const solid = typeset(cell.c.trimEnd());
  const tail = showTail ? typeset(cell.d.trim()) : "";
  return [solid, solid !== "" && tail !== "" && !CLOSING.test(tail) ? ` ${tail}` : tail];
}

/** A number stays on the line of its sign. @param {string} text */
function typeset(text) {
  return text.replace(/№ (?=\d)/g, "№\u00a0");
}

/** @param {Cell | null} cell @param {boolean} showTail @returns {boolean} */
export function hasText(cell, showTail) {
  return cell !== null && textOf(cell, showTail).some((part) => part.trim() !== "");
}

/**
 * Whether a line's text in `lang` is still to come.
 * @param {Line} line
 * @param {Lang} lang
 * @param {{ newest: Item | undefined, now: number }} present the newest item, and the transcript's clock
 * @returns {boolean}
 */
export function isAwaited(line, lang, { newest, now }) {
  if (hasText(line.cells[lang], true) || newest?.run !== line.run || newest.seg - line.seg >= AWAIT_LINES) {
    return false;
  }
  return line.finishedAt === null || now - line.finishedAt < AWAIT_MILLIS;
}

/**
 * Whether any of the line's shown languages is finished.
 * @param {Item} item
 * @param {readonly Lang[]} langs
 * @returns {boolean}
 */
export function isFinished(item, langs) {
  return item.kind === "mark" || langs.some((lang) => isFinal(item.cells[lang]));
}

/**
 * Whether there is anything to show of the item.
 * @param {Item} item
 * @param {readonly Lang[]} langs
 * @param {boolean} showTail
 * @returns {boolean}
 */
export function isShown(item, langs, showTail) {
  return item.kind === "mark" || langs.some((lang) => hasText(item.cells[lang], showTail));
}

/**
 * Puts the text of a cell into an element that holds nothing else, touching only what differs.
 * @param {HTMLElement} element
 * @param {Cell | null} cell
 * @param {boolean} showTail
 */
export function fillCell(element, cell, showTail) {
  const [solid, tail] = cell === null ? ["", ""] : textOf(cell, showTail);
  let [first, second] = /** @type {(HTMLElement | undefined)[]} */ ([...element.children]);
  if (!first || !second || first.tagName !== "SPAN") {
    first = document.createElement("span");
    second = document.createElement("span");
    second.className = "tail";
    element.replaceChildren(first, second);
  }
  if (first.textContent !== solid) {
    first.textContent = solid;
  }
  if (second.textContent !== tail) {
    second.textContent = tail;
  }
}

/**
 * Three calm dots, with words for those who do not see them.
 * @param {HTMLElement} element
 * @param {string} words
 */
export function fillDots(element, words) {
  const dots = document.createElement("div");
  dots.className = "dots";
  dots.append(document.createElement("i"), document.createElement("i"), document.createElement("i"));
  const label = document.createElement("b");
  label.className = "sr";
  label.textContent = words;
  element.replaceChildren(dots, label);
}

/** @returns {Change} */
export function noChange() {
  return { reset: false, touched: new Set(), removed: new Set(), resync: false };
}

/**
 * Adds a later change to an earlier one, so that a page may draw both at once.
 * @param {Change} into
 * @param {Change} change
 */
export function addChange(into, change) {
  if (change.reset) {
    into.reset = true;
    into.touched.clear();
    into.removed.clear();
  }
  for (const item of change.removed) {
    into.touched.delete(item);
    into.removed.add(item);
  }
  for (const item of change.touched) {
    into.removed.delete(item);
    into.touched.add(item);
  }
}
