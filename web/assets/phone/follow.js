// Keeps the newest line in sight, until the reader scrolls away; and lets nothing move under a reader's eyes.

/** Closer to the end than this counts as at the end. */
const NEAR_PIXELS = 4;

export class Follow {
  #scroller;
  #onChange;
  #following = true;
  #lastTop = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} scroller
   * @param {(following: boolean) => void} onChange
   */
  constructor(scroller, onChange) {
    this.#scroller = scroller;
    this.#onChange = onChange;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // The phone was turned, or the size of the text changed.
    new ResizeObserver(() => this.#following && this.#toEnd("instant")).observe(scroller);
  }

  /** @returns {boolean} */
  get following() {
    return this.#following;
  }

  /** Back to the newest line. */
  jump() {
    this.#set(true);
    this.#toEnd("instant");
  }

  /**
   * Runs `change`, which may alter what is in the scroller, and keeps the reader's place: the end when following, else
   * the element that stood at the top.
   * @param {() => void} change
   */
  keepPlace(change) {
    if (this.#following) {
      const before = this.#scroller.scrollHeight;
      change();
      const grown = this.#scroller.scrollHeight - before;
      const step = grown > 0 && grown < this.#scroller.clientHeight / 2 && !this.#still.matches;
      this.#toEnd(step ? "smooth" : "instant");
      return;
    }
    const anchor = this.#firstInSight();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    if (anchor?.isConnected) {
      this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
      this.#lastTop = this.#scroller.scrollTop;
    }
  }

  /** @returns {Element | null} */
  #firstInSight() {
    const { top } = this.#scroller.getBoundingClientRect();
    for (const line of this.#scroller.querySelectorAll("[data-line]")) {
      if (line.getBoundingClientRect().bottom > top) {
        return line;
      }
    }
    return null;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (scrollHeight - clientHeight - scrollTop <= NEAR_PIXELS) {
      this.#set(true);
    } else if (scrollTop < this.#lastTop - 1) {
      // Only a reader moves the page upwards: captions coming in move it down, if at all.
      this.#set(false);
    }
    this.#lastTop = scrollTop;
  }

  /** @param {ScrollBehavior} behavior */
  #toEnd(behavior) {
    // Content that became shorter has moved the page upwards, and no reader did.
    this.#lastTop = this.#scroller.scrollTop;
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  /** @param {boolean} following */
  #set(following) {
    if (this.#following !== following) {
      this.#following = following;
      this.#onChange(following);
    }
  }
}
