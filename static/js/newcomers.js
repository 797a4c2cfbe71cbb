/** Lets new photos in at the top, or keeps them behind a button while their reader is further down. */

import { announcePhoto } from "./announce.js";
import { cardOf, putOnTop, shelf } from "./cards.js";
import { currentPage, galleryScroll } from "./pages.js";
import { sayCount } from "./words.js";

/** Let the waiting cards in when the reader comes back to the top. */
export function startNewcomers() {
  addEventListener("scroll", () => shelf.childElementCount && nearTop() && letIn(), { passive: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".new-photos")) return;
    window.scrollTo({ top: 0 });
    letIn();
  });
}

/**
 * Take in the cards of new photos.
 * @param {HTMLElement[]} cards
 */
export function welcome(cards) {
  const strangers = cards.filter((card) => !cardOf(card.dataset.image));
  if (!strangers.length) return;
  strangers.forEach(announcePhoto);
  if (nearTop()) return putOnTop(strangers);
  shelf.prepend(...strangers);
  showWaiting();
}

/** Show the button that says how many new photos wait, when there are any. */
export function showWaiting() {
  const button = currentPage().querySelector(".new-photos");
  if (!button) return;
  button.hidden = shelf.childElementCount === 0;
  button.querySelector("span").textContent = sayCount("said.photos", shelf.childElementCount);
}

function letIn() {
  if (currentPage().dataset.page !== "gallery") return;
  putOnTop([...shelf.children]);
  showWaiting();
}

function nearTop() {
  return galleryScroll() < window.innerHeight / 2;
}
