/** Shows a photo full screen, over the page that it belongs to; the way back closes it. */

import { follow } from "./fragments.js";
import { Gestures } from "./gestures.js";
import { currentPage, onPage } from "./pages.js";
import { addressOfPage } from "./places.js";
import { around, itemAt, itemOf, lowOf, pictureOf, placeOf, preload } from "./viewed.js";
import { percent, say } from "./words.js";
import { Zoom } from "./zoom.js";

const SLIDE_PX = 48;
const SLIDE_MS = 160;
const PAN_PX = 80;
const HASH = /^#photo=([0-9a-f-]{36})$/;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("lightbox"));
const stage = dialog.querySelector(".lightbox-stage");
const frame = /** @type {HTMLElement} */ (dialog.querySelector(".lightbox-frame"));
const zoom = new Zoom(stage, frame, zoomed);

/** @type {import("./viewed.js").Item | null} */
let shown = null;
/** @type {HTMLElement | null} */
let opener = null;
let openedAt = "";
/** Whether opening it made an entry of the history. */
let pushed = false;
/** What to do once it has closed. */
/** @type {(() => void) | null} */
let afterwards = null;

const keys = {
  ArrowRight: () => (zoom.isZoomed ? zoom.pan(-PAN_PX, 0) : go("next")),
  ArrowLeft: () => (zoom.isZoomed ? zoom.pan(PAN_PX, 0) : go("previous")),
  ArrowDown: () => zoom.pan(0, -PAN_PX),
  ArrowUp: () => zoom.pan(0, PAN_PX),
  j: () => go("next"),
  k: () => go("previous"),
  Home: () => go("first"),
  End: () => go("last"),
  "+": () => zoom.in(),
  "=": () => zoom.in(),
  "-": () => zoom.out(),
  0: () => zoom.reset(),
  f: leave,
  "?": () => /** @type {HTMLDialogElement} */ (document.getElementById("shortcuts")).showModal(),
};
const swipes = { left: () => go("next", 1), right: () => go("previous", -1), down: leave, none: () => {} };

/** Listen to every photo that can be opened, and to addresses that name one. */
export function startLightbox() {
  document.addEventListener("click", clicked);
  dialog.addEventListener("click", pressedInside);
  dialog.addEventListener("keydown", keyed);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  // Ahead of htmx, which would fetch the page that lies underneath.
  addEventListener("popstate", popped, { capture: true });
  new ResizeObserver(() => dialog.open && fit()).observe(stage);
  new Gestures(stage, { zoom, drag, swipe, tap });
  onPage(arrived);
}

/** Open the photo that holds the focus or lies under the pointer, or the first on the screen. */
export function openByKey() {
  const page = currentPage();
  const visible = [...page.querySelectorAll(".gallery > .card")].find((card) => card.getBoundingClientRect().bottom > 80);
  const holder = page.querySelector(".card:focus-within, .picture") ?? page.querySelector(".card:hover") ?? visible;
  if (holder) open(itemAt(holder), holder.querySelector("a"));
}

/** @param {MouseEvent} event */
function clicked(event) {
  const control = event.target.closest("[data-lightbox]");
  if (!control || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(itemAt(control), control);
}

/**
 * @param {import("./viewed.js").Item | null} item
 * @param {HTMLElement | null} by what opened it
 * @param {boolean} [known] whether the address names the photo already
 */
function open(item, by, known = false) {
  if (!item || dialog.open) return;
  [opener, openedAt, pushed] = [by, item.id, !known || Boolean(history.state?.lightbox)];
  if (!known) history.pushState({ lightbox: true }, "", `#photo=${item.id}`);
  dialog.showModal();
  dialog.focus();
  show(item);
}

/**
 * A page has come: one whose address names a photo, or the next one under an open lightbox.
 * @param {HTMLElement} page
 */
function arrived(page) {
  const [, id] = location.hash.match(HASH) ?? [];
  if (dialog.open) {
    if (page.dataset.page === "photo") show(itemOf(page.dataset.image));
    else close();
  } else if (id) {
    const item = itemOf(id);
    if (item) open(item, null, true);
    else if (page.dataset.page !== "photo") location.replace(addressOf(id) + location.hash);
  }
}

/**
 * @param {string} id
 * @returns {string}
 */
function addressOf(id) {
  return dialog.dataset.photoUrl.replace(/0{8}-[0-]+/, id);
}

/**
 * @param {import("./viewed.js").Item} item
 * @param {number} [way] from where it comes: 1 from the right, -1 from the left
 */
function show(item, way = 0) {
  shown = item;
  history.replaceState(pushed ? { lightbox: true } : history.state, "", `#photo=${item.id}`);
  const picture = pictureOf(item);
  frame.replaceChildren(...lowOf(item), picture);
  frame.style.translate = "";
  fit();
  picture.srcset = item.srcset;
  picture.src = item.src;
  if (way && !stillness.matches) {
    frame.animate([{ translate: `${way * SLIDE_PX}px 0`, opacity: 0 }, {}], { duration: SLIDE_MS, easing: "ease-out" });
  }
  tell(item);
  const { previous, next } = neighbours();
  for (const { item: near } of [previous, next]) if (near) preload(near, stage);
}

/** Fit the photo into the room there is, and ask for the variant that fits. */
function fit() {
  if (!shown) return;
  zoom.fit(shown.width, shown.height);
}

/** @param {number} scale */
function zoomed(scale) {
  const picture = frame.querySelector(".photo");
  if (picture) picture.sizes = `${Math.ceil(frame.offsetWidth * scale)}px`;
  dialog.toggleAttribute("data-zoomed", zoom.isZoomed);
  dialog.querySelector(".lightbox-scale").textContent = percent(scale);
}

/** @param {import("./viewed.js").Item} item */
function tell(item) {
  const caption = dialog.querySelector(".lightbox-caption");
  Object.assign(caption, { textContent: item.alt, lang: item.lang });
  dialog.querySelector(".lightbox-details").href = addressOf(item.id);
  const at = placeOf(item.id);
  dialog.querySelector(".lightbox-place").textContent = at ? say(at.more ? "lightbox.more" : "lightbox.at", at) : "";
  const spoken = Object.assign(document.createElement("span"), { textContent: item.alt, lang: item.lang });
  const sentence = at ? `${say(at.more ? "lightbox.photo.more" : "lightbox.photo", at)}. ` : "";
  dialog.querySelector(".lightbox-said").replaceChildren(sentence, spoken);
  const { previous, next } = neighbours();
  for (const [name, { item: to, link }] of Object.entries({ previous, next })) {
    const button = dialog.querySelector(`[data-go="${name}"]`);
    if (!to && !link && button === document.activeElement) dialog.focus();
    button.disabled = !to && !link;
  }
}

/** The ways on: another photo of the list, or the link of a photo page. */
function neighbours() {
  const items = around(shown.id);
  const link = (name) => currentPage().querySelector(`.photo-steps [data-step="${name}"]:not([hidden])`);
  return {
    previous: { item: items.previous, link: link("previous") },
    next: { item: items.next, link: link("next") },
    first: { item: items.first, link: null },
    last: { item: items.last, link: null },
  };
}

/**
 * @param {"previous" | "next" | "first" | "last"} where
 * @param {number} [way]
 */
function go(where, way = 0) {
  const { item, link } = neighbours()[where];
  if (item && item.id !== shown.id) show(item, way);
  else if (link) follow(link);
}

/** @param {MouseEvent} event */
function pressedInside(event) {
  const control = /** @type {HTMLElement | null} */ (event.target.closest("button, a"));
  if (!control || event.ctrlKey || event.metaKey) return;
  const { zoom: how, go: where } = control.dataset;
  if (how) ({ in: () => zoom.in(), out: () => zoom.out(), fit: () => zoom.reset() })[how]();
  else if (where) go(/** @type {"previous" | "next"} */ (where), where === "next" ? 1 : -1);
  else if (control.matches("[data-close]")) leave();
  else if (control.matches(".lightbox-details")) {
    event.preventDefault();
    leave(() => shown.card?.querySelector("a").click());
  }
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
}

/**
 * @param {number} dx
 * @param {number} dy
 */
function drag(dx, dy) {
  if (stillness.matches) return;
  frame.style.translate = Math.abs(dx) > Math.abs(dy) ? `${dx}px 0` : `0 ${Math.max(0, dy)}px`;
}

/** @param {"left" | "right" | "down" | "none"} way */
function swipe(way) {
  frame.style.translate = "";
  swipes[way]();
}

/** @param {Element | null} target */
function tap(target) {
  if (target === stage) leave();
}

/**
 * Close; where opening it made an entry of the history, by going back over that.
 * @param {() => void} [then]
 */
function leave(then) {
  afterwards = then ?? null;
  if (pushed) history.back();
  else {
    history.replaceState(history.state, "", addressOfPage(currentPage()));
    close();
  }
}

/** @param {PopStateEvent} event */
function popped(event) {
  const page = currentPage();
  const here = location.pathname + location.search;
  if (!dialog.open) {
    if (event.state?.lightbox) here === addressOfPage(page) ? arrived(page) : location.reload();
    return;
  }
  // Other photos may have passed underneath meanwhile; then their page is the place to be.
  if (here !== addressOfPage(page) && shown.id !== openedAt) history.replaceState({ htmx: true }, "", addressOfPage(page));
  if (location.pathname + location.search === addressOfPage(page)) event.stopImmediatePropagation();
  close();
}

/** Close it, and give the focus to where it came from, or to the photo that was seen last. */
function close() {
  const last = shown;
  pushed = false;
  dialog.close();
  frame.replaceChildren();
  const moved = last.id !== openedAt && last.card?.isConnected;
  const target = moved ? last.card.querySelector("a") : (opener ?? last.card?.querySelector("a"));
  if (moved) last.card.scrollIntoView({ block: "nearest", behavior: "instant" });
  const place = target?.isConnected ? target : (currentPage().querySelector("[data-lightbox]") ?? document.getElementById("main"));
  place.focus({ preventScroll: true });
  afterwards?.();
  afterwards = null;
}
