// The phone page, against a scripted room.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, screenshot } from "./support/browser.js";
import { closeBrowser, contrast, sayTalk, scene, texts, untilState, untilStill, untilText } from "./support/scene.js";
import { OPEN, TALK } from "./support/talk.js";

/** @import { Page } from "playwright-core" */
/** @import { ScriptedServer } from "./support/scripted-server.js" */

after(closeBrowser);

const DARK = { viewport: PHONE, colorScheme: /** @type {const} */ ("dark") };

/** Opens the page as a reader who has chosen a language. @param {ScriptedServer} server @param {Page} page */
async function visit(server, page, query = "?lang=both") {
  await page.goto(`${server.origin}/r/demo${query}`);
  await untilState(page, "live");
}

/** Scrolls as a reader does. @param {Page} page @param {number} by */
async function wheel(page, by) {
  await page.mouse.move(200, 500);
  await page.mouse.wheel(0, by);
  await untilStill(page);
}

/** How far the end of the transcript is below the screen. @param {Page} page */
function distance(page) {
  return page.$eval("#scroller", (element) => element.scrollHeight - element.clientHeight - element.scrollTop);
}

test("a reader chooses a language once; the address may say another for one visit", () =>
  scene(DARK, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo`);
    await page.waitForSelector("#choose[open]");
    assert.equal(server.hellos.length, 0, "nothing is asked of the server before the choice");
    await screenshot(page, "phone-choose");
    await page.keyboard.press("Escape");
    await page.waitForSelector("#choose[open]");
    await page.click('#choose button[value="kk"]');
    await untilText(page, OPEN[1]);
    assert.deepEqual(server.hellos.at(-1)?.l, ["kk"]);
    assert.equal(await page.getAttribute("html", "lang"), "kk");
    assert.equal(await page.textContent("#state"), "Тікелей эфир");
    await page.reload();
    await untilState(page, "live");
    assert.equal(await page.locator("#choose").isVisible(), false);
    await visit(server, page, "?lang=ru");
    assert.deepEqual(server.hellos.at(-1)?.l, ["ru"]);
    await visit(server, page, "");
    assert.deepEqual(server.hellos.at(-1)?.l, ["kk"]);
  }));

test("both languages, each in its own, the original marked", () =>
  scene(DARK, async (server, page) => {
    sayTalk(server);
    await visit(server, page);
    await untilText(page, OPEN[1]);
    await untilStill(page);
    const cells = await page.$$eval("#log .cell", (all) =>
      all.map((cell) => ({
        lang: cell.lastElementChild?.getAttribute("lang"),
        text: cell.lastElementChild?.textContent?.replace(/\u00a0/g, " "),
        label: cell.querySelector(":scope > .sr")?.textContent ?? null,
        rule: getComputedStyle(cell, "::before").content !== "none",
      })),
    );
    const expected = TALK.flatMap(([src, text, translation]) =>
      ["kk", "ru"].map((lang) => ({
        lang,
        text: lang === src ? text : translation,
        label: lang === src ? null : "перевод: ",
        rule: lang === src,
      })),
    );
    assert.deepEqual(cells, expected);
    await screenshot(page, "phone-both");
  }));

test("the log holds finished lines alone and is silent until asked; unfinished ones are never announced", () =>
  scene(DARK, async (server, page) => {
    sayTalk(server);
    await visit(server, page);
    await untilText(page, OPEN[1]);
    assert.equal(await page.getAttribute("#log", "role"), "log");
    assert.equal(await page.getAttribute("#log", "aria-live"), "off");
    assert.equal(await page.getAttribute("#open", "aria-live"), "off");
    assert.doesNotMatch((await page.textContent("#log")) ?? "", /Келесі/);
    assert.match((await page.textContent("#open")) ?? "", /Келесі.*жалақысын/);
    assert.equal(await page.$$eval("#open .dots", (dots) => dots.length), 1);
    server.final(TALK.length + 1, "kk", "kk", "Келесі кезек.");
    await page.waitForFunction(() => document.getElementById("log")?.textContent?.includes("Келесі кезек."));
    assert.equal(await page.textContent("#open"), "");
    await page.click("#open-settings");
    await page.click("#announce");
    assert.equal(await page.getAttribute("#log", "aria-live"), "polite");
    await page.keyboard.press("Escape");
    await page.waitForSelector("#settings", { state: "hidden" });
  }));

test("over broken connections nothing is lost and nothing comes twice", () =>
  scene(DARK, async (server, page) => {
    // The pauses between two tries are drawn by lot: here, short ones.
    await page.addInitScript(() => (Math.random = () => 0.02));
    server.say(1, "ru", "строка 1");
    await visit(server, page, "?lang=ru");
    for (let seg = 2; seg <= 40; seg += 1) {
      server.openLine(seg, "ru", `строка ${seg}`, "…");
      if (seg % 7 === 0) {
        server.dropAll();
      }
      server.say(seg, "ru", `строка ${seg}`, `жол ${seg}`);
      if (seg % 7 === 3) {
        await untilText(page, `строка ${seg}`);
      }
    }
    server.openLine(41, "ru", "не закончена", "");
    server.dropAll();
    server.open.clear();
    server.openLine(42, "ru", "другая", "");
    await untilText(page, "другая");
    const lines = Array.from({ length: 40 }, (_, at) => `строка ${at + 1}`);
    assert.deepEqual(await texts(page, "#log .cell [lang=ru]"), lines);
    assert.deepEqual(await texts(page, "#open .cell [lang=ru]"), ["другая"]);
    assert.ok(server.hellos.length >= 6);
    // After the first, every hello says what it holds.
    assert.ok(server.hellos.slice(1).every(({ e, o }) => e === server.epoch && o !== undefined && o >= 1));
  }));

test("a hole in the events is asked for again", () =>
  scene(DARK, async (server, page) => {
    server.say(1, "ru", "раз");
    await visit(server, page, "?lang=ru");
    // One event goes into the log without being sent.
    server.log.push({ o: 2, k: "final", seg: 2, rev: 0, lang: "ru", src: "ru", lc: 1, t0: 0, t1: 0, text: "два" });
    server.say(3, "ru", "три");
    await untilText(page, "три");
    assert.deepEqual(await texts(page, "#log .cell [lang=ru]"), ["раз", "два", "три"]);
    assert.equal(server.hellos.at(-1)?.o, 1);
  }));

test("the newest line stays in sight until the reader scrolls away; nothing then moves, and one touch leads back", () =>
  scene(DARK, async (server, page) => {
    for (let seg = 1; seg <= 60; seg += 1) {
      server.say(seg, "ru", `Строка ${seg}, достаточно длинная, чтобы занять на телефоне две строки.`);
    }
    await visit(server, page);
    await untilText(page, "Строка 60");
    await untilStill(page);
    assert.ok((await distance(page)) < 4);
    server.say(61, "ru", "Строка 61.");
    await untilText(page, "Строка 61");
    await untilStill(page);
    assert.ok((await distance(page)) < 4);
    assert.equal(await page.locator("#jump").isVisible(), false);

    await wheel(page, -1200);
    const place = () =>
      page.evaluate(() => {
        const line = document.elementFromPoint(200, 400)?.closest("[data-line]");
        return { text: line?.textContent, top: line?.getBoundingClientRect().top ?? NaN };
      });
    const before = await place();
    server.say(62, "ru", "Строка 62.");
    server.say(63, "ru", "Строка 63.");
    // Translations of lines above what is read come late, and must not push it down.
    server.final(3, "kk", "ru", "Үшінші жолдың аудармасы, екі жолға жететіндей ұзын.");
    await untilText(page, "Строка 63");
    await untilText(page, "Үшінші жолдың");
    const now = await place();
    assert.equal(now.text, before.text);
    assert.ok(Math.abs(now.top - before.top) <= 1, `the line moved from ${before.top} to ${now.top}`);
    assert.equal(await page.textContent("#jump"), "К прямому эфиру · 2\u00a0новые строки");
    await screenshot(page, "phone-reading");
    // A reader who makes the text larger goes on at the same line.
    const top = () =>
      page.evaluate(() => {
        const edge = document.getElementById("scroller")?.getBoundingClientRect().top ?? 0;
        const lines = [...document.querySelectorAll("#log [data-line]")];
        return lines.find((line) => line.getBoundingClientRect().bottom > edge)?.textContent;
      });
    const line = await top();
    await page.click("#open-settings");
    await page.fill("#size", "200");
    await page.keyboard.press("Escape");
    assert.equal(await top(), line);
    await page.click("#jump");
    assert.ok((await distance(page)) < 4);
    assert.equal(await page.locator("#jump").isVisible(), false);
    server.say(64, "ru", "Строка 64.");
    await untilText(page, "Строка 64");
    await untilStill(page);
    assert.ok((await distance(page)) < 4);
  }));

test("size and colours are kept, are legible, and fit the phone", () =>
  scene({ viewport: PHONE, colorScheme: "light" }, async (server, page) => {
    sayTalk(server);
    await visit(server, page);
    assert.equal(await page.getAttribute("html", "data-theme"), "light");
    for (const theme of ["dark", "light", "yellow"]) {
      await page.click("#open-settings");
      await page.click(`#settings label:has(input[value="${theme}"])`);
      await screenshot(page, `phone-settings-${theme}`);
      await page.keyboard.press("Escape");
      assert.equal(await page.getAttribute("html", "data-theme"), theme);
      for (const selector of ["#log .cell", "#open .tail"]) {
        assert.ok((await contrast(page, selector)) >= 7, `${theme}: ${selector}`);
      }
      for (const selector of [".state", ".bar h1"]) {
        assert.ok((await contrast(page, selector)) >= 4.5, `${theme}: ${selector}`);
      }
    }
    const sizeOf = () => page.$eval("#log .cell", (cell) => parseFloat(getComputedStyle(cell).fontSize));
    const normal = await sizeOf();
    await page.click("#open-settings");
    await page.fill("#size", "300");
    await page.keyboard.press("Escape");
    assert.equal(await sizeOf(), 3 * normal);
    await page.reload();
    await untilText(page, OPEN[1]);
    assert.equal(await sizeOf(), 3 * normal);
    assert.equal(await page.getAttribute("html", "data-theme"), "yellow");
    await untilStill(page);
    assert.ok((await distance(page)) < 4);
    assert.equal(await page.$eval("#scroller", (element) => element.scrollWidth - element.clientWidth), 0);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
    await screenshot(page, "phone-300");
    await page.click("#open-settings");
    await page.fill("#size", "50");
    await page.click("#smaller");
    assert.equal(await sizeOf(), normal / 2);
  }));

test("saving data asks the server for finished lines alone", () =>
  scene(DARK, async (server, page) => {
    sayTalk(server);
    await visit(server, page);
    assert.equal(server.hellos.at(-1)?.tail, true);
    await page.click("#open-settings");
    await page.click("#save-data");
    await page.waitForFunction(() => document.getElementById("open")?.textContent === "");
    assert.deepEqual([server.hellos.at(-1)?.tail, server.hellos.at(-1)?.o], [false, server.log.length]);
    assert.equal((await texts(page, "#log .line")).length, TALK.length);
  }));

test("another language joins what is there", () =>
  scene(DARK, async (server, page) => {
    for (let seg = 1; seg <= 150; seg += 1) {
      server.say(seg, "ru", `строка ${seg}`);
    }
    await visit(server, page, "?lang=ru");
    for (let seg = 151; seg <= 260; seg += 1) {
      server.say(seg, "ru", `строка ${seg}`, `жол ${seg}`);
    }
    await untilText(page, "строка 260");
    await page.click("#open-settings");
    await page.click('#settings label:has(input[name="captions"][value="both"])');
    await page.waitForFunction(() => document.getElementById("log")?.innerText.includes("жол 260"));
    const russian = await texts(page, "#log .cell [lang=ru]");
    assert.deepEqual(russian, Array.from({ length: 260 }, (_, at) => `строка ${at + 1}`));
    assert.equal(new URL(page.url()).search, "");
  }));

test("the page speaks Kazakh, Russian and English", () =>
  scene({ ...DARK, locale: "en-GB" }, async (server, page) => {
    await visit(server, page);
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await untilText(page, "Captions will appear here when someone speaks.");
    await page.click("#open-settings");
    for (const [ui, title] of [["kk", "Баптаулар"], ["ru", "Настройки"], ["en", "Settings"]]) {
      await page.click(`#settings label:has(input[name="ui"][value="${ui}"])`);
      assert.equal(await page.textContent("#settings-title"), title);
      assert.equal(await page.getAttribute("html", "lang"), ui);
      assert.equal(await page.getAttribute("#open-settings", "aria-label"), title);
    }
  }));

test("everything is reached by keyboard", () =>
  scene(DARK, async (server, page) => {
    sayTalk(server);
    await page.goto(`${server.origin}/r/demo`);
    await page.waitForSelector("#choose[open]");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await untilState(page, "live");
    const reached = new Set();
    await page.evaluate(() => /** @type {HTMLElement | null} */ (document.activeElement)?.blur());
    for (let press = 0; press < 3; press += 1) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.id));
    }
    assert.ok(reached.has("open-settings") && reached.has("scroller"), [...reached].join());
    await page.focus("#open-settings");
    await page.keyboard.press("Enter");
    for (let press = 0; press < 12; press += 1) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = /** @type {HTMLInputElement | null} */ (document.activeElement);
        return element?.id || element?.name || "";
      });
      reached.add(name);
    }
    for (const name of ["smaller", "size", "larger", "captions", "theme", "save-data", "announce", "ui"]) {
      assert.ok(reached.has(name), `${name} is not among ${[...reached].join()}`);
    }
  }));

test("where the browser cannot keep the screen on, the page says so", async () => {
  for (const [held, words] of /** @type {const} */ ([
    [true, "Экран не погаснет."],
    [false, "не может держать экран включённым"],
  ])) {
    await scene(DARK, async (server, page) => {
      await page.addInitScript((works) => {
        const lock = { addEventListener: () => {} };
        Object.defineProperty(navigator, "wakeLock", { value: works ? { request: async () => lock } : undefined });
      }, held);
      await visit(server, page);
      await page.waitForFunction(
        (wanted) => document.getElementById("screen-note")?.textContent?.includes(wanted),
        words,
      );
    });
  }
});

test("ten thousand lines do not slow a phone, and the older ones can be had", () =>
  scene(DARK, async (server, page) => {
    await visit(server, page);
    const lines = 10_000;
    for (let seg = 1; seg <= lines; seg += 1) {
      server.say(seg, "ru", `Строка ${seg} длинного дня.`, `Ұзақ күннің ${seg}-жолы.`);
      if (seg % 200 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    await page.waitForFunction((n) => document.body.innerText.includes(`${n}-жолы`), lines, { timeout: 60_000 });
    const drawn = () => page.$$eval("#log .line", (all) => all.length);
    assert.ok((await drawn()) <= 550);
    // From the arrival of a message to its text in the page: EN 301 549 allows 100 ms; the median of twenty.
    const waits = [];
    for (let seg = lines + 1; seg <= lines + 20; seg += 1) {
      const seen = page.evaluate(
        (text) =>
          new Promise((resolve) => {
            const log = /** @type {HTMLElement} */ (document.getElementById("log"));
            const watch = new MutationObserver(() => {
              if (log.lastElementChild?.textContent?.includes(text)) {
                watch.disconnect();
                resolve(Date.now());
              }
            });
            watch.observe(log, { childList: true, subtree: true });
          }),
        `Строка ${seg} `,
      );
      // What the page is asked next, it does after it has begun to watch.
      await page.evaluate(() => {});
      const sent = Date.now();
      server.say(seg, "ru", `Строка ${seg} длинного дня.`);
      waits.push(Number(await seen) - sent);
    }
    const median = waits.sort((a, b) => a - b)[10] ?? Infinity;
    assert.ok(median < 100, `a line took ${median} ms (${waits.join()})`);

    const before = await drawn();
    await page.$eval("#scroller", (element) => element.scrollTo(0, 0));
    await page.waitForSelector("#jump", { state: "visible" });
    const button = page.locator("#earlier");
    await button.waitFor();
    const first = await page.textContent("#log .line");
    await button.click();
    assert.equal(await drawn(), before + 200);
    const top = await page.$eval("#scroller", (element) => element.scrollTop);
    assert.ok(top > 0, "the lines that were read stay where they were");
    assert.notEqual(await page.textContent("#log .line"), first);
    await page.click("#jump");
    server.say(lines + 21, "ru", "Ещё одна.");
    await untilText(page, "Ещё одна.");
    assert.ok((await drawn()) <= 550);
  }));
