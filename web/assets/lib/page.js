// Small things every page needs from its document and its address.

/**
 * An element that the page's HTML has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`the page has no element "${id}"`);
  }
  return element;
}

/** The room that this page's address names: `/r/ROOM…`. @returns {string} */
export function roomName() {
  return location.pathname.split("/")[2] ?? "";
}

/** The address of the room's pages. @returns {string} */
export function roomPath() {
  return `/r/${roomName()}`;
}

/** The room's socket on the server that this page came from. @returns {string} */
export function socketUrl() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/api/v1/rooms/${roomName()}/ws`;
}
