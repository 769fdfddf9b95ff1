// A room as a page sees it: one connection, one transcript, and a drawing at most once a frame.

import { Connection, followDevice } from "./connection.js";
import { addChange, noChange } from "./lines.js";
import { CLOSE, encodeHello } from "./protocol.js";
import { Transcript } from "./transcript.js";

/** @import { Status } from "./connection.js" */
/** @import { Word } from "./i18n.js" */
/** @import { Lang } from "./protocol.js" */
/** @import { Change, Item } from "./transcript.js" */

/**
 * @typedef {object} Parts
 * @property {string} url
 * @property {() => { langs: Lang[], tail: boolean }} wants what the reader wants at present
 * @property {(title: string) => void} onTitle
 * @property {(status: Status) => void} onStatus
 * @property {(items: readonly Item[], change: Change, now: number) => void} draw
 */

export class Room {
  #transcript = new Transcript();
  #connection;
  #draw;
  #pending = noChange();
  #frame = 0;

  /** @param {Parts} parts */
  constructor({ url, wants, onTitle, onStatus, draw }) {
    this.#draw = draw;
    this.#connection = new Connection({
      url,
      hello: () => encodeHello({ ...wants(), position: this.#transcript.position }),
      onMessage: (message) => {
        if (message.t === "welcome") {
          onTitle(message.title || message.s);
        }
        const change = this.#transcript.apply(message, performance.now());
        addChange(this.#pending, change);
        this.#frame ||= requestAnimationFrame(() => this.#drawNow());
        return change;
      },
      onStatus,
    });
  }

  /** @returns {readonly Item[]} every item held, in order */
  get items() {
    return this.#transcript.items;
  }

  /** @returns {Status} */
  get status() {
    return this.#connection.status;
  }

  /** Connects, for the first time. */
  open() {
    followDevice(this.#connection);
    this.#connection.start();
  }

  /** Tells the server what the reader wants now. @param {{ otherLangs: boolean }} change */
  askAgain({ otherLangs }) {
    if (otherLangs) {
      this.#transcript.askAnew();
    }
    this.#connection.start();
  }

  #drawNow() {
    this.#frame = 0;
    const change = this.#pending;
    this.#pending = noChange();
    this.#draw(this.items, change, performance.now());
  }
}

/**
 * What to tell people of a connection.
 * @param {Status} status
 * @returns {Word}
 */
export function statusWord(status) {
  switch (status.state) {
    case "live":
      return "live";
    case "waiting":
      return "reconnecting";
    case "connecting":
      return status.again ? "reconnecting" : "connecting";
    case "stopped":
      return stoppedWord(status.code);
  }
}

/** @param {number} code @returns {Word} */
function stoppedWord(code) {
  switch (code) {
    case 0:
      return "connecting";
    case CLOSE.UNKNOWN_ROOM:
      return "unknownRoom";
    case CLOSE.NO_ACCESS:
      return "asksForCode";
    case CLOSE.VERSION:
      return "outOfDate";
    default:
      return "refused";
  }
}
