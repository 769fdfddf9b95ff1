import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ITEMS, Transcript, compare } from "../assets/lib/transcript.js";

/** @import { Lang, LogEvent, OpenLine, Welcome } from "../assets/lib/protocol.js" */

const EPOCH = "0".repeat(32);

/** @param {number} o @param {number} seg @param {Lang} lang @param {string} text @returns {LogEvent} */
function final(o, seg, lang, text, { src = lang, rev = 0 } = {}) {
  return { o, k: "final", seg, rev, lang, src, lc: 1, t0: seg * 1000, t1: seg * 1000 + 900, text };
}

/** @param {number} o @param {string} m @returns {LogEvent} */
function marker(o, m) {
  return { o, k: "marker", m, at: 0 };
}

/** @param {number} seg @param {Lang} lang @param {string} c @param {string} d @returns {OpenLine} */
function open(seg, lang, c, d, src = lang) {
  return { seg, lang, src, t0: 0, t1: 0, c, d };
}

/** @param {Partial<Welcome>} part @returns {Welcome} */
function welcome(part) {
  return { t: "welcome", v: 1, s: "demo", title: "", e: EPOCH, o: 0, rec: false, ev: [], open: [], ...part };
}

/** What a reader sees: one string an item. @param {Transcript} transcript */
function seen(transcript) {
  return transcript.items.map((item) => {
    if (item.kind === "mark") {
      return `--${item.m}--`;
    }
    const cells = /** @type {Lang[]} */ (["kk", "ru"]).map((lang) => {
      const cell = item.cells[lang];
      return cell === null ? "" : cell.final ? cell.text : `${cell.c}(${cell.d})`;
    });
    return `${item.seg}: ${cells.join(" | ")}`;
  });
}

/** A transcript that has had these messages. @param {import("../assets/lib/protocol.js").ServerMessage[]} messages */
function after(...messages) {
  const transcript = new Transcript();
  messages.forEach((message, at) => transcript.apply(message, at));
  return transcript;
}

test("a caption and its translation share a line", () => {
  const transcript = after(
    welcome({}),
    { t: "open", ...open(1, "ru", "Доброе", "утро") },
    { t: "ev", ...final(1, 1, "ru", "Доброе утро.") },
    { t: "open", ...open(2, "kk", "", "Рақмет") },
    { t: "ev", ...final(2, 1, "kk", "Қайырлы таң.", { src: "ru" }) },
  );
  assert.deepEqual(seen(transcript), ["1: Қайырлы таң. | Доброе утро.", "2: (Рақмет) | "]);
  assert.deepEqual(transcript.position, { epoch: EPOCH, offset: 2 });
});

test("an open line is replaced by the newest, then by its final, and no late one comes back", () => {
  const transcript = after(welcome({}));
  /** @param {string} c @param {string} d */
  const say = (c, d) => transcript.apply({ t: "open", ...open(1, "kk", c, d) }, 0);
  say("", "бір");
  say("бір", "екі");
  assert.deepEqual(seen(transcript), ["1: бір(екі) | "]);
  transcript.apply({ t: "ev", ...final(1, 1, "kk", "бір екі") }, 0);
  say("бір екі", "үш");
  assert.deepEqual(seen(transcript), ["1: бір екі | "]);
});

test("a dropped segment takes its open lines, never a finished one", () => {
  const transcript = after(
    welcome({}),
    { t: "open", ...open(1, "ru", "эм", "") },
    { t: "open", ...open(1, "kk", "ым", "", "ru") },
    { t: "ev", ...final(1, 2, "ru", "Итак.") },
    { t: "open", ...open(2, "kk", "Сонымен", "", "ru") },
  );
  const gone = transcript.apply({ t: "drop", seg: 1 }, 0);
  assert.deepEqual([gone.removed.size, gone.touched.size], [1, 0]);
  transcript.apply({ t: "drop", seg: 2 }, 0);
  transcript.apply({ t: "drop", seg: 9 }, 0);
  assert.deepEqual(seen(transcript), ["2:  | Итак."]);
});

test("a corrected guess of the language takes its text away", () => {
  const transcript = after(
    welcome({}),
    { t: "open", ...open(1, "ru", "салем", "") },
    { t: "open", ...open(1, "kk", "Сәлем", "") },
  );
  assert.deepEqual(seen(transcript), ["1: Сәлем() | "]);
  transcript.apply({ t: "open", ...open(2, "ru", "ракмет", "") }, 0);
  transcript.apply({ t: "ev", ...final(1, 2, "kk", "Рақмет.") }, 0);
  assert.deepEqual(seen(transcript), ["1: Сәлем() | ", "2: Рақмет. | "]);
});

test("a higher revision replaces, a lower or equal one does not", () => {
  const transcript = after(
    welcome({}),
    { t: "ev", ...final(1, 1, "ru", "новая", { rev: 1 }) },
    { t: "ev", ...final(2, 1, "ru", "старая") },
    { t: "ev", ...final(3, 1, "ru", "та же", { rev: 1 }) },
  );
  assert.deepEqual(seen(transcript), ["1:  | новая"]);
  transcript.apply({ t: "ev", ...final(4, 1, "ru", "новейшая", { rev: 2 }) }, 0);
  assert.deepEqual(seen(transcript), ["1:  | новейшая"]);
});

test("an event already held is passed over, a gap is noticed and nothing is taken from beyond it", () => {
  const transcript = after(welcome({}), { t: "ev", ...final(1, 1, "ru", "раз") });
  assert.equal(transcript.apply({ t: "ev", ...final(1, 1, "ru", "дважды") }, 0).resync, false);
  assert.equal(transcript.apply({ t: "ev", ...final(3, 3, "ru", "три") }, 0).resync, true);
  assert.deepEqual(seen(transcript), ["1:  | раз"]);
  assert.deepEqual(transcript.position, { epoch: EPOCH, offset: 1 });
  const ev = [final(2, 2, "ru", "два"), final(3, 3, "ru", "три")];
  transcript.apply(welcome({ o: 3, rec: true, ev }), 0);
  assert.deepEqual(seen(transcript), ["1:  | раз", "2:  | два", "3:  | три"]);
});

test("skipped events keep the offsets whole", () => {
  const transcript = after(welcome({}), { t: "ev", o: 1, k: "skip" }, { t: "ev", ...final(2, 1, "ru", "да") });
  assert.deepEqual(transcript.position, { epoch: EPOCH, offset: 2 });
});

test("a welcome replaces every open line", () => {
  const transcript = after(
    welcome({ o: 1, ev: [final(1, 1, "ru", "раз")], open: [open(2, "ru", "два", ""), open(3, "ru", "три", "")] }),
  );
  const change = transcript.apply(welcome({ o: 1, rec: true, open: [open(3, "ru", "три", "четыре")] }), 0);
  assert.deepEqual(seen(transcript), ["1:  | раз", "3:  | три(четыре)"]);
  assert.deepEqual([change.reset, change.resync, change.removed.size, change.touched.size], [false, false, 1, 1]);
});

test("another epoch, or a welcome that did not recover, forgets everything", () => {
  for (const part of [{ e: "f".repeat(32) }, { e: EPOCH }]) {
    const transcript = after(welcome({ o: 1, ev: [final(1, 1, "ru", "прежнее")] }));
    const change = transcript.apply(welcome({ ...part, o: 9, ev: [final(9, 1, "ru", "новое")] }), 0);
    assert.deepEqual([change.reset, seen(transcript)], [true, ["1:  | новое"]]);
    assert.deepEqual(transcript.position, { epoch: part.e, offset: 9 });
  }
});

test("a recovery that does not meet what is held is not trusted: the next hello asks for all", () => {
  const wrong = [
    welcome({ o: 4, rec: true, ev: [final(4, 4, "ru", "четыре")] }),
    welcome({ o: 4, rec: true, ev: [final(2, 2, "ru", "два"), final(4, 4, "ru", "четыре")] }),
    welcome({ o: 4, rec: true, ev: [final(2, 2, "ru", "два")] }),
    welcome({ o: 1, rec: true, e: "f".repeat(32) }),
  ];
  for (const message of wrong) {
    const transcript = after(welcome({ o: 1, ev: [final(1, 1, "ru", "раз")] }));
    assert.equal(transcript.apply(message, 0).resync, true);
    assert.equal(transcript.position, null);
    const ev = [1, 2, 3, 4].map((o) => final(o, o, "ru", String(o)));
    assert.equal(transcript.apply(welcome({ o: 4, ev, e: message.e }), 0).resync, false);
    assert.deepEqual(transcript.items.length, 4);
  }
});

test("another language is joined with what is held, and older lines stay", () => {
  const ru = [1, 2, 3].map((seg) => final(2 * seg - 1, seg, "ru", `р${seg}`));
  const both = ru.flatMap((event) => {
    const translation = final(event.o + 1, (event.o + 1) / 2, "kk", `қ${event.o}`, { src: "ru" });
    return [event, translation];
  });
  const skips = ru.flatMap((event) => [event, /** @type {LogEvent} */ ({ o: event.o + 1, k: "skip" })]);
  const transcript = after(welcome({ o: 6, ev: skips }));
  transcript.askAnew();
  assert.equal(transcript.position, null);
  // The welcome holds the newest part alone.
  const change = transcript.apply(welcome({ o: 6, ev: both.slice(2) }), 0);
  assert.equal(change.reset, false);
  assert.deepEqual(seen(transcript), ["1:  | р1", "2: қ3 | р2", "3: қ5 | р3"]);
  assert.deepEqual(transcript.position, { epoch: EPOCH, offset: 6 });
  // When the newest part does not reach back to what is held, there would be a hole: so it starts afresh.
  transcript.askAnew();
  assert.equal(transcript.apply(welcome({ o: 9, ev: [final(9, 9, "kk", "тоғыз")] }), 0).reset, true);
});

test("marks stand where they were set, and a new start may count segments from one again", () => {
  const events = [
    marker(1, "started"),
    final(2, 1, "ru", "раз"),
    final(3, 2, "ru", "два"),
    marker(4, "looped"),
    final(5, 2, "kk", "екі", { src: "ru" }),
    final(6, 3, "ru", "три"),
    marker(7, "started"),
    final(8, 1, "ru", "снова"),
  ];
  const expected = [
    "--started--",
    "1:  | раз",
    "2: екі | два",
    "--looped--",
    "3:  | три",
    "--started--",
    "1:  | снова",
  ];
  assert.deepEqual(seen(after(welcome({ o: 8, ev: events }))), expected);
  const live = after(welcome({}), ...events.map((event) => ({ t: /** @type {const} */ ("ev"), ...event })));
  assert.deepEqual(seen(live), expected);
  live.askAnew();
  live.apply(welcome({ o: 8, ev: events.slice(4) }), 0);
  assert.deepEqual(seen(live), expected);
});

test("the list is bounded, its oldest items go first", () => {
  const transcript = after(welcome({}));
  let removed = 0;
  for (let o = 1; o <= MAX_ITEMS + 1; o += 1) {
    removed += transcript.apply({ t: "ev", ...final(o, o, "ru", "x") }, 0).removed.size;
  }
  assert.equal(transcript.items.length, MAX_ITEMS + 1 - removed);
  assert.ok(removed > 0 && transcript.items[0]?.seg === removed + 1);
});

/** A small generator, so that a failure can be run again. @param {number} seed */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A room and one reader of it, over a line that loses and repeats messages. The room always recovers its reader.
 * @param {number} seed
 */
function stormyRoom(seed) {
  const random = chance(seed);
  /** @type {LogEvent[]} */
  const log = [];
  /** @type {Map<number, OpenLine>} */
  const opens = new Map();
  const transcript = new Transcript();
  let online = false;

  const connect = () => {
    const { position } = transcript;
    const ev = position === null ? log : log.slice(position.offset);
    const message = welcome({ o: log.length, rec: position !== null, ev, open: [...opens.values()] });
    online = !transcript.apply(message, 0).resync;
    assert.ok(online, `seed ${seed}: the welcome is understood`);
  };
  /** @param {import("../assets/lib/protocol.js").ServerMessage} message */
  const send = (message) => {
    if (online && random() < 0.1) {
      // Lost alone, so that a hole opens if it was an event; or lost with the connection.
      online = random() < 0.5;
    } else if (online) {
      online = !transcript.apply(message, 0).resync;
      if (online && random() < 0.1) {
        transcript.apply(message, 0);
      }
    }
  };
  /** @param {LogEvent} event */
  const append = (event) => {
    log.push(event);
    send({ t: "ev", ...event });
  };

  connect();
  for (let step = 0, newest = 1; step < 80; step += 1) {
    const seg = Math.max(1, newest - Math.floor(random() * 3));
    const o = log.length + 1;
    const dice = random();
    if (dice < 0.3) {
      newest += Number(random() < 0.5);
      opens.set(newest, open(newest, "kk", `c${step}`, "d"));
      send({ t: "open", ...open(newest, "kk", `c${step}`, "d") });
    } else if (dice < 0.55) {
      opens.delete(seg);
      append(final(o, seg, "kk", `kk${o}`, { rev: o }));
    } else if (dice < 0.7) {
      append(final(o, seg, "ru", `ru${o}`, { src: "kk", rev: o }));
    } else if (dice < 0.8) {
      opens.delete(seg);
      send({ t: "drop", seg });
    } else if (dice < 0.87) {
      append(marker(o, random() < 0.3 ? "started" : "gap"));
      opens.clear();
    } else {
      if (random() < 0.2) {
        transcript.askAnew();
      }
      connect();
    }
  }
  connect();
  return { transcript, whole: after(welcome({ o: log.length, ev: log, open: [...opens.values()] })) };
}

test("however the connection breaks, a reader ends with what one who came last sees: all, in order, once", () => {
  for (let seed = 1; seed <= 1000; seed += 1) {
    const { transcript, whole } = stormyRoom(seed);
    assert.deepEqual(seen(transcript), seen(whole), `seed ${seed}`);
    assert.deepEqual(transcript.position, whole.position);
    assert.deepEqual([...transcript.items].sort(compare), [...transcript.items], `seed ${seed}: in order`);
  }
});
