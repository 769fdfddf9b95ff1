// A prepared speech on the operator's page: its two files are read, the pairs of sentences are looked at and corrected, and
// it is put to use; then it is seen who writes the captions, and either can be forced.

import { ask, send } from "../lib/fetch-json.js";
import { tell } from "./words.js";

/** @import { UiLang } from "../lib/i18n.js" */
/** @import { OperatorWord } from "./words.js" */

/** @typedef {{ kk: string[], ru: string[], doubt: "no-partner" | "lengths" | "numbers" | null }} Pair */
/** @typedef {{ kk_sentences: number, ru_sentences: number, without_partner: number, doubtful: number, pairs: Pair[] }} CheckView */
/** @typedef {{ choice: Choice, is_script: boolean, pair: number | null, odds: number }} OnAir */
/** @typedef {"auto" | "script" | "machine"} Choice */

/** @type {Record<Choice, OperatorWord>} */
const CHOICES = { auto: "byItself", script: "scriptOnly", machine: "machineOnly" };
/** @type {Record<NonNullable<Pair["doubt"]>, OperatorWord>} */
const DOUBTS = { "no-partner": "noPartner", lengths: "otherLength", numbers: "otherNumbers" };

/** The speech of one room. */
export class Prepared {
  /** @param {string} api  the room's address in the API @param {UiLang} ui */
  constructor(api, ui) {
    this.api = `${api}/prepared`;
    this.ui = ui;
    /** The speech that is in use. @type {CheckView | null} */
    this.loaded = null;
    /** The speech that is being looked at. @type {CheckView | null} */
    this.draft = null;
    /** @type {boolean | null} */
    this.wasLoaded = null;
    this.element = document.createElement("details");
    this.element.className = "prepared";
    this.summary = this.element.appendChild(document.createElement("summary"));
    this.choices = this.element.appendChild(document.createElement("p"));
    this.choices.className = "choices";
    this.choices.setAttribute("role", "group");
    /** @type {Map<Choice, HTMLButtonElement>} */
    this.buttons = new Map();
    for (const choice of /** @type {Choice[]} */ (Object.keys(CHOICES))) {
      this.buttons.set(choice, this.button(this.choices, () => this.order("PUT", "/choice", { choice })));
    }
    this.form = this.element.appendChild(document.createElement("form"));
    this.files = { kk: this.file("kk"), ru: this.file("ru") };
    this.read = this.form.appendChild(document.createElement("button"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.readFiles();
    });
    this.message = this.element.appendChild(document.createElement("p"));
    this.message.className = "message";
    this.message.setAttribute("role", "status");
    this.actions = this.element.appendChild(document.createElement("p"));
    this.actions.className = "choices";
    this.use = this.button(this.actions, () => this.putToUse());
    this.remove = this.button(this.actions, () => this.takeAway());
    this.list = this.element.appendChild(document.createElement("ol"));
    this.say(ui);
    void this.fetch();
  }

  /** @param {HTMLElement} parent @param {() => Promise<void>} act */
  button(parent, act) {
    const button = parent.appendChild(document.createElement("button"));
    button.type = "button";
    button.addEventListener("click", () => void act());
    return button;
  }

  /** @param {"kk" | "ru"} name */
  file(name) {
    const label = this.form.appendChild(document.createElement("label"));
    const text = label.appendChild(document.createElement("span"));
    const input = label.appendChild(document.createElement("input"));
    input.type = "file";
    input.name = name;
    input.accept = ".txt,.docx";
    return { text, input };
  }

  /** The words of the page's language. @param {UiLang} ui */
  say(ui) {
    this.ui = ui;
    this.files.kk.text.textContent = tell(ui, "kazakhText");
    this.files.ru.text.textContent = tell(ui, "russianText");
    this.read.textContent = tell(ui, "readFiles");
    this.use.textContent = tell(ui, "putToUse");
    this.remove.textContent = tell(ui, "takeAway");
    this.choices.setAttribute("aria-label", tell(ui, "whoWrites"));
    for (const [choice, button] of this.buttons) {
      button.textContent = tell(ui, CHOICES[choice]);
    }
    this.show();
  }

  /** What the server tells of it, twice a second. @param {OnAir | null} onAir */
  follow(onAir) {
    // Another operator may have loaded or removed it.
    if (this.wasLoaded !== null && this.wasLoaded !== (onAir !== null) && this.draft === null) {
      void this.fetch();
    }
    this.wasLoaded = onAir !== null;
    this.choices.hidden = onAir === null;
    const state = onAir === null ? "noSpeech" : onAir.is_script ? "scriptWrites" : "machineWrites";
    this.element.classList.toggle("on-air", onAir?.is_script === true);
    const place = onAir === null || onAir.pair === null ? "" : ` · ${onAir.pair + 1}/${this.loaded?.pairs.length ?? "?"}`;
    this.summary.textContent = `${tell(this.ui, "prepared")}: ${tell(this.ui, state)}${place}`;
    for (const [choice, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(choice === onAir?.choice));
    }
    if (this.draft === null) {
      [...this.list.children].forEach((row, place) => row.classList.toggle("now", place === onAir?.pair));
    }
  }

  async fetch() {
    try {
      this.loaded = /** @type {CheckView | null} */ (await ask("GET", this.api, null));
      this.show();
    } catch (error) {
      this.tellError(error);
    }
  }

  async readFiles() {
    this.message.textContent = "…";
    try {
      this.draft = /** @type {CheckView} */ (await ask("POST", `${this.api}/read`, new FormData(this.form)));
      this.show();
    } catch (error) {
      this.tellError(error);
    }
  }

  async putToUse() {
    const pairs = [...this.list.children].map((row) => {
      const [kk = "", ru = ""] = [...row.querySelectorAll("textarea")].map((area) => area.value.trim());
      return { kk: kk === "" ? [] : [kk], ru: ru === "" ? [] : [ru] };
    });
    const kept = pairs.filter((pair) => pair.kk.length > 0 || pair.ru.length > 0);
    await this.order("PUT", "", { kk_sentences: 0, ru_sentences: 0, without_partner: 0, doubtful: 0, pairs: kept });
    await this.fetch();
  }

  async takeAway() {
    await this.order("DELETE", "", null);
    await this.fetch();
  }

  /** @param {"PUT" | "DELETE"} method @param {string} path @param {unknown} order */
  async order(method, path, order) {
    try {
      await send(method, this.api + path, order);
      this.draft = path === "" ? null : this.draft;
      this.message.textContent = "";
    } catch (error) {
      this.tellError(error);
    }
  }

  /** @param {unknown} error */
  tellError(error) {
    this.message.textContent = error instanceof Error ? error.message : String(error);
  }

  show() {
    const view = this.draft ?? this.loaded;
    this.use.hidden = this.draft === null;
    this.remove.hidden = this.loaded === null;
    if (view === null) {
      this.message.textContent = "";
      this.list.replaceChildren();
      return;
    }
    this.message.textContent = [
      `${tell(this.ui, "pairs")}: ${view.pairs.length}`,
      `${tell(this.ui, "noPartner")}: ${view.without_partner}`,
      `${tell(this.ui, "toCheck")}: ${view.doubtful}`,
    ].join(" · ");
    this.list.replaceChildren(...view.pairs.map((pair) => this.row(pair)));
  }

  /** @param {Pair} pair */
  row(pair) {
    const row = document.createElement("li");
    for (const lang of /** @type {const} */ (["kk", "ru"])) {
      const area = row.appendChild(document.createElement("textarea"));
      area.lang = lang;
      area.rows = 2;
      area.value = pair[lang].join(" ");
      area.readOnly = this.draft === null;
    }
    if (pair.doubt !== null) {
      row.className = "warn";
      row.appendChild(document.createElement("small")).textContent = tell(this.ui, DOUBTS[pair.doubt]);
    }
    return row;
  }
}
