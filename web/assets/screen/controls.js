// The crew's control: a bar that shows itself when the mouse or a key is touched, and hides again.

import { NAMES } from "../lib/i18n.js";
import { byId } from "../lib/page.js";
import { SIZE_MAX, SIZE_MIN, SIZE_STEP } from "./options.js";

/** @import { Choice } from "../lib/lines.js" */
/** @import { Options } from "./options.js" */

/** How long the bar stays after the last touch. */
const SHOWN_MILLIS = 3_000;

/** @type {{ choice: Choice, name: string }[]} */
const CHOICES = [
  { choice: "both", name: `${NAMES.kk} + ${NAMES.ru}` },
  { choice: "kk", name: NAMES.kk },
  { choice: "ru", name: NAMES.ru },
];

export class Controls {
  /** @type {Options} */
  #options;
  #onChange;
  #bar = byId("controls");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Options} options
   * @param {(options: Options) => void} onChange told the whole of the new options
   */
  constructor(options, onChange) {
    this.#options = options;
    this.#onChange = onChange;
    byId("control-langs").replaceChildren(
      ...CHOICES.map(({ choice, name }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.choice = choice;
        button.textContent = name;
        button.addEventListener("click", () => this.#change({ lang: choice }));
        return button;
      }),
    );
    byId("smaller").addEventListener("click", () => this.#resize(-SIZE_STEP));
    byId("larger").addEventListener("click", () => this.#resize(SIZE_STEP));
    byId("theme").addEventListener("click", () => this.#toggleTheme());
    byId("tail").addEventListener("click", () => this.#change({ tail: !this.#options.tail }));
    byId("full").addEventListener("click", toggleFullScreen);
    for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      addEventListener(event, () => this.#wake());
    }
    addEventListener("keydown", (event) => this.#key(event));
    this.#sleep();
  }

  /** @param {Options} options */
  show(options) {
    this.#options = options;
    for (const button of byId("control-langs").children) {
      const { choice } = /** @type {HTMLElement} */ (button).dataset;
      button.setAttribute("aria-pressed", String(choice === options.lang));
    }
    byId("size").textContent = `${options.size}\u00a0%`;
    byId("theme").setAttribute("aria-pressed", String(options.theme === "light"));
    byId("tail").setAttribute("aria-pressed", String(options.tail));
  }

  /** @param {Partial<Options>} part */
  #change(part) {
    this.#onChange({ ...this.#options, ...part });
  }

  /** @param {number} step */
  #resize(step) {
    this.#change({ size: Math.min(SIZE_MAX, Math.max(SIZE_MIN, this.#options.size + step)) });
  }

  #toggleTheme() {
    this.#change({ theme: this.#options.theme === "light" ? "dark" : "light" });
  }

  /** One key for each choice, for a machine without a mouse. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === "+" || event.key === "=") {
      this.#resize(SIZE_STEP);
    } else if (event.key === "-") {
      this.#resize(-SIZE_STEP);
    } else if (event.code === "KeyT") {
      this.#toggleTheme();
    } else if (event.code === "KeyL") {
      const at = CHOICES.findIndex(({ choice }) => choice === this.#options.lang);
      this.#change({ lang: CHOICES[(at + 1) % CHOICES.length]?.choice ?? "both" });
    } else if (event.code === "KeyF") {
      toggleFullScreen();
    }
  }

  #wake() {
    this.#bar.hidden = false;
    document.documentElement.dataset.controls = "shown";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sleep(), SHOWN_MILLIS);
  }

  #sleep() {
    this.#bar.hidden = true;
    document.documentElement.dataset.controls = "hidden";
  }
}

function toggleFullScreen() {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  // A browser may refuse, as a kiosk's does; the page goes on as it is.
  change.catch(() => {});
}
