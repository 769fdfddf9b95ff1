// The door of the operator's page: who came by the operator's link is signed in by it, anyone else may say a token. The
// link's token goes out of the address at once, and into a cookie that no script can read.

import { signIn, signOut, whoAmI } from "../lib/session.js";
import { byId } from "../lib/page.js";
import { tell } from "./words.js";

/** @import { UiLang } from "../lib/i18n.js" */
/** @import { Session } from "../lib/session.js" */
/** @import { OperatorWord } from "./words.js" */

export class Door {
  #form = /** @type {HTMLFormElement} */ (byId("sign-in"));
  #token = /** @type {HTMLInputElement} */ (byId("token"));
  #leave = byId("sign-out");
  /** @type {OperatorWord | null} */
  #trouble = null;
  /** @type {Session} */
  session = {};

  constructor() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#try(this.#token.value.trim());
    });
    this.#leave.addEventListener("click", () => void signOut().then(() => location.reload()));
  }

  /** Takes the token of the link, if there is one, and learns who this is. */
  async enter() {
    const given = location.hash.slice(1);
    if (given !== "") {
      history.replaceState(null, "", location.pathname);
      await this.#say(given);
    }
    try {
      this.session = await whoAmI();
    } catch {
      this.session = {};
    }
  }

  /** The words of the page's language. @param {UiLang} ui */
  say(ui) {
    const { role, name, fingerprint } = this.session;
    this.#form.hidden = role !== undefined;
    this.#leave.hidden = role === undefined;
    this.#leave.textContent = tell(ui, "signOut");
    this.#leave.title = name ?? "";
    byId("token-label").textContent = tell(ui, "token");
    byId("sign-in-button").textContent = tell(ui, "signIn");
    byId("sign-in-message").textContent = this.#trouble === null ? "" : tell(ui, this.#trouble);
    byId("fingerprint").hidden = fingerprint === undefined;
    byId("fingerprint").textContent = `${tell(ui, "certificate")} SHA-256 ${fingerprint ?? ""}`;
  }

  /** @param {string} token */
  async #try(token) {
    if (await this.#say(token)) {
      location.reload();
    } else {
      this.say(/** @type {UiLang} */ (document.documentElement.lang));
    }
  }

  /** @param {string} token @returns {Promise<boolean>} whether it opens the page */
  async #say(token) {
    try {
      await signIn(token);
      this.#trouble = null;
    } catch {
      this.#trouble = "wrongToken";
    }
    return this.#trouble === null;
  }
}
