// Keeps one WebSocket to a room alive: says hello, answers pings, notices silence, comes back after a break.
//
// Decisions are plain functions (`retryMillis`, protocol.js `mayReconnect`); the class only carries them out. What the
// messages mean is transcript.js's affair. Sockets, timers and chance are handed in, so tests need no network.

import { CLOSE, PONG, ProtocolError, mayReconnect, parse } from "./protocol.js";

/** @import { ServerMessage } from "./protocol.js" */

/**
 * `connecting` until the welcome came (`again` after a loss), `live` after it, `waiting` between tries, `stopped` for
 * good with the close code that forbids another try (0 when this side stopped).
 * @typedef {{ state: "connecting", again: boolean } | { state: "live" } | { state: "waiting" }
 *   | { state: "stopped", code: number }} Status
 */

/**
 * What of a WebSocket is used here.
 * @typedef {{ send(text: string): void, close(code?: number): void, onopen: ((event: any) => void) | null,
 *   onmessage: ((event: any) => void) | null, onclose: ((event: any) => void) | null }} Socket
 */

/**
 * @typedef {object} Parts
 * @property {string} url
 * @property {() => string} hello the first message, built anew for each connection
 * @property {(message: ServerMessage) => { resync: boolean }} onMessage `resync`: connect again with a new hello
 * @property {(status: Status) => void} onStatus
 * @property {(url: string) => Socket} [connect]
 * @property {() => number} [random] from 0 up to 1
 * @property {{ setTimeout(run: () => void, millis: number): number, clearTimeout(timer: number | undefined): void,
 *   now(): number }} [clock]
 */

/** A connection that has no welcome by then is given up. */
export const WELCOME_MILLIS = 15_000;
/** The server pings every 25 s; a connection silent for this long is dead even if the socket does not know it. */
export const SILENCE_MILLIS = 60_000;
/** After waking up, one ping's time of silence is enough to distrust the socket. */
export const WAKE_SILENCE_MILLIS = 30_000;
/** A connection that lasted this long was good: the next break counts as the first. */
export const STABLE_MILLIS = 10_000;
/** The longest pause between two tries. */
export const RETRY_MAX_MILLIS = 20_000;
/** The first try again comes within this time, the next within twice of it, and so on. */
export const RETRY_BASE_MILLIS = 500;
/** A hall of phones comes back to a restarted server spread over this time. */
export const RESTART_SPREAD_MILLIS = 10_000;

/**
 * How long to wait before the next try: full jitter, so that a hall of phones does not knock at one moment.
 * @param {number} attempt failed tries so far, from 0
 * @param {number} code the close code of the last connection
 * @param {number} chance from 0 up to 1
 * @returns {number} milliseconds
 */
export function retryMillis(attempt, code, chance) {
  if (code === CLOSE.RESTART) {
    return chance * RESTART_SPREAD_MILLIS;
  }
  return chance * Math.min(RETRY_MAX_MILLIS, RETRY_BASE_MILLIS * 2 ** attempt);
}

export class Connection {
  #parts;
  #clock;
  /** @type {Socket | null} */
  #socket = null;
  /** @type {Status} */
  #status = { state: "stopped", code: 0 };
  #attempt = 0;
  /** Whether a connection was lost since the last welcome. */
  #lostOne = false;
  #lastHeard = 0;
  /** The next try, or the limit on the wait for a welcome or a ping. @type {number | undefined} */
  #timer;
  /** @type {number | undefined} */
  #stableTimer;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = {
      connect: /** @param {string} url @returns {Socket} */ (url) => new WebSocket(url),
      random: Math.random,
      ...parts,
    };
    this.#clock = parts.clock ?? {
      setTimeout: /** @param {() => void} run @param {number} millis */ (run, millis) =>
        /** @type {number} */ (/** @type {unknown} */ (setTimeout(run, millis))),
      clearTimeout: /** @param {number | undefined} timer */ (timer) => clearTimeout(timer),
      now: () => performance.now(),
    };
  }

  /** @returns {Status} */
  get status() {
    return this.#status;
  }

  /** Connects, at once and whatever was before: also the way to say a new hello. */
  start() {
    this.#abandon();
    this.#setStatus({ state: "connecting", again: this.#lostOne });
    const socket = this.#parts.connect(this.#parts.url);
    this.#socket = socket;
    socket.onopen = () => socket.send(this.#parts.hello());
    socket.onmessage = ({ data }) => this.#hear(String(data));
    socket.onclose = ({ code }) => this.#lost(code);
    this.#timer = this.#clock.setTimeout(() => this.#lost(0), WELCOME_MILLIS);
  }

  /** Closes for good, until `start`. */
  stop() {
    this.#abandon();
    this.#setStatus({ state: "stopped", code: 0 });
  }

  /**
   * The device says that the network may be back, or the page is looked at again: no reason to wait any longer, and a
   * reason to distrust a socket that may have died while the phone slept.
   */
  nudge() {
    const silent = this.#clock.now() - this.#lastHeard > WAKE_SILENCE_MILLIS;
    if (this.#status.state === "waiting" || (this.#status.state === "live" && silent)) {
      this.start();
    }
  }

  /** @param {string} text */
  #hear(text) {
    let message;
    try {
      message = parse(text);
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#lost(0);
        return;
      }
      throw error;
    }
    this.#lastHeard = this.#clock.now();
    if (this.#status.state === "live") {
      this.#watch();
    }
    if (message === null) {
      return;
    }
    if (message.t === "ping") {
      this.#socket?.send(PONG);
      return;
    }
    if (message.t !== "welcome" && this.#status.state !== "live") {
      return;
    }
    if (this.#parts.onMessage(message).resync) {
      this.#lost(0);
      return;
    }
    if (message.t === "welcome") {
      this.#lostOne = false;
      this.#watch();
      this.#stableTimer = this.#clock.setTimeout(() => (this.#attempt = 0), STABLE_MILLIS);
      this.#setStatus({ state: "live" });
    }
  }

  #watch() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#lost(0), SILENCE_MILLIS);
  }

  /** @param {number} code the close code, 0 when this side gave the connection up */
  #lost(code) {
    this.#abandon();
    this.#lostOne = true;
    if (!mayReconnect(code)) {
      this.#setStatus({ state: "stopped", code });
      return;
    }
    const pause = retryMillis(this.#attempt, code, this.#parts.random());
    this.#attempt += 1;
    this.#timer = this.#clock.setTimeout(() => this.start(), pause);
    this.#setStatus({ state: "waiting" });
  }

  /** Lets go of the socket, deaf to whatever it may still say, and of every timer. */
  #abandon() {
    this.#clock.clearTimeout(this.#timer);
    this.#clock.clearTimeout(this.#stableTimer);
    const socket = this.#socket;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(CLOSE.NORMAL);
      this.#socket = null;
    }
  }

  /** @param {Status} status */
  #setStatus(status) {
    this.#status = status;
    this.#parts.onStatus(status);
  }
}

/**
 * Passes on what the device knows about its network and whether anyone is looking.
 * @param {Connection} connection
 */
export function followDevice(connection) {
  addEventListener("online", () => connection.nudge());
  addEventListener("pageshow", () => connection.nudge());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      connection.nudge();
    }
  });
}
