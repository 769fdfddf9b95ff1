// The hall screen, against a scripted room.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HALL, screenshot } from "./support/browser.js";
import { closeBrowser, contrast, sayTalk, scene, texts, untilState, untilStill, untilText } from "./support/scene.js";
import { OPEN, TALK } from "./support/talk.js";

/** @import { Page } from "playwright-core" */

after(closeBrowser);

/** Where the rows stand: their tops, and the left edge and top of each cell. @param {Page} page */
function layout(page) {
  return page.$$eval(".row:not(.mark-row)", (rows) =>
    rows.map((row) => ({
      text: row.children[0]?.textContent ?? "",
      top: Math.round(row.getBoundingClientRect().top),
      bottom: Math.round(row.getBoundingClientRect().bottom),
      cells: [...row.children].map((cell) => {
        const { left, top } = cell.getBoundingClientRect();
        return { left: Math.round(left), top: Math.round(top), lang: /** @type {HTMLElement} */ (cell).lang };
      }),
    })),
  );
}

test("a caption and its translation stand side by side, the newest at the bottom", () =>
  scene({ viewport: HALL }, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo/screen`);
    await untilState(page, "live");
    await untilText(page, OPEN[1]);
    await untilStill(page);
    const rows = await layout(page);
    assert.equal(rows.length, TALK.length + 1);
    const heads = await page.$$eval("#heads h2", (all) =>
      all.map((head) => Math.round(head.getBoundingClientRect().left)),
    );
    rows.forEach(({ cells, bottom }, at) => {
      assert.deepEqual(cells.map(({ lang }) => lang), ["kk", "ru"]);
      assert.deepEqual(cells.map(({ left }) => left), heads);
      assert.equal(cells[0]?.top, cells[1]?.top);
      assert.ok(bottom <= (rows[at + 1]?.top ?? Infinity));
    });
    const stage = await page.$eval("#stage", (element) => element.getBoundingClientRect().bottom);
    assert.ok(Math.abs((rows.at(-1)?.bottom ?? 0) - stage) <= 1, "the newest row stands on the ground of the stage");
    TALK.forEach(([src, text, translation], at) => {
      assert.equal(rows[at]?.text.replace(/\u00a0/g, " "), src === "kk" ? text : translation);
    });
    assert.equal(await page.title(), server.title);
    await screenshot(page, "screen-dark");
  }));

test("the row is there with its first word; its translation has dots, then comes into the same row", () =>
  scene({ viewport: HALL }, async (server, page) => {
    await page.goto(`${server.origin}/r/demo/screen`);
    await untilState(page, "live");
    assert.equal(await page.$eval("html", (root) => root.dataset.empty), "true");
    await screenshot(page, "screen-empty");
    server.openLine(1, "kk", "", "Құрметті");
    await page.waitForSelector(".row .dots");
    assert.deepEqual(await texts(page, ".row > .spoken"), ["Құрметті"]);
    server.openLine(1, "kk", "Құрметті", "қонақтар");
    server.final(1, "kk", "kk", "Құрметті қонақтар!");
    server.openLine(2, "ru", "", "Спасибо");
    server.final(1, "ru", "kk", "Уважаемые гости!");
    await untilText(page, "Уважаемые гости!");
    assert.deepEqual(await texts(page, ".row:first-child > .cell"), ["Құрметті қонақтар!", "Уважаемые гости!"]);
    assert.equal(await page.$$eval(".row:first-child .dots", (dots) => dots.length), 0);
    await page.waitForSelector('#heads [data-lang="ru"].speaking');
    server.drop(2);
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
  }));

test("all text keeps a contrast of 7 to 1, its tail too, and the tail is dimmer", () =>
  scene({ viewport: HALL }, async (server, page) => {
    sayTalk(server);
    for (const theme of ["dark", "light"]) {
      await page.goto(`${server.origin}/r/demo/screen?theme=${theme}`);
      await untilText(page, OPEN[2]);
      await untilStill(page);
      const solid = await contrast(page, ".cell span:first-child");
      const tail = await contrast(page, ".row:last-child .tail");
      assert.ok(tail >= 7 && solid >= tail + 2, `${theme}: solid ${solid}, tail ${tail}`);
      for (const quiet of ["#heads h2", "#state", "#clock", ".foot-qr figcaption"]) {
        assert.ok((await contrast(page, quiet)) >= 7, `${theme}: ${quiet}`);
      }
    }
    await screenshot(page, "screen-light");
  }));

test("a line has a comfortable measure, on every usual screen", () =>
  scene({ viewport: HALL }, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo/screen`);
    for (const viewport of [
      HALL,
      { width: 1280, height: 720 },
      { width: 3840, height: 2160 },
      { width: 1024, height: 768 },
    ]) {
      await page.setViewportSize(viewport);
      await untilText(page, OPEN[1]);
      const lengths = await page.$$eval(".cell span:first-child", (spans) =>
        spans.flatMap((span) => {
          const node = span.firstChild;
          const found = [];
          for (let at = 1, from = 0; node && at < (node.textContent ?? "").length; at += 1) {
            const [before, here] = [at - 1, at].map((start) => {
              const range = document.createRange();
              range.setStart(node, start);
              range.setEnd(node, start + 1);
              return range.getBoundingClientRect().top;
            });
            if (here !== before && here !== undefined && before !== undefined && here > before + 5) {
              found.push(at - from);
              from = at;
            }
          }
          return found;
        }),
      );
      const longest = Math.max(...lengths);
      assert.ok(longest >= 30 && longest <= 42, `${viewport.width}: the longest line has ${longest} characters`);
      const sizes = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth, innerHeight]);
      assert.deepEqual(sizes, [viewport.width, viewport.width, viewport.height]);
      assert.ok(await page.locator("#clock").isVisible());
      await screenshot(page, `screen-${viewport.width}`);
    }
  }));

test("text that stands never moves down, whatever the tail does", () =>
  scene({ viewport: HALL }, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo/screen`);
    await untilText(page, OPEN[1]);
    await untilStill(page);
    const seg = TALK.length + 1;
    const words = "Келесі кезекте біз мұғалімдердің жалақысын көтеру мәселесін қарастырамыз содан кейін".split(" ");
    let before = await layout(page);
    for (const [solid, tail] of [[4, 8], [4, 11], [4, 5], [5, 9], [7, 7], [8, 11], [8, 8]]) {
      server.openLine(seg, "kk", words.slice(0, solid).join(" "), words.slice(solid, tail).join(" "));
      await page.waitForFunction(
        (text) => document.querySelector(".row:last-child .cell")?.textContent === text,
        words.slice(0, tail).join(" "),
      );
      await untilStill(page);
      const now = await layout(page);
      before.forEach(({ text, top }, at) => {
        if (at < TALK.length) {
          assert.ok((now[at]?.top ?? 0) <= top, `"${text}" moved down from ${top} to ${now[at]?.top}`);
        }
      });
      before = now;
    }
  }));

test("rows glide to their places, and do not where motion is unwanted", async () => {
  for (const reducedMotion of /** @type {const} */ (["no-preference", "reduce"])) {
    await scene({ viewport: HALL, reducedMotion }, async (server, page) => {
      server.say(1, "ru", "Первая строка.", "Бірінші жол.");
      await page.goto(`${server.origin}/r/demo/screen`);
      await untilText(page, "Бірінші жол.");
      const glided = page.evaluate(
        () =>
          new Promise((resolve) => {
            const rows = /** @type {HTMLElement} */ (document.getElementById("rows"));
            new MutationObserver(() => {
              requestAnimationFrame(() => resolve(rows.getAnimations({ subtree: true }).length > 0));
            }).observe(rows, { childList: true });
          }),
      );
      // What the page is asked next, it does after it has begun to watch.
      await page.evaluate(() => {});
      server.say(2, "ru", "Вторая строка.");
      assert.equal(await glided, reducedMotion === "no-preference");
    });
  }
});

test("the crew's choices are in the address, by hand or by the control, which hides itself", () =>
  scene({ viewport: HALL }, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo/screen?lang=ru&size=120&theme=light&tail=0&qr=0`);
    await untilText(page, "Цифровая школа");
    const shown = await page.$$eval(".row > .cell", (cells) => cells.map((cell) => cell.getAttribute("lang")));
    assert.deepEqual([...new Set(shown)], ["ru"]);
    assert.equal(server.hellos.at(-1)?.l.join(), "ru");
    assert.equal(await page.locator(".foot-qr").isVisible(), false);
    assert.equal(await page.locator("#controls").isVisible(), false);
    await page.mouse.move(600, 400);
    await page.mouse.move(610, 400);
    assert.equal(await page.locator("#controls").isVisible(), true);
    await page.click('#control-langs [data-choice="both"]');
    await untilText(page, OPEN[1]);
    assert.equal((await page.textContent(".row:last-child .cell"))?.trim(), OPEN[1], "the tail is not shown");
    await screenshot(page, "screen-controls");
    await page.keyboard.press("+");
    await page.keyboard.press("t");
    await page.click("#tail");
    await untilText(page, OPEN[2]);
    assert.equal(new URL(page.url()).search, "?size=130&qr=0");
    await page.keyboard.press("l");
    await page.waitForFunction(() => document.querySelectorAll("#heads h2").length === 1);
    await page.waitForSelector("#controls", { state: "hidden", timeout: 6_000 });
  }));

test("the crew sees at once that the screen is not live; nothing is lost or doubled over the break", () =>
  scene({ viewport: HALL }, async (server, page) => {
    // The pauses between two tries are drawn by lot: here, short ones.
    await page.addInitScript(() => (Math.random = () => 0.02));
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo/screen`);
    await untilState(page, "live");
    server.refuse = 1012;
    server.dropAll();
    await page.waitForFunction(() => document.documentElement.dataset.state !== "live");
    await screenshot(page, "screen-lost");
    assert.match((await page.textContent("#state")) ?? "", /Связь прервалась/);
    assert.deepEqual(await page.$$eval(".row .dots", (dots) => dots.length), 1);
    server.open.clear();
    server.say(7, "ru", "Сказано во время обрыва.", "Байланыс үзілгенде айтылды.");
    server.refuse = null;
    await untilText(page, "Сказано во время обрыва.");
    server.say(8, "kk", "Және одан кейін.", "И после него.");
    await untilText(page, "И после него.");
    const said = TALK.map(([src, text, translation]) => (src === "ru" ? text : translation));
    const expected = [...said, "Сказано во время обрыва.", "И после него."];
    assert.deepEqual(await texts(page, ".row > [lang=ru]"), expected);
    assert.equal(server.hellos.at(-1)?.o, TALK.length * 2);
  }));

test("a page is told why it cannot be live, and does not knock again", () =>
  scene({ viewport: HALL }, async (server, page) => {
    server.refuse = 4502;
    await page.goto(`${server.origin}/r/demo/screen`);
    await untilState(page, "stopped");
    assert.match((await page.textContent("#state")) ?? "", /Такого зала нет/);
  }));
