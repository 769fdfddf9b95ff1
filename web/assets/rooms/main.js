// The list of rooms: who is live, how many watch, and the way to each room's pages.

import { fetchJson } from "../lib/fetch-json.js";
import { pickUiLang, say, sayCount, translatePage } from "../lib/i18n.js";
import { languageSwitch } from "../lib/languages.js";
import { byId } from "../lib/page.js";

/** @import { Word } from "../lib/i18n.js" */

/** @typedef {{ room: string, title: string, viewers: number }} Room */

const POLL_MILLIS = 5_000;

let ui = pickUiLang(navigator.languages);
/** The rooms as last heard, null before the first answer. @type {Room[] | null} */
let rooms = null;
let answering = true;
/** What is drawn, so that a poll without news touches nothing. */
let drawn = "";

async function poll() {
  if (document.visibilityState === "visible") {
    try {
      rooms = await fetchJson("/api/v1/rooms");
      answering = true;
    } catch {
      answering = false;
    }
    draw();
  }
  setTimeout(poll, POLL_MILLIS);
}

function draw() {
  const now = JSON.stringify([ui, rooms, answering]);
  if (now === drawn) {
    return;
  }
  drawn = now;
  document.documentElement.lang = ui;
  translatePage(document, ui);
  const word = answering ? (rooms?.length === 0 ? "noRooms" : null) : "noServer";
  const notice = byId("notice");
  notice.hidden = word === null;
  notice.textContent = word === null ? "" : say(ui, word);
  byId("rooms").replaceChildren(...(rooms ?? []).map(card));
  markLanguage(ui);
}

/** @param {Room} room */
function card({ room, title, viewers }) {
  const path = `/r/${encodeURIComponent(room)}`;
  const name = document.createElement("h3");
  name.textContent = title || room;
  const state = document.createElement("p");
  state.className = answering ? "live" : "away";
  state.textContent = answering ? sayCount(ui, "viewers", viewers) : "—";
  const links = document.createElement("p");
  links.className = "links";
  links.append(link(path, "phonePage"), link(`${path}/screen`, "hallScreen"));
  const words = document.createElement("div");
  words.append(name, state, links);
  const code = document.createElement("img");
  code.src = `${path}/qr.svg`;
  code.alt = say(ui, "qrCode");
  code.addEventListener("error", () => code.remove());
  const item = document.createElement("li");
  item.append(words, code);
  return item;
}

/** @param {string} href @param {Word} word */
function link(href, word) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = say(ui, word);
  return anchor;
}

const markLanguage = languageSwitch(byId("languages"), (lang) => {
  ui = lang;
  draw();
});
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
draw();
void poll();
