// Keeps the screen on while the page is looked at, where the browser can.

/**
 * Asks for the lock now and again whenever the page comes back into sight, since hiding it takes the lock away.
 * @param {(held: boolean) => void} onState told at each change; false as well where the browser has no such lock
 */
export function keepScreenOn(onState) {
  // Typed as always there; in fact it is missing in old browsers, and on pages that came over plain HTTP.
  const wakeLock = /** @type {WakeLock | undefined} */ (navigator.wakeLock);
  if (!wakeLock) {
    onState(false);
    return;
  }
  const ask = async () => {
    if (document.visibilityState !== "visible") {
      return;
    }
    try {
      const lock = await wakeLock.request("screen");
      lock.addEventListener("release", () => onState(false));
      onState(true);
    } catch {
      // A phone short of battery refuses; the page then says that the screen may go off.
      onState(false);
    }
  };
  document.addEventListener("visibilitychange", ask);
  void ask();
}
