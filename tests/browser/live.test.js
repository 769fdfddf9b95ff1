// The real server with its real models, when DOSTYQ_URL names one, such as http://127.0.0.1:8080: both languages must
// be read on both pages within a minute.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HALL, PHONE, launch, openPage, screenshot } from "./support/browser.js";

const ORIGIN = process.env.DOSTYQ_URL?.replace(/\/$/, "");
const ROOM = process.env.DOSTYQ_ROOM ?? "demo";
/** The operator's key, which scripts/test reads from the server's data folder. */
const KEY = process.env.DOSTYQ_OPERATOR_KEY ?? "";
const CAPTIONS_MILLIS = 60_000;

const skip = ORIGIN ? false : "DOSTYQ_URL names no running server; scripts/test starts one";
const browser = ORIGIN ? await launch() : null;
after(() => browser?.close());

/**
 * @param {string} name
 * @param {string} path
 * @param {import("playwright-core").BrowserContextOptions} options
 * @param {string} pair selects the elements that hold a caption and its translation
 */
function captionsAppear(name, path, options, pair) {
  test(`captions in both languages appear on the ${name}`, { skip }, async () => {
    assert.ok(browser && ORIGIN);
    const { page, assertClean } = await openPage(browser, options, new URL(ORIGIN).hostname);
    await page.goto(ORIGIN + path);
    await page.waitForFunction(
      (selector) =>
        [...document.querySelectorAll(selector)].some((line) =>
          ["kk", "ru"].every((lang) => {
            const cell = line.querySelector(`[lang="${lang}"]`);
            return cell !== null && !cell.querySelector(".dots") && cell.textContent?.trim() !== "";
          }),
        ),
      pair,
      { timeout: CAPTIONS_MILLIS },
    );
    assert.equal(await page.getAttribute("html", "data-state"), "live");
    await screenshot(page, `live-${name.replace(" ", "-")}`);
    assertClean();
    await page.context().close();
  });
}

captionsAppear("hall screen", `/r/${ROOM}/screen`, { viewport: HALL }, ".row");
captionsAppear("phone page", `/r/${ROOM}?lang=both`, { viewport: PHONE, colorScheme: "dark" }, "#log .line");

test("the list of rooms names the room and shows its code", { skip }, async () => {
  assert.ok(browser && ORIGIN);
  const { page, assertClean } = await openPage(browser, { viewport: PHONE }, new URL(ORIGIN).hostname);
  await page.goto(ORIGIN);
  await page.waitForSelector(`#rooms a[href="/r/${ROOM}/screen"]`);
  await page.waitForFunction(() => {
    const code = /** @type {HTMLImageElement | null} */ (document.querySelector("#rooms img"));
    return code !== null && code.naturalWidth > 0;
  });
  await screenshot(page, "live-rooms");
  assertClean();
  await page.context().close();
});

test("the operator sees that the room is heard and keeps up", { skip }, async () => {
  assert.ok(browser && ORIGIN);
  const { page, assertClean } = await openPage(browser, { viewport: HALL, locale: "kk" }, new URL(ORIGIN).hostname);
  await page.goto(`${ORIGIN}/operator`);
  // The meter moves with the voice, and the clock of the room runs.
  await page.waitForFunction(() => {
    const bar = document.querySelector(".meter.voice i");
    return bar !== null && bar.getBoundingClientRect().width > 20;
  });
  const lights = await page.locator("dl .good").count();
  assert.ok(lights >= 1, "sound or recognition is in order");
  assert.equal(await page.locator("#notice").isHidden(), true);
  assert.equal(await page.locator(".choices button").count(), 0, "without the key nothing can be changed");
  assertClean();
  await page.context().close();
});

test("who came by the operator's link says which language is spoken", { skip: skip || KEY === "" }, async () => {
  assert.ok(browser && ORIGIN);
  const { page, assertClean } = await openPage(browser, { viewport: HALL, locale: "ru" }, new URL(ORIGIN).hostname);
  await page.goto(`${ORIGIN}/operator#${KEY}`);
  const choose = (/** @type {string} */ choice) => page.locator(`.choices button[data-choice="${choice}"]`);
  assert.equal(await choose("auto").getAttribute("aria-pressed"), "true");
  assert.equal(new URL(page.url()).hash, "", "the key does not stay in the address");
  await choose("ru").click();
  const chosen = async () =>
    (await (await fetch(`${ORIGIN}/api/v1/rooms/demo/status`)).json()).language;
  await page.locator('.choices button[data-choice="ru"][aria-pressed="true"]').waitFor();
  assert.equal(await chosen(), "ru");
  await screenshot(page, "live-operator");
  await choose("auto").click();
  await page.locator('.choices button[data-choice="auto"][aria-pressed="true"]').waitFor();
  assert.equal(await chosen(), "auto");
  assertClean();
  await page.context().close();
});
