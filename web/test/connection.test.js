import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Connection,
  RESTART_SPREAD_MILLIS,
  RETRY_MAX_MILLIS,
  SILENCE_MILLIS,
  STABLE_MILLIS,
  WAKE_SILENCE_MILLIS,
  WELCOME_MILLIS,
  retryMillis,
} from "../assets/lib/connection.js";

const WELCOME = '{"t":"welcome","v":1,"s":"demo","title":"","e":"e","o":0,"rec":false,"ev":[],"open":[]}';

/** A clock that stands until it is moved. */
class ScriptedClock {
  #now = 0;
  #next = 1;
  /** @type {Map<number, { at: number, run: () => void }>} */
  #timers = new Map();

  now() {
    return this.#now;
  }

  /** @param {() => void} run @param {number} millis */
  setTimeout(run, millis) {
    this.#timers.set(this.#next, { at: this.#now + millis, run });
    return this.#next++;
  }

  /** @param {number | undefined} timer */
  clearTimeout(timer) {
    if (timer !== undefined) {
      this.#timers.delete(timer);
    }
  }

  /** @param {number} millis */
  pass(millis) {
    const end = this.#now + millis;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) {
        break;
      }
      this.#timers.delete(due[0]);
      this.#now = due[1].at;
      due[1].run();
    }
    this.#now = end;
  }

  /** @returns {number} */
  get running() {
    return this.#timers.size;
  }
}

class ScriptedSocket {
  /** @type {string[]} */
  sent = [];
  closed = false;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;

  /** @param {string} text */
  send(text) {
    this.sent.push(text);
  }

  close() {
    this.closed = true;
  }

  /** @param {string} text */
  hear(text) {
    this.onmessage?.({ data: text });
  }

  /** Opens and is welcomed. */
  welcome() {
    this.onopen?.({});
    this.hear(WELCOME);
  }

  /** @param {number} code */
  lose(code) {
    this.onclose?.({ code });
  }
}

/** A connection whose network and time the test moves by hand. @param {{ chance?: number }} [parts] */
function scripted({ chance = 0.5 } = {}) {
  const clock = new ScriptedClock();
  /** @type {ScriptedSocket[]} */
  const sockets = [];
  /** @type {string[]} */
  const states = [];
  /** @type {string[]} */
  const heard = [];
  const script = { resync: false };
  const connection = new Connection({
    url: "ws://hall/",
    hello: () => `hello ${sockets.length}`,
    onMessage: (message) => {
      heard.push(message.t);
      return script;
    },
    onStatus: (status) => states.push(status.state === "stopped" ? `stopped ${status.code}` : status.state),
    connect: () => {
      const socket = new ScriptedSocket();
      sockets.push(socket);
      return socket;
    },
    random: () => chance,
    clock,
  });
  connection.start();
  return {
    connection,
    clock,
    sockets,
    states,
    heard,
    script,
    get socket() {
      return /** @type {ScriptedSocket} */ (sockets.at(-1));
    },
  };
}

test("hello, welcome, live; pings are answered", () => {
  const room = scripted();
  room.socket.welcome();
  room.socket.hear('{"t":"ping"}');
  room.socket.hear('{"t":"mood"}');
  room.socket.hear('{"t":"drop","seg":1}');
  assert.deepEqual(room.states, ["connecting", "live"]);
  assert.deepEqual(room.socket.sent, ["hello 1", '{"t":"pong"}']);
  assert.deepEqual(room.heard, ["welcome", "drop"]);
});

test("nothing is taken before the welcome", () => {
  const room = scripted();
  room.socket.onopen?.({});
  room.socket.hear('{"t":"drop","seg":1}');
  assert.deepEqual(room.heard, []);
});

test("the pause doubles up to its limit, with full jitter", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 99].map((attempt) => retryMillis(attempt, 1006, 1));
  assert.deepEqual(ceilings, [500, 1000, 2000, 4000, 8000, 16_000, RETRY_MAX_MILLIS, RETRY_MAX_MILLIS]);
  assert.equal(retryMillis(3, 1006, 0), 0);
  assert.equal(retryMillis(0, 1012, 0.5), RESTART_SPREAD_MILLIS / 2);
});

test("a lost connection is tried again, later each time, until one lasts", () => {
  const room = scripted({ chance: 0.5 });
  for (const pause of [250, 500, 1000]) {
    room.socket.lose(1006);
    const tries = room.sockets.length;
    room.clock.pass(pause - 1);
    assert.equal(room.sockets.length, tries);
    room.clock.pass(1);
    assert.equal(room.sockets.length, tries + 1);
  }
  // A connection that breaks soon after its welcome was no good one: the pause goes on growing.
  room.socket.welcome();
  room.socket.lose(3008);
  room.clock.pass(1999);
  assert.equal(room.sockets.length, 4);
  room.clock.pass(1);
  room.socket.welcome();
  room.clock.pass(STABLE_MILLIS);
  room.socket.lose(1006);
  room.clock.pass(250);
  assert.equal(room.sockets.length, 6);
});

test("some codes forbid to come back", () => {
  for (const code of [3500, 3999, 4500, 4501, 4502, 4503, 4999]) {
    const room = scripted();
    room.socket.lose(code);
    room.clock.pass(10 * RETRY_MAX_MILLIS);
    assert.deepEqual(room.states, ["connecting", `stopped ${code}`]);
    assert.equal(room.clock.running, 0);
  }
});

test("a connection without a welcome, or silent for too long, is given up", () => {
  const room = scripted({ chance: 0 });
  room.socket.onopen?.({});
  room.clock.pass(WELCOME_MILLIS);
  assert.deepEqual([room.sockets.length, room.sockets[0]?.closed], [2, true]);
  room.socket.welcome();
  room.clock.pass(SILENCE_MILLIS - 1);
  room.socket.hear('{"t":"ping"}');
  room.clock.pass(SILENCE_MILLIS - 1);
  assert.equal(room.sockets.length, 2);
  room.clock.pass(1);
  assert.equal(room.sockets.length, 3);
});

test("a message that breaks the protocol breaks the connection, and so does a hole in the log", () => {
  const room = scripted({ chance: 0 });
  room.socket.welcome();
  room.socket.hear("garbage");
  room.clock.pass(0);
  assert.equal(room.sockets.length, 2);
  room.socket.welcome();
  room.script.resync = true;
  room.socket.hear('{"t":"ev","o":9,"k":"skip"}');
  room.script.resync = false;
  room.clock.pass(0);
  assert.equal(room.sockets.length, 3);
  room.socket.welcome();
  assert.equal(room.socket.sent[0], "hello 3");
  assert.equal(room.states.at(-1), "live");
});

test("an abandoned socket is deaf", () => {
  const room = scripted();
  const old = room.socket;
  old.welcome();
  room.connection.start();
  old.hear('{"t":"drop","seg":1}');
  old.lose(4502);
  assert.deepEqual(room.heard, ["welcome"]);
  assert.equal(room.states.at(-1), "connecting");
});

test("a nudge ends a wait and distrusts a silent socket, but leaves a lively one alone", () => {
  const room = scripted({ chance: 1 });
  room.socket.lose(1006);
  room.connection.nudge();
  assert.equal(room.sockets.length, 2);
  room.socket.welcome();
  room.clock.pass(WAKE_SILENCE_MILLIS);
  room.connection.nudge();
  assert.equal(room.sockets.length, 2);
  room.clock.pass(1);
  room.connection.nudge();
  assert.equal(room.sockets.length, 3);
  room.connection.stop();
  room.connection.nudge();
  assert.deepEqual([room.sockets.length, room.states.at(-1), room.clock.running], [3, "stopped 0", 0]);
});
