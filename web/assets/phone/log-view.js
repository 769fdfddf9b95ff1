// Draws lines as a transcript: finished ones in a log that screen readers know, unfinished ones below it.
//
// Only the newest lines are in the page, the older ones when asked for: a day of speech must not slow a phone.

import { Drawn } from "../lib/drawn.js";
import { fillCell, fillDots, hasText, isAwaited, isFinished, isShown } from "../lib/lines.js";
import { say, sayMark } from "../lib/i18n.js";
import { compare } from "../lib/transcript.js";

/** @import { UiLang } from "../lib/i18n.js" */
/** @import { Lang } from "../lib/protocol.js" */
/** @import { Change, Item, Line } from "../lib/transcript.js" */

/** Items in the page while the reader follows. */
export const DRAWN_MAX = 500;
/** So many more before the oldest are taken out, all at once. */
const SLACK = 50;
/** Items that each press on "earlier" brings back. */
const EARLIER_STEP = 200;

export class LogView {
  #log;
  #open;
  /** @type {Lang[]} */
  #langs;
  /** @type {UiLang} */
  #ui;
  #drawn = new Drawn();
  /** The newest item there is, drawn or not. @type {Item | undefined} */
  #newest;
  /** Items that could be drawn above the first drawn one. @type {Set<Item>} */
  #earlier = new Set();

  /**
   * @param {HTMLElement} log
   * @param {HTMLElement} open
   * @param {{ langs: Lang[], ui: UiLang }} look
   */
  constructor(log, open, { langs, ui }) {
    this.#log = log;
    this.#open = open;
    this.#langs = langs;
    this.#ui = ui;
  }

  /** @returns {number} lines that are held but not drawn */
  get earlierCount() {
    return this.#earlier.size;
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.#drawn.items.length === 0;
  }

  /**
   * @param {readonly Item[]} items all there are, in order
   * @param {Change} change what differs from the last time
   * @param {number} now
   * @param {boolean} following whether the oldest may be taken out of the page
   * @returns {number} how many lines became finished
   */
  render(items, change, now, following) {
    if (change.reset) {
      this.rebuild(items, now);
      return 0;
    }
    this.#newest = items.at(-1);
    for (const item of change.removed) {
      this.#drawn.take(item);
      this.#earlier.delete(item);
    }
    let finished = 0;
    for (const item of change.touched) {
      finished += Number(this.#put(item, now));
    }
    if (following && this.#drawn.items.length > DRAWN_MAX + SLACK) {
      this.#trim();
    }
    return finished;
  }

  /**
   * Draws the newest items from nothing: at the start, and when the reader's choices have changed.
   * @param {readonly Item[]} items
   * @param {number} now
   * @param {{ langs: Lang[], ui: UiLang }} [look]
   */
  rebuild(items, now, look) {
    this.#langs = look?.langs ?? this.#langs;
    this.#ui = look?.ui ?? this.#ui;
    this.#newest = items.at(-1);
    this.#drawn.clear();
    const shown = items.filter((item) => this.#isShown(item));
    const first = Math.max(0, shown.length - DRAWN_MAX);
    this.#earlier = new Set(shown.slice(0, first));
    for (const item of shown.slice(first)) {
      this.#put(item, now);
    }
  }

  /** Draws some of the lines above the first one. @param {number} now */
  showEarlier(now) {
    for (const item of [...this.#earlier].sort(compare).slice(-EARLIER_STEP).reverse()) {
      this.#earlier.delete(item);
      this.#draw(item, 0, now);
    }
  }

  /** Takes the oldest out, back to as many as a follower needs. */
  #trim() {
    for (const item of this.#drawn.items.slice(0, -DRAWN_MAX)) {
      this.#drawn.take(item);
      this.#earlier.add(item);
    }
  }

  /** Looks again at translations that were waited for. @param {number} now */
  refresh(now) {
    for (const item of this.#drawn.waiting()) {
      this.#put(item, now);
    }
  }

  /** @param {Item} item @param {number} now @returns {boolean} whether it became finished, in sight */
  #put(item, now) {
    if (!this.#isShown(item)) {
      this.#drawn.take(item);
      return false;
    }
    const known = this.#drawn.elementOf(item);
    if (known) {
      const wasOpen = known.parentElement === this.#open;
      this.#place(known, item);
      this.#fill(known, item, now);
      return wasOpen && known.parentElement === this.#log;
    }
    const at = this.#drawn.placeOf(item);
    if (at === 0 && this.#earlier.size > 0) {
      this.#earlier.add(item);
      return false;
    }
    this.#draw(item, at, now);
    return item.kind === "line" && isFinished(item, this.#langs);
  }

  /** @param {Item} item @param {number} at @param {number} now */
  #draw(item, at, now) {
    const element = document.createElement("div");
    element.dataset.line = item.kind;
    this.#drawn.add(item, at, element);
    this.#fill(element, item, now);
    this.#place(element, item);
  }

  /**
   * Puts the element where it belongs: below the last element of its box that comes before it.
   * @param {HTMLElement} element
   * @param {Item} item
   */
  #place(element, item) {
    const box = isFinished(item, this.#langs) ? this.#log : this.#open;
    if (element.parentElement === box) {
      return;
    }
    for (let at = this.#drawn.items.lastIndexOf(item) - 1; at >= 0; at -= 1) {
      const before = this.#drawn.elementOf(this.#drawn.items[at]);
      if (before?.parentElement === box) {
        before.after(element);
        return;
      }
    }
    box.prepend(element);
  }

  /** @param {HTMLElement} element @param {Item} item @param {number} now */
  #fill(element, item, now) {
    if (item.kind === "mark") {
      element.className = "mark-line";
      element.textContent = sayMark(this.#ui, item);
      return;
    }
    element.className = "line";
    this.#langs.forEach((lang, row) => {
      let cell = /** @type {HTMLElement | undefined} */ (element.children[row]);
      if (!cell) {
        cell = document.createElement("p");
        cell.append(document.createElement("span"));
        element.append(cell);
      }
      this.#fillCell(cell, item, lang, now);
    });
  }

  /** @param {HTMLElement} cell @param {Line} line @param {Lang} lang @param {number} now */
  #fillCell(cell, line, lang, now) {
    const text = /** @type {HTMLElement} */ (cell.lastElementChild);
    text.lang = lang;
    cell.className = lang === line.src ? "cell spoken" : "cell unspoken";
    this.#label(cell, lang !== line.src);
    cell.hidden = false;
    if (hasText(line.cells[lang], true)) {
      fillCell(text, line.cells[lang], true);
    } else if (isAwaited(line, lang, { newest: this.#newest, now })) {
      if (!text.querySelector(".dots")) {
        fillDots(text, say(this.#ui, "translationComes"));
      }
    } else {
      cell.hidden = true;
    }
  }

  /**
   * Says "translation" to those who do not see the rule beside an original.
   * @param {HTMLElement} cell
   * @param {boolean} wanted
   */
  #label(cell, wanted) {
    const label = cell.querySelector(":scope > .sr");
    if (wanted && !label) {
      const words = document.createElement("span");
      words.className = "sr";
      words.textContent = `${say(this.#ui, "translation")}: `;
      cell.prepend(words);
    } else if (!wanted) {
      label?.remove();
    }
  }

  /** @param {Item} item */
  #isShown(item) {
    return item.kind === "mark" ? sayMark(this.#ui, item) !== null : isShown(item, this.#langs, true);
  }
}
