// The phone page: wires the room to the log, and the reader's choices to both.

import { say, sayCount, translatePage } from "../lib/i18n.js";
import { isChoice, langsOf } from "../lib/lines.js";
import { byId, roomName, socketUrl } from "../lib/page.js";
import { CLOSE } from "../lib/protocol.js";
import { RoomCode } from "../lib/room-code.js";
import { Room, statusWord } from "../lib/room.js";
import { keepScreenOn } from "../lib/wake-lock.js";
import { Follow } from "./follow.js";
import { LogView } from "./log-view.js";
import { keepPrefs, loadPrefs } from "./prefs.js";
import { Settings } from "./settings.js";

/** @import { Status } from "../lib/connection.js" */
/** @import { Prefs } from "./prefs.js" */

/** How often translations that do not come are looked after. */
const REFRESH_MILLIS = 2_000;

let prefs = loadPrefs();
/** Lines finished since the reader scrolled away. */
let newLines = 0;
/** Whether the screen is kept on, null before that is known. @type {boolean | null} */
let screenHeld = null;

const follow = new Follow(byId("scroller"), showJump);
const view = new LogView(byId("log"), byId("open"), look());
const settings = new Settings(prefs, change);
const room = new Room({
  url: socketUrl(),
  wants: () => ({ langs: look().langs, tail: !prefs.saveData }),
  onTitle: showTitle,
  onStatus: showStatus,
  draw: (items, change, now) => {
    follow.keepPlace(() => {
      const finished = view.render(items, change, now, follow.following);
      newLines = change.reset ? 0 : newLines + finished;
      showAround();
    });
    showJump();
  },
});

const code = new RoomCode(roomName(), () => room.askAgain({ otherLangs: false }));

function look() {
  return { langs: langsOf(prefs.captions ?? "both"), ui: prefs.ui };
}

/** What stands around the lines: the way to earlier ones, or a word that there are none yet. */
function showAround() {
  byId("nothing").hidden = !view.isEmpty;
  byId("earlier").hidden = view.earlierCount === 0;
  byId("earlier").textContent = sayCount(prefs.ui, "earlierLines", view.earlierCount);
}

function showJump() {
  if (follow.following) {
    newLines = 0;
  }
  const jump = byId("jump");
  jump.hidden = follow.following;
  const count = newLines === 0 ? "" : ` · ${sayCount(prefs.ui, "newLines", newLines)}`;
  jump.textContent = say(prefs.ui, "jump") + count;
}

/** @param {Partial<Prefs>} part what the reader has just chosen */
function change(part) {
  const before = prefs;
  prefs = { ...prefs, ...part };
  keepPrefs(part);
  if (part.captions) {
    // The choice outlasts what the address said.
    history.replaceState(null, "", location.pathname);
  }
  const otherLangs = prefs.captions !== before.captions;
  apply({ redraw: otherLangs || prefs.ui !== before.ui });
  if (otherLangs || prefs.saveData !== before.saveData) {
    room.askAgain({ otherLangs });
  }
}

/** @param {{ redraw: boolean }} how whether the lines themselves must be written anew */
function apply({ redraw }) {
  const root = document.documentElement;
  translatePage(document, prefs.ui);
  settings.show(prefs);
  showScreenNote();
  showStatus(room.status);
  follow.keepPlace(() => {
    root.lang = prefs.ui;
    root.dataset.theme = prefs.theme;
    root.style.setProperty("--size", String(prefs.size / 100));
    byId("log").setAttribute("aria-live", prefs.announce ? "polite" : "off");
    if (redraw) {
      view.rebuild(room.items, performance.now(), look());
    }
    showAround();
  });
  showJump();
}

/** @param {string} title */
function showTitle(title) {
  document.title = title;
  byId("title").textContent = title;
}

/** @param {Status} status */
function showStatus(status) {
  document.documentElement.dataset.state = status.state;
  if (status.state === "stopped" && status.code === CLOSE.NO_ACCESS) {
    code.ask();
  }
  byId("state").textContent = say(prefs.ui, statusWord(status));
}

function showScreenNote() {
  byId("screen-note").textContent =
    screenHeld === null ? "" : say(prefs.ui, screenHeld ? "screenOn" : "screenMayGoOff");
}

/** @returns {Promise<void>} when the reader has chosen a language, now or at an earlier visit */
async function chosen() {
  const sheet = /** @type {HTMLDialogElement} */ (byId("choose"));
  while (prefs.captions === null) {
    sheet.showModal();
    await new Promise((resolve) => sheet.addEventListener("close", resolve, { once: true }));
    if (isChoice(sheet.returnValue)) {
      keepPrefs({ captions: sheet.returnValue });
      prefs = loadPrefs();
    }
  }
}

byId("jump").addEventListener("click", () => {
  follow.jump();
  byId("scroller").focus({ preventScroll: true });
});
byId("earlier").addEventListener("click", () => {
  follow.keepPlace(() => {
    view.showEarlier(performance.now());
    showAround();
  });
});
showTitle(roomName());
apply({ redraw: false });
await chosen();
apply({ redraw: true });
keepScreenOn((held) => {
  screenHeld = held;
  showScreenNote();
});
setInterval(() => follow.keepPlace(() => view.refresh(performance.now())), REFRESH_MILLIS);
room.open();
