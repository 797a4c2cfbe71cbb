/** One key for each decision on a case; the keys can be switched off, as on the other pages. */

const KEPT = "single-keys";
const toggle = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-keys-toggle] input"));

if (toggle) {
  toggle.closest("[data-keys-toggle]").hidden = false;
  toggle.checked = localStorage.getItem(KEPT) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(KEPT, toggle.checked ? "on" : "off"));
}
document.addEventListener("keydown", pressed);
document.querySelector("[data-decide]")?.addEventListener("submit", once);
document.querySelector('[aria-invalid="true"]')?.focus();

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "Escape" && isWriting(event.target)) return event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isWriting(event.target)) return;
  if (localStorage.getItem(KEPT) === "off" || !/^[a-z]$/.test(event.key)) return;
  const act = actOf(event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

/**
 * What a key does on this page.
 * @param {string} key
 * @returns {(() => void) | null}
 */
function actOf(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (target) return () => target.click();
  const field = document.querySelector(`[data-key-focus="${key}"]`);
  if (field) return () => field.focus();
  const more = document.querySelector(`[data-key-open="${key}"]`);
  return more ? () => open(more) : null;
}

/**
 * Unfold a decision that wants a second step, and go to that step.
 * @param {HTMLDetailsElement} more
 */
function open(more) {
  more.open = true;
  more.querySelector("textarea, button").focus();
}

/** @param {EventTarget} target */
function isWriting(target) {
  return target.matches?.("textarea, select, input:not([type=checkbox], [type=hidden])") ?? false;
}

/**
 * A decision is sent once, however often its key is pressed.
 * @param {SubmitEvent} event
 */
function once(event) {
  const form = event.currentTarget;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "true";
}

addEventListener("pageshow", () => document.querySelector("[data-decide]")?.removeAttribute("data-sent"));
