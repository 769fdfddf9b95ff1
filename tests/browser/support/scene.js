// What most page tests begin with: a scripted room, a page that looks at it, and ways to ask what is seen there.

import { launch, openPage } from "./browser.js";
import { ScriptedServer } from "./scripted-server.js";
import { OPEN, TALK, TITLE } from "./talk.js";

/** @import { BrowserContextOptions, Page } from "playwright-core" */

const browser = await launch();

/** To be called when the last test of a file is done. */
export function closeBrowser() {
  return browser.close();
}

/**
 * Runs a test in a room and a browser context of its own, and checks at its end that the page kept the rules.
 * @param {BrowserContextOptions} options
 * @param {(server: ScriptedServer, page: Page) => Promise<void>} run
 */
export async function scene(options, run) {
  const server = await ScriptedServer.start();
  server.title = TITLE;
  const { page, assertClean } = await openPage(browser, options);
  try {
    await run(server, page);
    assertClean();
  } finally {
    await page.context().close();
    await server.stop();
  }
}

/** The whole talk, with a line open at its end. @param {ScriptedServer} server */
export function sayTalk(server) {
  TALK.forEach(([src, text, translation], at) => server.say(at + 1, src, text, translation));
  server.openLine(TALK.length + 1, ...OPEN);
}

/** @param {Page} page @param {string} state */
export async function untilState(page, state) {
  await page.waitForFunction((wanted) => document.documentElement.dataset.state === wanted, state);
}

/** Waits until the text stands somewhere in the page. @param {Page} page @param {string} text */
export async function untilText(page, text) {
  await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text);
}

/** Waits until nothing glides or scrolls any more. @param {Page} page */
export async function untilStill(page) {
  await page.waitForFunction(() => document.getAnimations().every((one) => one.effect?.getTiming().iterations !== 1));
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        let last = -1;
        const look = () => {
          const now = document.getElementById("scroller")?.scrollTop ?? 0;
          if (now === last) {
            resolve(undefined);
          } else {
            last = now;
            setTimeout(look, 80);
          }
        };
        look();
      }),
  );
}

/** The text of every element that matches, tidied. @param {Page} page @param {string} selector */
export function texts(page, selector) {
  return page.$$eval(selector, (elements) =>
    elements.map((element) => (/** @type {HTMLElement} */ (element).innerText).replace(/\s+/g, " ").trim()),
  );
}

/**
 * The contrast of an element's text with the page's ground, by WCAG 2.
 * @param {Page} page
 * @param {string} selector
 * @returns {Promise<number>}
 */
export function contrast(page, selector) {
  return page.$eval(selector, (element) => {
    /** @param {string} colour */
    const luminance = (colour) => {
      const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = luminance(getComputedStyle(element).color);
    const ground = luminance(getComputedStyle(document.body).backgroundColor);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  });
}
