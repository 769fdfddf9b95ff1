// Asks for the code of a room that is not open to everyone: in both languages at once, since whoever reads it has just
// come in. The server answers with a cookie, so the code is asked for once and stands in no address.

import { Refused, send } from "./fetch-json.js";
import { say } from "./i18n.js";

/** @import { Word } from "./i18n.js" */

const LANGS = /** @type {const} */ (["kk", "ru"]);

export class RoomCode {
  #room;
  #onOpen;
  #sheet = document.createElement("dialog");
  #input = document.createElement("input");
  #button = document.createElement("button");
  #message = document.createElement("p");

  /** @param {string} room @param {() => void} onOpen when the code was right */
  constructor(room, onOpen) {
    this.#room = room;
    this.#onOpen = onOpen;
    this.#sheet.id = "code";
    this.#sheet.setAttribute("aria-labelledby", "code-title");
    // There is nothing behind it to go back to.
    this.#sheet.addEventListener("cancel", (event) => event.preventDefault());
    const form = document.createElement("form");
    const title = document.createElement("h2");
    title.id = "code-title";
    title.append(...inBoth("sayCode"));
    this.#input.name = "code";
    this.#input.required = true;
    this.#input.autocomplete = "off";
    this.#input.setAttribute("autocapitalize", "none");
    this.#input.spellcheck = false;
    this.#input.setAttribute("aria-labelledby", "code-title");
    this.#input.setAttribute("aria-describedby", "code-message");
    this.#button.append(...inBoth("enter"));
    this.#message.id = "code-message";
    this.#message.setAttribute("role", "alert");
    form.append(title, this.#input, this.#button, this.#message);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#try();
    });
    this.#sheet.append(form);
  }

  /** Shows the question, if it is not shown already. */
  ask() {
    if (!this.#sheet.open) {
      document.body.append(this.#sheet);
      this.#sheet.showModal();
      this.#input.focus();
    }
  }

  async #try() {
    this.#button.disabled = true;
    try {
      await send("POST", `/api/v1/rooms/${encodeURIComponent(this.#room)}/code`, { code: this.#input.value });
      this.#sheet.close();
      this.#sheet.remove();
      this.#input.value = "";
      this.#message.replaceChildren();
      this.#onOpen();
    } catch (error) {
      this.#message.replaceChildren(...inBoth(wordFor(error)));
      this.#input.select();
    } finally {
      this.#button.disabled = false;
    }
  }
}

/** @param {unknown} error @returns {Word} */
function wordFor(error) {
  if (!(error instanceof Refused)) {
    return "noServer";
  }
  return error.status === 429 ? "tooManyTries" : "wrongCode";
}

/** @param {Word} word */
function inBoth(word) {
  return LANGS.map((lang) => {
    const words = document.createElement("span");
    words.lang = lang;
    words.textContent = say(lang, word);
    return words;
  });
}
