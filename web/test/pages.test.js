// The plain parts of the pages: what an address and a kept choice mean, what of a line is shown, the words.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { pickUiLang, sayCount, sayMark } from "../assets/lib/i18n.js";
import {
  AWAIT_LINES,
  AWAIT_MILLIS,
  addChange,
  isAwaited,
  isFinished,
  isShown,
  noChange,
  textOf,
} from "../assets/lib/lines.js";
import { readPrefs } from "../assets/phone/prefs.js";
import { readOptions, writeOptions } from "../assets/screen/options.js";

/** @import { Cell, Line } from "../assets/lib/transcript.js" */

const DEVICE = { languages: ["kk-KZ", "ru"], prefersLight: false, saveData: false };

/** @param {Partial<Line>} part @returns {Line} */
function line(part) {
  const cells = { kk: null, ru: null };
  return { kind: "line", run: 0, seg: 1, place: 0, src: "kk", cells, finishedAt: null, ...part };
}

test("a screen's look survives its address", () => {
  for (const query of ["", "?lang=kk", "?lang=ru&size=150", "?theme=light&tail=0&qr=0"]) {
    assert.equal(writeOptions(readOptions(query)), query);
  }
  assert.equal(writeOptions(readOptions("?lang=en&size=huge&theme=pink&tail=yes&qr=1")), "");
  assert.equal(readOptions("?size=9999").size, 200);
  assert.equal(readOptions("?size=-5").size, 100);
});

test("the address goes before what was kept, and that before the device", () => {
  const none = readPrefs(null, "", DEVICE);
  assert.deepEqual([none.captions, none.ui, none.theme, none.size], [null, "kk", "dark", 100]);
  const kept = JSON.stringify({ captions: "ru", theme: "yellow", size: 150, saveData: true });
  const stored = readPrefs(kept, "", DEVICE);
  const chosen = { captions: "ru", ui: "ru", theme: "yellow", size: 150, saveData: true, announce: false };
  assert.deepEqual(stored, chosen);
  assert.equal(readPrefs(kept, "?lang=kk&ui=en", DEVICE).captions, "kk");
  assert.equal(readPrefs(kept, "?lang=kk&ui=en", DEVICE).ui, "en");
  assert.equal(readPrefs(null, "", { ...DEVICE, prefersLight: true, saveData: true }).theme, "light");
  for (const spoilt of ["", "{", "7", "null", '{"captions":"fr","size":"big","theme":1}']) {
    assert.deepEqual(readPrefs(spoilt, "", DEVICE), none, spoilt);
  }
});

test("solid text and tail are joined as they would be written", () => {
  /** @param {string} c @param {string} d */
  const joined = (c, d) => textOf({ final: false, c, d }, true);
  assert.deepEqual(joined("Мы", "начинаем"), ["Мы", " начинаем"]);
  assert.deepEqual(joined("Мы ", " начинаем "), ["Мы", " начинаем"]);
  assert.deepEqual(joined("Мы", ", как"), ["Мы", ", как"]);
  assert.deepEqual(joined("", "начинаем"), ["", "начинаем"]);
  assert.deepEqual(joined("Мы", ""), ["Мы", ""]);
  assert.deepEqual(textOf({ final: false, c: "Мы", d: "начинаем" }, false), ["Мы", ""]);
  assert.deepEqual(textOf({ final: true, text: "№ 1 и № два", rev: 0 }, true), ["№\u00a01 и № два", ""]);
});

test("a translation is awaited while its line is spoken, for a time after, and for a few lines after", () => {
  /** @type {Cell} */
  const done = { final: true, text: "иә", rev: 0 };
  const spoken = line({ cells: { kk: done, ru: null }, finishedAt: 1000 });
  /** @param {Line} one @param {"kk" | "ru"} lang */
  const awaited = (one, lang, now = 1000, newest = one) => isAwaited(one, lang, { newest, now });
  assert.equal(awaited(spoken, "ru"), true);
  assert.equal(awaited(spoken, "kk"), false);
  assert.equal(awaited(spoken, "ru", 1000 + AWAIT_MILLIS), false);
  assert.equal(awaited(line({ cells: { kk: { final: false, c: "и", d: "" }, ru: null } }), "ru", 1e9), true);
  assert.equal(awaited(spoken, "ru", 1000, line({ seg: AWAIT_LINES })), true);
  assert.equal(awaited(spoken, "ru", 1000, line({ seg: 1 + AWAIT_LINES })), false);
  assert.equal(awaited(spoken, "ru", 1000, line({ run: 9 })), false);
  assert.deepEqual([isFinished(spoken, ["ru"]), isFinished(spoken, ["kk", "ru"])], [false, true]);
  assert.deepEqual([isShown(spoken, ["ru"], true), isShown(spoken, ["kk"], true)], [false, true]);
  const tail = line({ cells: { kk: { final: false, c: "", d: "иә" }, ru: null } });
  assert.deepEqual([isShown(tail, ["kk"], true), isShown(tail, ["kk"], false)], [true, false]);
});

test("two changes drawn at once are what they would be one after the other", () => {
  const [a, b, c] = [line({ seg: 1 }), line({ seg: 2 }), line({ seg: 3 })];
  const sum = noChange();
  addChange(sum, { ...noChange(), touched: new Set([a, b]) });
  addChange(sum, { ...noChange(), removed: new Set([a]), touched: new Set([c]) });
  assert.deepEqual([[...sum.touched], [...sum.removed]], [[b, c], [a]]);
  addChange(sum, { ...noChange(), reset: true, touched: new Set([a]) });
  assert.deepEqual([sum.reset, [...sum.touched], [...sum.removed]], [true, [a], []]);
});

test("counts take the form that their language wants", () => {
  assert.equal(sayCount("ru", "newLines", 1), "1\u00a0новая строка");
  assert.equal(sayCount("ru", "newLines", 3), "3\u00a0новые строки");
  assert.equal(sayCount("ru", "newLines", 11), "11\u00a0новых строк");
  assert.equal(sayCount("kk", "newLines", 5), "5\u00a0жаңа жол");
  assert.equal(sayCount("en", "viewers", 1), "1\u00a0viewer");
  assert.equal(sayMark("kk", { m: "gap", millis: 2600 }), "Дыбыс 3\u00a0с болмады");
  assert.equal(sayMark("ru", { m: "unheard-of", millis: 0 }), null);
  assert.deepEqual([["de", "kk-Cyrl-KZ"], ["en-GB"], ["de"]].map(pickUiLang), ["kk", "en", "ru"]);
});

test("every word that a page names is there, and no page breaks its content security policy", async () => {
  const root = new URL("../", import.meta.url);
  const { say } = await import("../assets/lib/i18n.js");
  const pages = readdirSync(root).filter((name) => name.endsWith(".html"));
  for (const name of ["index.html", "phone.html", "screen.html"]) {
    assert.ok(pages.includes(name), name);
  }
  for (const name of pages) {
    const html = readFileSync(new URL(name, root), "utf8");
    for (const [, word] of html.matchAll(/data-(?:say|say-label|both)="([^"]+)"/g)) {
      for (const lang of /** @type {const} */ (["kk", "ru", "en"])) {
        assert.ok(say(lang, /** @type {any} */ (word)), `${name}: ${word} in ${lang}`);
      }
    }
    assert.doesNotMatch(html, /\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)/, name);
    assert.doesNotMatch(html, /(?:src|href)="(?!\/)/, `${name}: every address begins at the server's root`);
  }
});
