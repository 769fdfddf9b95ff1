// The wire protocol, version 1: the browser's only mirror of crates/hub/src/wire.rs. docs/protocol.md describes it and
// tests/golden/wire-v1.json holds both sides to the same bytes.
//
// Text in, typed messages out, and back. It keeps no state and does no I/O.

/** @typedef {"kk" | "ru"} Lang */

/**
 * A finished line. Times are milliseconds on the room's clock; a translation has `lang` ≠ `src` and no words. `by` says
 * who wrote it: people whose translation was in the `memory`, or of a `script`; absent for the machine.
 * @typedef {{ o: number, k: "final", seg: number, rev: number, lang: Lang, src: Lang, lc: number, t0: number,
 *   t1: number, text: string, by?: string, w?: [string, number, number, number][] }} FinalEvent
 */
/**
 * Something that happened to the room: `started`, `ended`, `looped`, `gap` (with its length in `millis`), `script` or `effort`
 * (with how much of its work the server does from now on).
 * @typedef {{ o: number, k: "marker", m: string, at: number, millis?: number, effort?: string, on?: boolean }} MarkerEvent
 */
/**
 * An event that concerns another language, or one of a kind that this page does not know: only its place counts.
 * @typedef {{ o: number, k: "skip" }} SkipEvent
 */
/** @typedef {FinalEvent | MarkerEvent | SkipEvent} LogEvent */
/**
 * An unfinished line, whole: `c` will not change any more, `d` may.
 * @typedef {{ seg: number, lang: Lang, src: Lang, t0: number, t1: number, c: string, d: string }} OpenLine
 */

/**
 * @typedef {{ t: "welcome", v: number, s: string, title: string, e: string, o: number, rec: boolean, ev: LogEvent[],
 *   open: OpenLine[] }} Welcome
 */
/** @typedef {{ t: "ev" } & LogEvent} EventMessage */
/** @typedef {{ t: "open" } & OpenLine} OpenMessage */
/** @typedef {{ t: "drop", seg: number }} DropMessage */
/** @typedef {{ t: "ping" }} Ping */
/** @typedef {Welcome | EventMessage | OpenMessage | DropMessage | Ping} ServerMessage */

/**
 * What the client says first. `position` is absent at the first visit.
 * @typedef {{ langs: Lang[], position: { epoch: string, offset: number } | null, tail: boolean }} Hello
 */

/** The version this page speaks. */
export const VERSION = 1;

/** Both languages, in the order in which the hall reads them. */
export const LANGS = /** @type {readonly Lang[]} */ (["kk", "ru"]);

/** The client's answer to a ping. */
export const PONG = JSON.stringify({ t: "pong" });

/** Close codes that mean something to this page. */
export const CLOSE = {
  /** The page is left, or this client starts anew on its own accord. */
  NORMAL: 1000,
  /** The server restarts: come back, but not all at once. */
  RESTART: 1012,
  /** This client read too slowly: come back and recover. */
  SLOW: 3008,
  /** The server speaks another version: the page is out of date. */
  VERSION: 4501,
  /** There is no such room. */
  UNKNOWN_ROOM: 4502,
  /** The room asks for its code. */
  NO_ACCESS: 4504,
};

/** A message that breaks the protocol; the connection it came over is not to be trusted. */
export class ProtocolError extends Error {}

/**
 * The first message of a connection.
 * @param {Hello} hello
 * @returns {string}
 */
export function encodeHello({ langs, position, tail }) {
  const held = position ? { e: position.epoch, o: position.offset } : {};
  return JSON.stringify({ t: "hello", v: VERSION, l: langs, ...held, tail });
}

/**
 * Whether a connection closed with this code may be tried again.
 * @param {number} code
 * @returns {boolean}
 */
export function mayReconnect(code) {
  return !((code >= 3500 && code <= 3999) || (code >= 4500 && code <= 4999));
}

/**
 * Reads one text frame. `null` is a message of a kind this page does not know, to be passed over in silence.
 * @param {string} text
 * @returns {ServerMessage | null}
 * @throws {ProtocolError} when it is no JSON object, or lacks what its kind must have
 */
export function parse(text) {
  const message = record(parseJson(text), "a message");
  switch (message.t) {
    case "welcome":
      return welcome(message);
    case "ev":
      return /** @type {EventMessage} */ ({ ...logEvent(message), t: "ev" });
    case "open":
      return isLang(message.lang) ? { ...openLine(message), t: "open" } : null;
    case "drop":
      return { t: "drop", seg: count(message, "seg") };
    case "ping":
      return { t: "ping" };
    default:
      return null;
  }
}

/**
 * @param {Record<string, unknown>} message
 * @returns {Welcome}
 */
function welcome(message) {
  const { rec } = message;
  if (typeof rec !== "boolean") {
    throw new ProtocolError("welcome.rec must be true or false");
  }
  return {
    t: "welcome",
    v: count(message, "v"),
    s: string(message, "s"),
    title: string(message, "title"),
    e: string(message, "e"),
    o: count(message, "o"),
    rec,
    ev: list(message, "ev").map((event) => logEvent(record(event, "an event"))),
    open: list(message, "open")
      .map((line) => record(line, "an open line"))
      .filter((line) => isLang(line.lang))
      .map(openLine),
  };
}

/**
 * An event of an unknown kind or language still has a place in the log, and so becomes a skip.
 * @param {Record<string, unknown>} event
 * @returns {LogEvent}
 */
function logEvent(event) {
  const o = count(event, "o");
  if (event.k === "marker") {
    /** @type {MarkerEvent} */
    const marker = { o, k: "marker", m: string(event, "m"), at: count(event, "at") };
    if (event.millis !== undefined) {
      marker.millis = count(event, "millis");
    }
    if (event.effort !== undefined) {
      marker.effort = string(event, "effort");
    }
    if (typeof event.on === "boolean") {
      marker.on = event.on;
    }
    return marker;
  }
  if (event.k !== "final" || !isLang(event.lang) || !isLang(event.src)) {
    return { o, k: "skip" };
  }
  /** @type {FinalEvent} */
  const final = {
    o,
    k: "final",
    seg: count(event, "seg"),
    rev: count(event, "rev"),
    lang: event.lang,
    src: event.src,
    lc: number(event, "lc"),
    t0: count(event, "t0"),
    t1: count(event, "t1"),
    text: string(event, "text"),
  };
  if (event.by !== undefined) {
    final.by = string(event, "by");
  }
  if (event.w !== undefined) {
    final.w = /** @type {[string, number, number, number][]} */ (list(event, "w"));
  }
  return final;
}

/**
 * @param {Record<string, unknown>} line
 * @returns {OpenLine}
 */
function openLine(line) {
  if (!isLang(line.lang) || !isLang(line.src)) {
    throw new ProtocolError("an open line must name its languages");
  }
  return {
    seg: count(line, "seg"),
    lang: line.lang,
    src: line.src,
    t0: count(line, "t0"),
    t1: count(line, "t1"),
    c: string(line, "c"),
    d: string(line, "d"),
  };
}

/** @param {string} text @returns {unknown} */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError("a message must be JSON");
  }
}

/** @param {unknown} value @returns {value is Lang} */
export function isLang(value) {
  return value === "kk" || value === "ru";
}

/** @param {unknown} value @param {string} what @returns {Record<string, unknown>} */
function record(value, what) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError(`${what} must be an object`);
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {Record<string, unknown>} from @param {string} key @returns {number} */
function number(from, key) {
  const value = from[key];
  if (typeof value !== "number") {
    throw new ProtocolError(`${key} must be a number`);
  }
  return value;
}

/** A whole number, 0 or more. @param {Record<string, unknown>} from @param {string} key @returns {number} */
function count(from, key) {
  const value = number(from, key);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ProtocolError(`${key} must be a whole number, 0 or more`);
  }
  return value;
}

/** @param {Record<string, unknown>} from @param {string} key @returns {string} */
function string(from, key) {
  const value = from[key];
  if (typeof value !== "string") {
    throw new ProtocolError(`${key} must be text`);
  }
  return value;
}

/** @param {Record<string, unknown>} from @param {string} key @returns {unknown[]} */
function list(from, key) {
  const value = from[key];
  if (!Array.isArray(value)) {
    throw new ProtocolError(`${key} must be a list`);
  }
  return value;
}
