// Headless Chromium for the page tests, and what every page must keep to: no error, no request that leaves the machine.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** @import { Browser, BrowserContextOptions, Page } from "playwright-core" */

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));

/** The hall's usual screen, and a usual phone. */
export const HALL = { width: 1920, height: 1080 };
export const PHONE = { width: 390, height: 844 };

/** @returns {Promise<Browser>} */
export function launch() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * A page in a context of its own, that takes note of everything it must not do.
 * @param {Browser} browser
 * @param {BrowserContextOptions} [options]
 * @param {string} [host] the only host that it may speak to
 * @returns {Promise<{ page: Page, assertClean: () => void }>}
 */
export async function openPage(browser, options, host = "127.0.0.1") {
  const context = await browser.newContext({ locale: "ru-RU", ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A socket that the test itself breaks, and a code that it says wrong, are reported by the browser, not by the page.
    const own = message.text().includes("WebSocket connection to") || message.text().includes("status of 401");
    if (["error", "warning"].includes(message.type()) && !own) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== host && protocol !== "data:") {
      faults.push(`request: ${request.url()}`);
    }
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).hostname !== host) {
      faults.push(`socket: ${socket.url()}`);
    }
  });
  page.on("requestfailed", (request) => {
    // A page that is left lets go of what it was still fetching.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") {
      faults.push(`failed: ${request.url()}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && response.status() !== 401) {
      faults.push(`status ${response.status()}: ${response.url()}`);
    }
  });
  return { page, assertClean: () => assert.deepEqual(faults, []) };
}

/** @param {Page} page @param {string} name */
export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
}
