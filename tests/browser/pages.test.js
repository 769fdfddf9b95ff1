// What all pages have in common, and the list of rooms, against a scripted room.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HALL, PHONE, screenshot } from "./support/browser.js";
import { closeBrowser, scene, texts, untilText } from "./support/scene.js";
import { LETTERS } from "./support/talk.js";

after(closeBrowser);

test("the rooms, with the way to each page", () =>
  scene({ viewport: PHONE }, async (server, page) => {
    await page.goto(server.origin);
    await untilText(page, server.title);
    const links = await page.$$eval("#rooms a", (all) => all.map((link) => link.getAttribute("href")));
    assert.deepEqual(links, ["/r/demo", "/r/demo/screen"]);
    assert.deepEqual(await texts(page, "#rooms .live"), ["0 зрителей"]);
    assert.ok(await page.$eval("#rooms img", (image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 0));
    await screenshot(page, "rooms");
    await page.click('#languages [lang="kk"]');
    assert.deepEqual(await texts(page, "#rooms a"), ["Телефонға арналған бет", "Зал экраны"]);
    assert.equal(await page.getAttribute("html", "lang"), "kk");
    await page.click("#rooms a");
    await page.waitForURL(`${server.origin}/r/demo`);
  }));

test("every letter of both languages comes from the bundled fonts", () =>
  scene({ viewport: HALL }, async (server, page) => {
    const lines = LETTERS.match(/.{1,8}/gu) ?? [];
    lines.forEach((line, at) => server.say(at + 1, "kk", line));
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("DOM.enable");
    await devtools.send("CSS.enable");
    for (const [path, selector, family] of /** @type {const} */ ([
      ["/r/demo/screen", "#rows .spoken > span:first-child", "Noto Sans"],
      ["/r/demo?lang=kk", "#log .spoken span span:first-child", "Golos"],
    ])) {
      await page.goto(server.origin + path);
      await untilText(page, lines.at(-1) ?? "");
      await page.evaluate(() => document.fonts.ready);
      const { root } = await devtools.send("DOM.getDocument");
      const { nodeIds } = await devtools.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector });
      assert.equal(nodeIds.length, lines.length);
      for (const [at, nodeId] of nodeIds.entries()) {
        const { fonts } = await devtools.send("CSS.getPlatformFontsForNode", { nodeId });
        const foreign = fonts.filter(({ familyName, isCustomFont }) => !(isCustomFont && familyName.includes(family)));
        assert.deepEqual(foreign, [], `${path}: ${lines[at]}`);
        const glyphs = fonts.reduce((sum, { glyphCount }) => sum + glyphCount, 0);
        assert.equal(glyphs, [...(lines[at] ?? "")].length);
      }
    }
  }));
