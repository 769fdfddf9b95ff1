// What a room has said so far: messages of the wire become lines in order, each once.
//
// Pure state: no socket, no clock, no page. Whatever the order in which welcomes, events, open lines and drops arrive,
// the lines stand in the order of speech, none twice; a hole in the offsets is noticed and asked for again.

/** @import { FinalEvent, Lang, LogEvent, MarkerEvent, OpenLine, ServerMessage, Welcome } from "./protocol.js" */

/** Finished text, or an unfinished line: `c` stays as it is, `d` may still change. */
/** @typedef {{ final: true, text: string, rev: number } | { final: false, c: string, d: string }} Cell */

/**
 * A caption and its translation. `finishedAt` is when the spoken side was finished, on the caller's clock, or null.
 * @typedef {{ kind: "line", run: number, seg: number, place: number, src: Lang, cells: Record<Lang, Cell | null>,
 *   finishedAt: number | null }} Line
 */
/**
 * A mark between lines: the room started, ended, looped, or lost sound for `millis`.
 * @typedef {{ kind: "mark", run: number, seg: number, place: number, m: string, millis: number }} Mark
 */
/** @typedef {Line | Mark} Item */

/**
 * What a message changed. After a `reset` nothing that was shown before is valid. `resync` asks the caller to connect
 * anew with the position the transcript then gives.
 * @typedef {{ reset: boolean, touched: Set<Item>, removed: Set<Item>, resync: boolean }} Change
 */

/** Items kept, oldest dropped first: more than a day of speech, some megabytes. */
export const MAX_ITEMS = 20_000;

/** Items dropped at once when there are too many, so that the list is seldom moved. */
const DROP_ITEMS = 1_000;

/**
 * Whether the cell may be shown as finished.
 * @param {Cell | null} cell
 * @returns {cell is { final: true, text: string, rev: number }}
 */
export function isFinal(cell) {
  return cell !== null && cell.final;
}

/**
 * The order of items: the order of speech, and a mark after the lines that were finished when it was set.
 * @param {Item} a
 * @param {Item} b
 * @returns {number}
 */
export function compare(a, b) {
  return (
    a.run - b.run ||
    a.seg - b.seg ||
    Number(a.kind === "mark") - Number(b.kind === "mark") ||
    a.place - b.place
  );
}

export class Transcript {
  /** @type {string | null} */
  #epoch = null;
  /** The last offset up to which every event is held. */
  #offset = 0;
  /** Set when the next welcome must bring the log's newest part whole, because the position is of no use. */
  #anew = false;
  /**
   * Offsets of the room's starts. Segment numbers may begin again at each, so a line is known by its start and number.
   * @type {number[]}
   */
  #starts = [];
  /** The highest finished segment of the newest run. Open lines do not count: who comes later never sees them. */
  #topSegment = 0;
  /** @type {Item[]} */
  #items = [];
  /** @type {Map<string, Item>} */
  #byKey = new Map();

  /** @returns {readonly Item[]} every item in order */
  get items() {
    return this.#items;
  }

  /** @returns {{ epoch: string, offset: number } | null} what to say in the next hello */
  get position() {
    return this.#epoch === null || this.#anew ? null : { epoch: this.#epoch, offset: this.#offset };
  }

  /**
   * The reader wants other languages: events that were skipped must come again, so the next hello gives no position.
   * What is held stays, and is joined with the welcome's events if they meet.
   */
  askAnew() {
    this.#anew = true;
  }

  /**
   * @param {ServerMessage} message
   * @param {number} now milliseconds on any clock that does not run backwards
   * @returns {Change}
   */
  apply(message, now) {
    /** @type {Change} */
    const change = { reset: false, touched: new Set(), removed: new Set(), resync: false };
    switch (message.t) {
      case "welcome":
        this.#welcome(message, now, change);
        break;
      case "ev":
        if (message.o > this.#offset + 1) {
          change.resync = true;
        } else if (message.o > this.#offset) {
          this.#event(message, now, change);
        }
        break;
      case "open":
        this.#open(message, change);
        break;
      case "drop":
        this.#drop(message.seg, change);
        break;
      case "ping":
        break;
    }
    this.#bound(change);
    return change;
  }

  /** @param {Welcome} welcome @param {number} now @param {Change} change */
  #welcome(welcome, now, change) {
    const first = welcome.ev[0]?.o ?? welcome.o + 1;
    const meets = welcome.e === this.#epoch && first <= this.#offset + 1 && welcome.o >= this.#offset;
    if (welcome.rec && !meets) {
      // The server believes that this continues what is held, and it does not: only a whole welcome can be trusted.
      this.#anew = true;
      change.resync = true;
      return;
    }
    if (!(meets && (welcome.rec || this.#anew))) {
      this.#reset(welcome.e, first - 1, change);
    }
    for (const event of welcome.ev) {
      if (event.o > this.#offset + 1 && welcome.rec) {
        this.#anew = true;
        change.resync = true;
        return;
      }
      this.#event(event, now, change);
    }
    if (welcome.rec && this.#offset !== welcome.o) {
      this.#anew = true;
      change.resync = true;
      return;
    }
    this.#offset = welcome.o;
    this.#anew = false;
    this.#replaceOpen(welcome.open, change);
  }

  /** @param {string} epoch @param {number} offset @param {Change} change */
  #reset(epoch, offset, change) {
    this.#epoch = epoch;
    this.#offset = offset;
    this.#starts = [];
    this.#topSegment = 0;
    this.#items = [];
    this.#byKey.clear();
    change.reset = true;
    change.touched.clear();
  }

  /** @param {LogEvent} event @param {number} now @param {Change} change */
  #event(event, now, change) {
    this.#offset = Math.max(this.#offset, event.o);
    if (event.k === "final") {
      this.#final(event, now, change);
    } else if (event.k === "marker") {
      this.#marker(event, change);
    }
  }

  /** @param {FinalEvent} event @param {number} now @param {Change} change */
  #final(event, now, change) {
    const run = this.#runAt(event.o);
    if (run === this.#currentRun()) {
      this.#topSegment = Math.max(this.#topSegment, event.seg);
    }
    const line = this.#line(run, event.seg, event.src);
    const cell = line.cells[event.lang];
    if (isFinal(cell) && cell.rev >= event.rev) {
      return;
    }
    line.cells[event.lang] = { final: true, text: event.text, rev: event.rev };
    if (event.lang === event.src) {
      this.#spokenIs(line, event.src);
      line.finishedAt ??= now;
    }
    change.touched.add(line);
  }

  /** @param {MarkerEvent} event @param {Change} change */
  #marker(event, change) {
    const key = `mark ${event.o}`;
    if (this.#byKey.has(key)) {
      return;
    }
    if (event.m === "started") {
      this.#starts.push(event.o);
      this.#topSegment = 0;
    }
    /** @type {Mark} */
    const mark = {
      kind: "mark",
      run: this.#runAt(event.o),
      seg: this.#topSegment,
      place: event.o,
      m: event.m,
      millis: event.millis ?? 0,
    };
    this.#insert(key, mark);
    change.touched.add(mark);
  }

  /** @param {OpenLine} open @param {Change} change */
  #open(open, change) {
    const line = this.#line(this.#currentRun(), open.seg, open.src);
    if (open.lang === open.src) {
      this.#spokenIs(line, open.src);
    }
    if (!isFinal(line.cells[open.lang])) {
      line.cells[open.lang] = { final: false, c: open.c, d: open.d };
    }
    change.touched.add(line);
    change.removed.delete(line);
  }

  /** @param {number} segment @param {Change} change */
  #drop(segment, change) {
    const line = this.#byKey.get(`line ${this.#currentRun()} ${segment}`);
    if (line?.kind === "line") {
      this.#clearOpen(line, change);
    }
  }

  /** @param {OpenLine[]} open @param {Change} change */
  #replaceOpen(open, change) {
    const stay = new Set(open.map((line) => line.seg));
    for (const item of [...this.#items]) {
      if (item.kind === "line" && !(item.run === this.#currentRun() && stay.has(item.seg))) {
        this.#clearOpen(item, change);
      }
    }
    for (const line of open) {
      this.#open(line, change);
    }
  }

  /**
   * Takes the unfinished text out of a line, and the line itself when nothing else is in it.
   * @param {Line} line
   * @param {Change} change
   */
  #clearOpen(line, change) {
    const { kk, ru } = line.cells;
    line.cells = { kk: isFinal(kk) ? kk : null, ru: isFinal(ru) ? ru : null };
    if (line.cells.kk === null && line.cells.ru === null) {
      this.#remove(line, change);
    } else if (line.cells.kk !== kk || line.cells.ru !== ru) {
      change.touched.add(line);
    }
  }

  /**
   * The language of an unfinished line is a guess; once it is known to be another, text under the old guess goes.
   * @param {Line} line
   * @param {Lang} src
   */
  #spokenIs(line, src) {
    if (line.src !== src) {
      const cell = line.cells[line.src];
      line.cells[line.src] = isFinal(cell) ? cell : null;
      line.src = src;
    }
  }

  /** @param {number} run @param {number} segment @param {Lang} src @returns {Line} */
  #line(run, segment, src) {
    const key = `line ${run} ${segment}`;
    const known = this.#byKey.get(key);
    if (known?.kind === "line") {
      return known;
    }
    /** @type {Line} */
    const line = { kind: "line", run, seg: segment, place: 0, src, cells: { kk: null, ru: null }, finishedAt: null };
    this.#insert(key, line);
    return line;
  }

  /** New items nearly always come last, so the place is sought from the end. @param {string} key @param {Item} item */
  #insert(key, item) {
    let at = this.#items.length;
    while (at > 0 && compare(/** @type {Item} */ (this.#items[at - 1]), item) > 0) {
      at -= 1;
    }
    this.#items.splice(at, 0, item);
    this.#byKey.set(key, item);
  }

  /** @param {Item} item @param {Change} change */
  #remove(item, change) {
    this.#items.splice(this.#items.lastIndexOf(item), 1);
    this.#forget(item, change);
  }

  /** @param {Item} item @param {Change} change */
  #forget(item, change) {
    this.#byKey.delete(item.kind === "line" ? `line ${item.run} ${item.seg}` : `mark ${item.place}`);
    change.touched.delete(item);
    change.removed.add(item);
  }

  /** @param {Change} change */
  #bound(change) {
    if (this.#items.length > MAX_ITEMS) {
      for (const item of this.#items.splice(0, DROP_ITEMS)) {
        this.#forget(item, change);
      }
    }
  }

  /** @returns {number} */
  #currentRun() {
    return this.#starts.at(-1) ?? 0;
  }

  /** The offset of the start that the event at `offset` belongs to. @param {number} offset @returns {number} */
  #runAt(offset) {
    return this.#starts.findLast((start) => start <= offset) ?? 0;
  }
}
