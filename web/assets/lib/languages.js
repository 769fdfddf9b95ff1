// The switch of the interface's language, as the list of rooms and the operator's page have it.

import { NAMES, UI_LANGS } from "./i18n.js";

/** @import { UiLang } from "./i18n.js" */

/**
 * Fills an element with a button for each language.
 * @param {HTMLElement} nav
 * @param {(lang: UiLang) => void} pick is told which one was pressed
 * @returns {(lang: UiLang) => void} marks the language in use
 */
export function languageSwitch(nav, pick) {
  const buttons = UI_LANGS.map((lang) => {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = lang;
    button.textContent = NAMES[lang];
    button.addEventListener("click", () => pick(lang));
    return button;
  });
  nav.replaceChildren(...buttons);
  return (lang) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.lang === lang)));
}
