// The items that a page shows at present, in their order, each with its element.

import { compare } from "./transcript.js";

/** @import { Item } from "./transcript.js" */

export class Drawn {
  /** @type {Item[]} */
  #items = [];
  /** @type {Map<Item, HTMLElement>} */
  #elements = new Map();

  /** @returns {readonly Item[]} */
  get items() {
    return this.#items;
  }

  /** @returns {IterableIterator<HTMLElement>} in no order that counts */
  get elements() {
    return this.#elements.values();
  }

  /** @param {Item | undefined} item @returns {HTMLElement | undefined} */
  elementOf(item) {
    return item && this.#elements.get(item);
  }

  /**
   * How many items come before this one. It is sought from the end, where new items nearly always belong.
   * @param {Item} item
   * @returns {number}
   */
  placeOf(item) {
    let at = this.#items.length;
    while (at > 0 && compare(/** @type {Item} */ (this.#items[at - 1]), item) > 0) {
      at -= 1;
    }
    return at;
  }

  /**
   * Notes that the item is shown by `element`, as the one after `at` others.
   * @param {Item} item
   * @param {number} at
   * @param {HTMLElement} element
   */
  add(item, at, element) {
    this.#items.splice(at, 0, item);
    this.#elements.set(item, element);
  }

  /** Takes the item and its element out of the page, if they are there. @param {Item} item */
  take(item) {
    const element = this.#elements.get(item);
    if (element) {
      element.remove();
      this.#elements.delete(item);
      this.#items.splice(this.#items.lastIndexOf(item), 1);
    }
  }

  /** Takes everything out of the page. */
  clear() {
    for (const element of this.#elements.values()) {
      element.remove();
    }
    this.#items = [];
    this.#elements.clear();
  }

  /** The items whose translation is waited for in sight. @returns {Item[]} */
  waiting() {
    return this.#items.filter((item) => this.#elements.get(item)?.querySelector(".dots"));
  }
}
