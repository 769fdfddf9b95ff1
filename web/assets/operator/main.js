// The operator's page: how each room is doing, at a glance. It only shows; it changes nothing.

import { fetchJson } from "../lib/fetch-json.js";
import { NAMES, pickUiLang } from "../lib/i18n.js";
import { languageSwitch } from "../lib/languages.js";
import { byId } from "../lib/page.js";
import { tell } from "./words.js";

/** @import { Lang } from "../lib/protocol.js" */
/** @import { OperatorWord } from "./words.js" */

/** @typedef {{ room: string, title: string, viewers: number }} Room */
/**
 * @typedef {object} Status
 * @property {number} clock_secs
 * @property {number} rms_dbfs
 * @property {number} peak_dbfs
 * @property {boolean} is_clipping
 * @property {boolean} is_silent
 * @property {boolean} is_voice
 * @property {number} waiting_finals
 * @property {number | null} final_lag_secs
 * @property {number} segments
 * @property {number} untranslated_segments
 * @property {Record<string, number>} rejected
 * @property {[Lang, number] | null} lang
 * @property {string | null} trouble
 * @property {boolean} has_ended
 */

/** Often enough that a meter moves with the voice. */
const POLL_MILLIS = 500;
/** The left end of the meter, dBFS. */
const METER_FLOOR = -60;
/** A caption this late, or this many utterances in the queue, is not live any more. */
const LATE_SECS = 6;
const LATE_FINALS = 3;

let ui = pickUiLang(navigator.languages);
/** The cards by room. @type {Map<string, Card>} */
const cards = new Map();

async function poll() {
  let answering = true;
  try {
    const rooms = /** @type {Room[]} */ (await fetchJson("/api/v1/rooms"));
    await Promise.all(
      rooms.map(async (room) => {
        const status = /** @type {Status} */ (await fetchJson(`/api/v1/rooms/${encodeURIComponent(room.room)}/status`));
        cardOf(room).show(room, status);
      }),
    );
  } catch {
    answering = false;
  }
  const notice = byId("notice");
  notice.hidden = answering;
  notice.textContent = answering ? "" : tell(ui, "noServer");
  byId("rooms").classList.toggle("stale", !answering);
  setTimeout(poll, POLL_MILLIS);
}

/** @param {Room} room @returns {Card} */
function cardOf(room) {
  let card = cards.get(room.room);
  if (!card) {
    card = new Card(room.room);
    cards.set(room.room, card);
    byId("rooms").append(card.element);
  }
  return card;
}

/** What is shown of one room. Built once, then only its texts change. */
class Card {
  /** @param {string} room */
  constructor(room) {
    this.element = document.createElement("li");
    this.name = this.element.appendChild(document.createElement("h2"));
    this.meter = this.element.appendChild(document.createElement("div"));
    this.meter.className = "meter";
    this.rms = this.meter.appendChild(document.createElement("i"));
    this.peak = this.meter.appendChild(document.createElement("b"));
    this.list = this.element.appendChild(document.createElement("dl"));
    /** @type {Map<OperatorWord, { row: HTMLElement, name: HTMLElement, value: HTMLElement }>} */
    this.rows = new Map();
    this.links = this.element.appendChild(document.createElement("p"));
    this.links.className = "links";
    this.path = `/r/${encodeURIComponent(room)}`;
    this.exports = `/api/v1/rooms/${encodeURIComponent(room)}/export`;
  }

  /** @param {Room} room @param {Status} status */
  show(room, status) {
    this.name.textContent = room.title;
    this.rms.style.width = `${share(status.rms_dbfs)}%`;
    this.peak.style.left = `${share(status.peak_dbfs)}%`;
    this.meter.classList.toggle("voice", status.is_voice);
    this.sound(status);
    this.recognition(status);
    const lang = status.lang === null ? "—" : `${NAMES[status.lang[0]]}, ${Math.round(status.lang[1] * 100)} %`;
    this.row("spoken", lang);
    const rejected = Object.entries(status.rejected).map(([cause, count]) => `${cause} ${count}`);
    const lines = [String(status.segments)];
    if (status.untranslated_segments > 0) {
      lines.push(`${tell(ui, "untranslated")}: ${status.untranslated_segments}`);
    }
    if (rejected.length > 0) {
      lines.push(`${tell(ui, "rejected")}: ${rejected.join(", ")}`);
    }
    this.row("segments", lines.join(" · "), status.untranslated_segments > 0 ? "warn" : "");
    this.row("viewers", String(room.viewers));
    this.row("clock", clock(status.clock_secs));
    this.links.replaceChildren(
      link(`${this.path}/screen`, tell(ui, "screen")),
      link(this.path, tell(ui, "phone")),
      ...["kk", "ru", "bilingual"].map((which) => link(`${this.exports}/${which}.srt`, `SRT ${which}`)),
    );
  }

  /** @param {Status} status */
  sound(status) {
    if (status.trouble !== null) {
      this.row("input", status.trouble, "bad");
    } else if (status.has_ended) {
      this.row("input", tell(ui, "ended"), "warn");
    } else if (status.is_clipping) {
      this.row("input", tell(ui, "clipping"), "bad");
    } else if (status.is_silent) {
      this.row("input", tell(ui, "silent"), "warn");
    } else {
      this.row("input", `${tell(ui, "soundIsFine")} (${Math.round(status.rms_dbfs)} dBFS)`, "good");
    }
  }

  /** @param {Status} status */
  recognition(status) {
    const lag = status.final_lag_secs ?? 0;
    const late = lag > LATE_SECS || status.waiting_finals > LATE_FINALS;
    const words = [tell(ui, late ? "behind" : "keepsUp"), `${lag.toFixed(1)} ${tell(ui, "seconds")}`];
    if (status.waiting_finals > 0) {
      words.push(`${tell(ui, "waiting")}: ${status.waiting_finals}`);
    }
    this.row("recognition", words.join(" · "), late ? "bad" : "good");
  }

  /** @param {OperatorWord} word @param {string} text @param {"" | "good" | "warn" | "bad"} [light] */
  row(word, text, light = "") {
    let cells = this.rows.get(word);
    if (!cells) {
      const row = this.list.appendChild(document.createElement("div"));
      cells = {
        row,
        name: row.appendChild(document.createElement("dt")),
        value: row.appendChild(document.createElement("dd")),
      };
      this.rows.set(word, cells);
    }
    cells.row.className = light;
    cells.name.textContent = tell(ui, word);
    cells.value.textContent = text;
  }
}

/** Where a level stands on the meter, in percent. @param {number} dbfs */
function share(dbfs) {
  return Math.max(0, Math.min(100, (1 - dbfs / METER_FLOOR) * 100));
}

/** @param {number} secs */
function clock(secs) {
  const part = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, "0");
  return `${part(secs / 3600)}:${part((secs / 60) % 60)}:${part(secs % 60)}`;
}

/** @param {string} href @param {string} text */
function link(href, text) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}

function translate() {
  document.documentElement.lang = ui;
  byId("title").textContent = tell(ui, "title");
  markLanguage(ui);
}

const markLanguage = languageSwitch(byId("languages"), (lang) => {
  ui = lang;
  translate();
});
translate();
void poll();
