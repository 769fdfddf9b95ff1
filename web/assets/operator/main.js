// The operator's page: how each room is doing, at a glance. Who is signed in as an operator can also say which language
// is spoken.

import { Refused, fetchJson, send } from "../lib/fetch-json.js";
import { NAMES, pickUiLang } from "../lib/i18n.js";
import { languageSwitch } from "../lib/languages.js";
import { byId } from "../lib/page.js";
import { mayDirect } from "../lib/session.js";
import { Prepared } from "./prepared.js";
import { Door } from "./sign-in.js";
import { tell, tellEffort } from "./words.js";

/** @import { Lang } from "../lib/protocol.js" */
/** @import { OnAir } from "./prepared.js" */
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
 * @property {number} doubtful_translations
 * @property {number} remembered_sentences
 * @property {{ text: string, lacks: string[], added: string[] } | null} doubt
 * @property {Record<string, number>} rejected
 * @property {string} effort
 * @property {number} lost_utterances
 * @property {Choice} language
 * @property {[Lang, number] | null} lang
 * @property {OnAir | null} on_air
 * @property {string | null} trouble
 * @property {boolean} has_ended
 */

/** @typedef {"auto" | Lang} Choice */
/** @type {Choice[]} */
const CHOICES = ["auto", "kk", "ru"];

/** Often enough that a meter moves with the voice. */
const POLL_MILLIS = 500;
/** The left end of the meter, dBFS. */
const METER_FLOOR = -60;
/** A caption this late, or this many utterances in the queue, is not live any more. */
const LATE_SECS = 6;
const LATE_FINALS = 3;

const door = new Door();

let ui = pickUiLang(navigator.languages);
/** The cards by room. @type {Map<string, Card>} */
const cards = new Map();

async function poll() {
  let answering = true;
  try {
    const rooms = /** @type {Room[]} */ (await fetchJson("/api/v1/rooms"));
    await Promise.all(
      rooms.map(async (room) => {
        const status = await statusOf(room.room);
        if (status !== null) {
          cardOf(room).show(room, status);
        }
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

/** How a room is doing; null for one that this page may not see. @param {string} room @returns {Promise<Status | null>} */
async function statusOf(room) {
  try {
    return await fetchJson(`/api/v1/rooms/${encodeURIComponent(room)}/status`);
  } catch (error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
      return null;
    }
    throw error;
  }
}

/**
 * What is wrong with the latest translation in which something is, and how many there were.
 * @param {number} count @param {{ text: string, lacks: string[], added: string[] }} doubt @returns {string}
 */
function doubtful(count, { text, lacks, added }) {
  const parts = [`${count}`, `«${text}»`];
  if (lacks.length > 0) {
    parts.push(`${tell(ui, "lacks")}: ${lacks.join(", ")}`);
  }
  if (added.length > 0) {
    parts.push(`${tell(ui, "added")}: ${added.join(", ")}`);
  }
  return parts.join(" · ");
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
    this.choices = this.element.appendChild(document.createElement("p"));
    this.choices.className = "choices";
    this.choices.setAttribute("role", "group");
    /** @type {Map<Choice, HTMLButtonElement>} */
    this.buttons = new Map();
    const directs = mayDirect(door.session, room);
    for (const choice of directs ? CHOICES : []) {
      const button = this.choices.appendChild(document.createElement("button"));
      button.type = "button";
      button.dataset.choice = choice;
      button.addEventListener("click", () => void this.choose(choice));
      this.buttons.set(choice, button);
    }
    this.links = this.element.appendChild(document.createElement("p"));
    this.links.className = "links";
    this.path = `/r/${encodeURIComponent(room)}`;
    this.api = `/api/v1/rooms/${encodeURIComponent(room)}`;
    this.exports = `${this.api}/export`;
    this.prepared = directs ? new Prepared(this.api, ui) : null;
    if (this.prepared !== null) {
      this.element.append(this.prepared.element);
    }
  }

  /** The operator says which language is spoken. @param {Choice} choice */
  async choose(choice) {
    try {
      await send("PUT", `${this.api}/language`, { language: choice });
      this.mark(choice);
    } catch {
      this.row("language", tell(ui, "notDone"), "bad");
    }
  }

  /** @param {Choice} chosen */
  mark(chosen) {
    for (const [choice, button] of this.buttons) {
      button.textContent = choice === "auto" ? tell(ui, "auto") : NAMES[choice];
      button.setAttribute("aria-pressed", String(choice === chosen));
    }
    this.choices.setAttribute("aria-label", tell(ui, "language"));
    this.row("language", chosen === "auto" ? tell(ui, "auto") : NAMES[chosen], chosen === "auto" ? "" : "warn");
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
    this.mark(status.language);
    this.prepared?.follow(status.on_air);
    const rejected = Object.entries(status.rejected).map(([cause, count]) => `${cause} ${count}`);
    const lines = [String(status.segments)];
    if (status.untranslated_segments > 0) {
      lines.push(`${tell(ui, "untranslated")}: ${status.untranslated_segments}`);
    }
    if (status.remembered_sentences > 0) {
      lines.push(`${tell(ui, "remembered")}: ${status.remembered_sentences}`);
    }
    if (rejected.length > 0) {
      lines.push(`${tell(ui, "rejected")}: ${rejected.join(", ")}`);
    }
    this.row("segments", lines.join(" · "), status.untranslated_segments > 0 ? "warn" : "");
    if (status.doubt !== null) {
      this.row("doubtful", doubtful(status.doubtful_translations, status.doubt), "warn");
    }
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
    if (status.lost_utterances > 0) {
      this.row("lost", String(status.lost_utterances), "bad");
    }
    if (status.effort !== "full") {
      this.row("recognition", tellEffort(ui, status.effort), "bad");
      return;
    }
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
  door.say(ui);
  markLanguage(ui);
}

const markLanguage = languageSwitch(byId("languages"), (lang) => {
  ui = lang;
  cards.forEach((card) => card.prepared?.say(ui));
  translate();
});
await door.enter();
translate();
void poll();
