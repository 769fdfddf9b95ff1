// Coming in: the code of a room, and the operator's sign-in, against a scripted room.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HALL, PHONE, screenshot } from "./support/browser.js";
import { closeBrowser, sayTalk, scene, texts, untilState, untilText } from "./support/scene.js";

after(closeBrowser);

for (const [name, path, viewport] of /** @type {const} */ ([
  ["phone", "/r/demo?lang=both", PHONE],
  ["screen", "/r/demo/screen", HALL],
])) {
  test(`a closed room asks the ${name} for its code, once`, () =>
    scene({ viewport }, async (server, page) => {
      server.code = "4711";
      sayTalk(server);
      await page.goto(server.origin + path);
      await page.waitForSelector("#code[open]");
      assert.deepEqual(await texts(page, "#code h2 span"), ["Залдың кодын енгізіңіз", "Введите код зала"]);
      await page.keyboard.type("4712");
      await page.keyboard.press("Enter");
      await untilText(page, "Код неверный");
      await untilText(page, "Код дұрыс емес");
      const { width, inside } = await page.$eval("#code", (sheet) => ({
        width: sheet.clientWidth,
        inside: sheet.scrollWidth,
      }));
      assert.equal(inside, width, "nothing is cut off");
      await screenshot(page, `code-${name}`);
      await page.keyboard.type("4711");
      await page.keyboard.press("Enter");
      await untilState(page, "live");
      assert.equal(await page.locator("#code").count(), 0);
      assert.ok(!page.url().includes("4711"));
      await page.reload();
      await untilState(page, "live");
      assert.equal(await page.locator("#code").count(), 0, "it is not asked for again");
    }));
}

test("the operator's link signs in and leaves no token behind", () =>
  scene({ viewport: HALL }, async (server, page) => {
    server.fingerprint = "AB:CD:EF";
    await page.goto(`${server.origin}/operator#${server.token}`);
    await page.click('.choices button[data-choice="kk"]');
    await untilText(page, "AB:CD:EF");
    await page.locator('.choices button[data-choice="kk"][aria-pressed="true"]').waitFor();
    assert.equal(new URL(page.url()).hash, "");
    const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.ok(!kept.includes(server.token) && !kept.includes("session"), kept);
    assert.deepEqual(server.orders, [
      ["POST", "/api/v1/login", true],
      ["PUT", "/api/v1/rooms/demo/language", true],
    ]);
    await screenshot(page, "operator-signed-in");
    await page.click("#sign-out");
    await page.waitForSelector("#sign-in:not([hidden])");
    await page.waitForSelector("#rooms li");
    assert.equal(await page.locator(".choices button").count(), 0, "who is signed out directs nothing");
  }));

test("who has no link says a token", () =>
  scene({ viewport: PHONE }, async (server, page) => {
    await page.goto(`${server.origin}/operator`);
    await page.fill("#token", "dostyq-0b");
    await page.click("#sign-in-button");
    await untilText(page, "Этот токен не подходит");
    await screenshot(page, "operator-sign-in");
    await page.fill("#token", server.token);
    await page.click("#sign-in-button");
    await page.waitForSelector('.choices button[data-choice="kk"]');
    assert.equal(await page.locator("#sign-in").isHidden(), true);
  }));
