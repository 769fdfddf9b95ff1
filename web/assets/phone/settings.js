// The sheet of the reader's choices: shows them, and tells of each change.

import { byId } from "../lib/page.js";
import { SIZE_STEP, clampSize } from "./prefs.js";

/** @import { Prefs } from "./prefs.js" */

export class Settings {
  /** @type {Prefs} */
  #prefs;
  #sheet = /** @type {HTMLDialogElement} */ (byId("settings"));
  #size = /** @type {HTMLInputElement} */ (byId("size"));

  /**
   * @param {Prefs} prefs
   * @param {(part: Partial<Prefs>) => void} onChange told only what was chosen
   */
  constructor(prefs, onChange) {
    this.#prefs = prefs;
    byId("open-settings").addEventListener("click", () => this.#sheet.showModal());
    this.#sheet.addEventListener("click", (event) => {
      // A touch outside the sheet arrives at the dialog itself.
      if (event.target === this.#sheet) {
        this.#sheet.close();
      }
    });
    this.#size.addEventListener("input", () => onChange({ size: clampSize(this.#size.valueAsNumber) }));
    byId("smaller").addEventListener("click", () => onChange({ size: clampSize(this.#prefs.size - SIZE_STEP) }));
    byId("larger").addEventListener("click", () => onChange({ size: clampSize(this.#prefs.size + SIZE_STEP) }));
    for (const radio of this.#radios()) {
      radio.addEventListener("change", () => onChange({ [radio.name]: radio.value }));
    }
    byId("save-data").addEventListener("change", () => onChange({ saveData: this.#isOn("save-data") }));
    byId("announce").addEventListener("change", () => onChange({ announce: this.#isOn("announce") }));
  }

  /** @param {Prefs} prefs */
  show(prefs) {
    this.#prefs = prefs;
    this.#size.value = String(prefs.size);
    byId("size-now").textContent = `${prefs.size}\u00a0%`;
    const chosen = { captions: prefs.captions, theme: prefs.theme, ui: prefs.ui };
    for (const radio of this.#radios()) {
      radio.checked = chosen[/** @type {keyof typeof chosen} */ (radio.name)] === radio.value;
    }
    /** @type {HTMLInputElement} */ (byId("save-data")).checked = prefs.saveData;
    /** @type {HTMLInputElement} */ (byId("announce")).checked = prefs.announce;
  }

  /** @returns {NodeListOf<HTMLInputElement>} */
  #radios() {
    return this.#sheet.querySelectorAll("input[type=radio]");
  }

  /** @param {string} id */
  #isOn(id) {
    return /** @type {HTMLInputElement} */ (byId(id)).checked;
  }
}
