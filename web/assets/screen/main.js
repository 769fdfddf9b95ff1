// The hall screen: wires the room to rows, and the crew's few choices to the address.

import { NAMES, say, translatePage } from "../lib/i18n.js";
import { langsOf } from "../lib/lines.js";
import { byId, roomName, roomPath, socketUrl } from "../lib/page.js";
import { CLOSE } from "../lib/protocol.js";
import { RoomCode } from "../lib/room-code.js";
import { Room, statusWord } from "../lib/room.js";
import { keepScreenOn } from "../lib/wake-lock.js";
import { Controls } from "./controls.js";
import { readOptions, writeOptions } from "./options.js";
import { RowsView } from "./rows-view.js";

/** @import { Status } from "../lib/connection.js" */
/** @import { Word } from "../lib/i18n.js" */
/** @import { Lang } from "../lib/protocol.js" */
/** @import { Options } from "./options.js" */

/** How often translations that do not come are looked after. */
const REFRESH_MILLIS = 2_000;

let options = readOptions(location.search);
const root = document.documentElement;
const view = new RowsView(byId("rows"), look());
const room = new Room({
  url: socketUrl(),
  wants: () => ({ langs: langsOf(options.lang), tail: true }),
  onTitle: showTitle,
  onStatus: showStatus,
  draw: (items, change, now) => {
    view.render(items, change, now);
    showSpoken();
  },
});
const code = new RoomCode(roomName(), () => room.askAgain({ otherLangs: false }));
const controls = new Controls(options, change);

function look() {
  return { langs: langsOf(options.lang), showTail: options.tail };
}

/** @param {Options} changed what the crew has just chosen */
function change(changed) {
  const otherLangs = changed.lang !== options.lang;
  options = changed;
  history.replaceState(null, "", location.pathname + writeOptions(options));
  apply();
  if (otherLangs) {
    room.askAgain({ otherLangs });
  }
}

function apply() {
  const langs = langsOf(options.lang);
  root.lang = /** @type {string} */ (langs[0]);
  root.dataset.theme = options.theme;
  root.dataset.columns = String(langs.length);
  root.dataset.qr = options.qr ? "shown" : "hidden";
  root.style.setProperty("--size", String(options.size / 100));
  byId("heads").replaceChildren(...langs.map(headOf));
  for (const element of document.querySelectorAll("[data-both]")) {
    element.replaceChildren(...inLangs(/** @type {Word} */ (/** @type {HTMLElement} */ (element).dataset.both)));
  }
  translatePage(byId("controls"), options.lang === "kk" ? "kk" : "ru");
  controls.show(options);
  view.rebuild(room.items, performance.now(), look());
  showStatus(room.status);
  showSpoken();
}

/** @param {Lang} lang */
function headOf(lang) {
  const head = document.createElement("h2");
  head.lang = lang;
  head.dataset.lang = lang;
  const name = document.createElement("span");
  name.textContent = NAMES[lang];
  head.append(name);
  return head;
}

/** The same words in each language of the screen. @param {Word} word */
function inLangs(word) {
  return langsOf(options.lang).map((lang) => {
    const words = document.createElement("span");
    words.lang = lang;
    words.textContent = say(lang, word);
    return words;
  });
}

/** @param {string} title */
function showTitle(title) {
  document.title = title;
  for (const element of document.querySelectorAll("[data-title]")) {
    element.textContent = title;
  }
}

/** Underlines the language that is being spoken, and takes the invitation away once there is a line. */
function showSpoken() {
  const last = room.items.findLast((item) => item.kind === "line");
  for (const head of byId("heads").children) {
    head.classList.toggle("speaking", /** @type {HTMLElement} */ (head).dataset.lang === last?.src);
  }
  root.dataset.empty = String(view.isEmpty);
}

/**
 * The hall need not be alarmed, the crew must see it at once: a thin line, a dot and quiet words.
 * @param {Status} status
 */
function showStatus(status) {
  root.dataset.state = status.state;
  if (status.state === "stopped" && status.code === CLOSE.NO_ACCESS) {
    code.ask();
  }
  byId("state").replaceChildren(...inLangs(statusWord(status)));
}

function showClock() {
  const clock = byId("clock");
  const time = new Date().toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit" });
  if (clock.textContent !== time) {
    clock.textContent = time;
  }
}

/** A server that draws no code leaves its place empty. */
function showQrCodes() {
  for (const image of /** @type {NodeListOf<HTMLImageElement>} */ (document.querySelectorAll("[data-qr]"))) {
    image.addEventListener("error", () => (root.dataset.qr = "hidden"));
    image.alt = say("ru", "qrCode");
    image.src = `${roomPath()}/qr.svg`;
  }
}

showTitle(roomName());
apply();
showClock();
showQrCodes();
keepScreenOn(() => {});
setInterval(showClock, 1_000);
setInterval(() => view.refresh(performance.now()), REFRESH_MILLIS);
addEventListener("resize", () => view.relayout());
void document.fonts.ready.then(() => view.relayout());
room.open();
