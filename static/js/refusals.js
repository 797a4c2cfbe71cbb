/** Says in the server's own words why a piece of the page could not be fetched or a form not be taken. */

import { notice } from "./announce.js";

/** A form that comes back with what is wrong beside its field, or with both texts of a conflict. */
const SHOWN = [401, 403, 409, 422, 429];

/** Take part in htmx's swaps before anybody else judges an answer. */
export function startRefusals() {
  document.addEventListener("htmx:beforeSwap", judge, { capture: true });
}

/** @param {CustomEvent} event */
function judge({ detail }) {
  const { xhr, boosted } = detail;
  if (boosted || xhr.status < 400) return;
  const kind = xhr.getResponseHeader("content-type") ?? "";
  if (kind.startsWith("application/json")) {
    detail.isError = false; // it is said here, so nobody else need say it
    notice(JSON.parse(xhr.responseText).message);
  } else if (SHOWN.includes(xhr.status) && xhr.getResponseHeader("X-Piece")) {
    detail.isError = false;
    detail.shouldSwap = true;
  }
}
