// Draws lines as rows of two columns that roll up together, the newest at the bottom.
//
// Text that stands does not jump: a row never shrinks while it is the newest, and rows that must make room glide.

import { Drawn } from "../lib/drawn.js";
import { fillCell, fillDots, hasText, isAwaited, isShown } from "../lib/lines.js";
import { say, sayMark } from "../lib/i18n.js";

/** @import { Lang } from "../lib/protocol.js" */
/** @import { Change, Item, Line, Mark } from "../lib/transcript.js" */

/** Rows kept in the page: more than the tallest screen shows at the smallest size. */
export const ROWS_MAX = 60;

const GLIDE = { duration: 260, easing: "cubic-bezier(0.22, 0.8, 0.3, 1)" };

export class RowsView {
  #rows;
  /** @type {Lang[]} */
  #langs;
  #showTail;
  #drawn = new Drawn();
  /** The newest item there is, drawn or not. @type {Item | undefined} */
  #newest;
  /** Where each row was laid out last, in pixels from the top of the stage. @type {Map<HTMLElement, number>} */
  #tops = new Map();
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} rows a box anchored to the bottom of the stage
   * @param {{ langs: Lang[], showTail: boolean }} look
   */
  constructor(rows, { langs, showTail }) {
    this.#rows = rows;
    this.#langs = langs;
    this.#showTail = showTail;
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.#drawn.items.length === 0;
  }

  /**
   * @param {readonly Item[]} items all there are, in order
   * @param {Change} change what differs from the last time
   * @param {number} now
   */
  render(items, change, now) {
    if (change.reset) {
      this.rebuild(items, now);
      return;
    }
    this.#newest = items.at(-1);
    for (const item of change.removed) {
      this.#drawn.take(item);
    }
    const last = this.#drawn.items.at(-1);
    for (const item of change.touched) {
      this.#put(item, now);
    }
    this.#settle(last !== this.#drawn.items.at(-1));
    this.#glide();
    this.#bound();
  }

  /**
   * Draws the newest rows from nothing: at the start, and when the look has changed.
   * @param {readonly Item[]} items
   * @param {number} now
   * @param {{ langs: Lang[], showTail: boolean }} [look]
   */
  rebuild(items, now, look) {
    this.#langs = look?.langs ?? this.#langs;
    this.#showTail = look?.showTail ?? this.#showTail;
    this.#newest = items.at(-1);
    this.#drawn.clear();
    this.#tops.clear();
    for (const item of items.slice(-ROWS_MAX)) {
      this.#put(item, now);
    }
    this.relayout();
  }

  /** Takes the present layout as given: after the window or the text changed its size. */
  relayout() {
    for (const element of this.#drawn.elements) {
      element.style.minHeight = "";
    }
    this.#remember();
  }

  /** Looks again at translations that were waited for. @param {number} now */
  refresh(now) {
    const waiting = this.#drawn.waiting();
    for (const item of waiting) {
      this.#put(item, now);
    }
    if (waiting.length > 0) {
      this.#glide();
    }
  }

  /** @param {Item} item @param {number} now */
  #put(item, now) {
    if (!isShown(item, this.#langs, this.#showTail) || (item.kind === "mark" && !this.#matters(item))) {
      this.#drawn.take(item);
      return;
    }
    let element = this.#drawn.elementOf(item);
    if (!element) {
      const at = this.#drawn.placeOf(item);
      if (at === 0 && this.#drawn.items.length >= ROWS_MAX / 2) {
        return; // It belongs above what is in sight.
      }
      element = document.createElement("div");
      this.#rows.insertBefore(element, this.#rows.children[at] ?? null);
      this.#drawn.add(item, at, element);
    }
    if (item.kind === "mark") {
      this.#fillMark(element, item);
    } else {
      this.#fillLine(element, item, now);
    }
  }

  /** That a room has started says nothing on a screen that shows no earlier line. @param {Mark} mark */
  #matters(mark) {
    const hasLines = this.#drawn.items.some((item) => item.kind === "line");
    return sayMark("ru", mark) !== null && (mark.m !== "started" || hasLines);
  }

  /** @param {HTMLElement} element @param {Mark} mark */
  #fillMark(element, mark) {
    element.className = "columns row mark-row";
    element.replaceChildren(
      ...this.#langs.map((lang) => {
        const words = document.createElement("p");
        words.lang = lang;
        words.textContent = sayMark(lang, mark);
        return words;
      }),
    );
  }

  /** @param {HTMLElement} element @param {Line} line @param {number} now */
  #fillLine(element, line, now) {
    element.className = "columns row";
    this.#langs.forEach((lang, column) => {
      let cell = /** @type {HTMLElement | undefined} */ (element.children[column]);
      if (!cell) {
        cell = document.createElement("p");
        cell.lang = lang;
        element.append(cell);
      }
      cell.className = lang === line.src ? "cell spoken" : "cell";
      if (hasText(line.cells[lang], this.#showTail)) {
        fillCell(cell, line.cells[lang], this.#showTail);
      } else if (!isAwaited(line, lang, { newest: this.#newest, now })) {
        cell.replaceChildren();
      } else if (!cell.querySelector(".dots")) {
        fillDots(cell, say(lang, "translationComes"));
      }
    });
  }

  /**
   * The newest row keeps the height that it once had, whatever its tail does; when the next row comes, and everything
   * moves anyway, it takes the height that its text needs.
   * @param {boolean} rolled whether another row became the newest
   */
  #settle(rolled) {
    if (rolled) {
      for (const element of this.#drawn.elements) {
        element.style.minHeight = "";
      }
    }
    const element = this.#drawn.elementOf(this.#drawn.items.at(-1));
    if (element) {
      element.style.minHeight = `${element.getBoundingClientRect().height}px`;
    }
  }

  /** Lets every row that has a new place glide to it from where it is now. */
  #glide() {
    const before = this.#tops;
    this.#remember();
    if (this.#still.matches) {
      return;
    }
    const bottom = this.#rows.offsetTop + this.#rows.offsetHeight;
    for (const [element, top] of this.#tops) {
      const moved = (before.get(element) ?? bottom) - top;
      if (moved !== 0) {
        const shift = new DOMMatrixReadOnly(getComputedStyle(element).transform).m42 + moved;
        for (const running of element.getAnimations()) {
          running.cancel();
        }
        element.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }], GLIDE);
      }
    }
  }

  #remember() {
    const start = this.#rows.offsetTop;
    this.#tops = new Map();
    for (const element of this.#drawn.elements) {
      this.#tops.set(element, start + element.offsetTop);
    }
  }

  /** Rows far above the screen go; being at the top of a box that hangs from the bottom, they move nothing. */
  #bound() {
    for (const item of this.#drawn.items.slice(0, -ROWS_MAX)) {
      this.#drawn.take(item);
    }
  }
}
