// A server for tests alone: the real pages under the real content security policy, and a room whose every message the
// test decides. It keeps a log and answers hellos with the recovery rules of docs/protocol.md.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

/** @import { Lang, LogEvent, OpenLine } from "../../../web/assets/lib/protocol.js" */
/** @import { WebSocket } from "ws" */

/** @typedef {{ t: "hello", v: number, l: Lang[], e?: string, o?: number, tail: boolean }} HelloMessage */
/** @typedef {{ socket: WebSocket, hello: HelloMessage }} Viewer */

const WEB = fileURLToPath(new URL("../../../web/", import.meta.url));
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".json": "application/json",
};
const ROOM = "demo";
/** A room that does well. */
const STATUS = {
  clock_secs: 61,
  rms_dbfs: -20,
  peak_dbfs: -12,
  is_clipping: false,
  is_silent: false,
  is_voice: true,
  waiting_finals: 0,
  final_lag_secs: 1.5,
  segments: 3,
  untranslated_segments: 0,
  doubtful_translations: 0,
  remembered_sentences: 0,
  doubt: null,
  rejected: {},
  effort: "full",
  lost_utterances: 0,
  lang: ["kk", 0.97],
  on_air: null,
  trouble: null,
  has_ended: false,
};
/** The newest part of the log that a client without a position is given. */
const FRESH_EVENTS = 200;

export class ScriptedServer {
  title = "Scripted room";
  epoch = "0".repeat(31) + "1";
  /** @type {LogEvent[]} */
  log = [];
  /** @type {Map<string, OpenLine>} */
  open = new Map();
  /** @type {HelloMessage[]} */
  hellos = [];
  /** @type {Set<Viewer>} */
  viewers = new Set();
  /** When set, sockets are refused: closed at once with this code. @type {number | null} */
  refuse = null;
  /** When set, the room asks for this code. @type {string | null} */
  code = null;
  /** The operator's token. */
  token = "dostyq-0a";
  /** The fingerprint of the server's certificate, when there is one. @type {string | null} */
  fingerprint = null;
  /** What the operator says of the language spoken. */
  language = "auto";
  /** Orders that came: method, path, whether the page meant it. @type {[string, string, boolean][]} */
  orders = [];

  #http = createServer((request, response) => void this.#serve(request, response));
  #sockets = new WebSocketServer({ server: this.#http });

  /** @returns {Promise<ScriptedServer>} */
  static async start() {
    const server = new ScriptedServer();
    server.#sockets.on("connection", (socket, request) => server.#accept(socket, request.headers.cookie ?? ""));
    await new Promise((resolve) => server.#http.listen(0, "127.0.0.1", () => resolve(undefined)));
    return server;
  }

  /** @returns {string} */
  get origin() {
    const address = /** @type {import("node:net").AddressInfo} */ (this.#http.address());
    return `http://127.0.0.1:${address.port}`;
  }

  /** Ends every connection and the server. */
  async stop() {
    for (const socket of this.#sockets.clients) {
      socket.terminate();
    }
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(() => resolve(undefined)));
  }

  /** Breaks every socket without a word, as a lost network does. */
  dropAll() {
    for (const { socket } of this.viewers) {
      socket.terminate();
    }
    this.viewers.clear();
  }

  /**
   * A finished line and, if given, its translation, each an event of its own.
   * @param {number} seg
   * @param {Lang} src
   * @param {string} text
   * @param {string} [translation]
   */
  say(seg, src, text, translation) {
    this.final(seg, src, src, text);
    if (translation !== undefined) {
      this.final(seg, src === "kk" ? "ru" : "kk", src, translation);
    }
  }

  /** @param {number} seg @param {Lang} lang @param {Lang} src @param {string} text @param {number} [rev] */
  final(seg, lang, src, text, rev = 0) {
    this.open.delete(`${seg} ${lang}`);
    const t0 = seg * 4000;
    this.#append({ o: this.log.length + 1, k: "final", seg, rev, lang, src, lc: 0.97, t0, t1: t0 + 3500, text });
  }

  /** @param {string} m @param {number} [millis] */
  marker(m, millis) {
    const marker = { o: this.log.length + 1, k: /** @type {const} */ ("marker"), m, at: 0 };
    this.#append(millis === undefined ? marker : { ...marker, millis });
  }

  /** @param {number} seg @param {Lang} lang @param {string} c @param {string} d @param {Lang} [src] */
  openLine(seg, lang, c, d, src = lang) {
    const line = { seg, lang, src, t0: seg * 4000, t1: seg * 4000 + 1000, c, d };
    this.open.set(`${seg} ${lang}`, line);
    for (const { socket, hello } of this.viewers) {
      if (hello.tail && hello.l.includes(lang)) {
        socket.send(JSON.stringify({ t: "open", ...line }));
      }
    }
  }

  /** @param {number} seg */
  drop(seg) {
    this.open.delete(`${seg} kk`);
    this.open.delete(`${seg} ru`);
    for (const { socket } of this.viewers) {
      socket.send(JSON.stringify({ t: "drop", seg }));
    }
  }

  /** @param {LogEvent} event */
  #append(event) {
    this.log.push(event);
    for (const { socket, hello } of this.viewers) {
      socket.send(JSON.stringify({ t: "ev", ...filtered(event, hello.l) }));
    }
  }

  /** @param {WebSocket} socket @param {string} cookie */
  #accept(socket, cookie) {
    const refuse = this.code !== null && !cookie.includes("dostyq-room-demo=said") ? 4504 : this.refuse;
    if (refuse !== null) {
      socket.close(refuse);
      return;
    }
    socket.once("message", (data) => {
      /** @type {HelloMessage} */
      const hello = JSON.parse(String(data));
      this.hellos.push(hello);
      const viewer = { socket, hello };
      this.viewers.add(viewer);
      socket.on("close", () => this.viewers.delete(viewer));
      socket.send(JSON.stringify(this.#welcome(hello)));
    });
  }

  /**
   * @param {import("node:http").IncomingMessage} request @param {string} path @param {string} body
   * @returns {{ status: number, cookie: string | null }}
   */
  #order(request, path, body) {
    this.orders.push([request.method ?? "", path, request.headers["x-dostyq"] === "1"]);
    const given = (/** @type {string} */ pair) => ({ status: 204, cookie: `${pair}; Path=/; HttpOnly; SameSite=Strict` });
    if (path === "/api/v1/login") {
      return JSON.parse(body).token === this.token ? given("dostyq-session=in") : { status: 401, cookie: null };
    }
    if (path === "/api/v1/logout") {
      return given("dostyq-session=; Max-Age=0");
    }
    if (path === `/api/v1/rooms/${ROOM}/code`) {
      return JSON.parse(body).code === this.code ? given(`dostyq-room-${ROOM}=said`) : { status: 401, cookie: null };
    }
    if (path === `/api/v1/rooms/${ROOM}/language`) {
      this.language = JSON.parse(body).language;
    }
    return { status: 204, cookie: null };
  }

  /** @param {HelloMessage} hello */
  #welcome({ l, e, o, tail }) {
    const rec = e === this.epoch && o !== undefined && o <= this.log.length;
    const missed = rec ? this.log.slice(o) : this.log.slice(-FRESH_EVENTS);
    const open = tail ? [...this.open.values()].filter((line) => l.includes(line.lang)) : [];
    return {
      t: "welcome",
      v: 1,
      s: ROOM,
      title: this.title,
      e: this.epoch,
      o: this.log.length,
      rec,
      ev: missed.map((event) => filtered(event, l)),
      open,
    };
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #serve(request, response) {
    const path = new URL(request.url ?? "/", this.origin).pathname;
    const headers = { "Content-Security-Policy": POLICY, "Cache-Control": "no-cache" };
    if (request.method !== "GET") {
      const { status, cookie } = this.#order(request, path, await bodyOf(request));
      response.writeHead(status, cookie === null ? headers : { ...headers, "Set-Cookie": cookie }).end();
      return;
    }
    if (path === "/api/v1/session") {
      const isOperator = (request.headers.cookie ?? "").includes("dostyq-session=in");
      const certificate = this.fingerprint === null ? {} : { fingerprint: this.fingerprint };
      const session = isOperator ? { role: "operator", name: "Айгүл", ...certificate } : certificate;
      response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(session));
      return;
    }
    if (path === `/api/v1/rooms/${ROOM}/status`) {
      response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(
        JSON.stringify({ ...STATUS, language: this.language }),
      );
      return;
    }
    if (path === `/api/v1/rooms/${ROOM}/prepared`) {
      response.writeHead(204, headers).end();
      return;
    }
    if (path === "/api/v1/rooms") {
      const rooms = [{ room: ROOM, title: this.title, viewers: this.viewers.size }];
      response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(rooms));
      return;
    }
    if (path.endsWith("/qr.svg")) {
      response.writeHead(200, { ...headers, "Content-Type": "image/svg+xml" }).end(scriptedQrCode());
      return;
    }
    const file = fileOf(path);
    try {
      const body = await readFile(join(WEB, normalize(file)));
      response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(file)] ?? "text/plain" }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  }
}

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  let text = "";
  for await (const part of request) {
    text += part;
  }
  return text;
}

/** @param {string} path @returns {string} below web/ */
function fileOf(path) {
  if (path === "/") {
    return "index.html";
  }
  if (path === "/operator") {
    return "operator.html";
  }
  const [, first, , third] = path.split("/");
  if (first === "r") {
    return third === "screen" ? "screen.html" : "phone.html";
  }
  return first === "assets" ? path : "nothing";
}

/** @param {LogEvent} event @param {Lang[]} langs @returns {LogEvent} */
function filtered(event, langs) {
  return event.k === "final" && !langs.includes(event.lang) ? { o: event.o, k: "skip" } : event;
}

/** A picture with the look of a QR code; the real server draws real ones. */
function scriptedQrCode() {
  const side = 29;
  const corner = (/** @type {number} */ x, /** @type {number} */ y) => {
    for (const [left, top] of /** @type {const} */ ([[0, 0], [side - 7, 0], [0, side - 7]])) {
      const [dx, dy] = [x - left, y - top];
      if (dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7) {
        const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
        return ring <= 1 || ring === 3;
      }
    }
    return null;
  };
  let cells = "";
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      if (corner(x, y) ?? (x * 7919 + y * 104729 + x * y * 31) % 5 < 2) {
        cells += `M${x} ${y}h1v1h-1z`;
      }
    }
  }
  const box = `viewBox="-2 -2 ${side + 4} ${side + 4}" shape-rendering="crispEdges"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}><path d="${cells}"/></svg>`;
}
