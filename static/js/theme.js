/** Switches the theme and remembers it for this browser and for the server's next answer. */

const YEAR_SECONDS = 31_536_000;
const THEMES = ["auto", "light", "dark", "contrast"];
const root = document.documentElement;

/** Show the remembered theme and listen to the menu. */
export function startTheme() {
  const menu = document.getElementById("theme-menu");
  const remembered = localStorage.getItem("theme");
  if (THEMES.includes(remembered) && remembered !== root.dataset.theme) choose(remembered);
  menu.elements.theme.value = root.dataset.theme;
  menu.addEventListener("change", () => choose(menu.elements.theme.value));
}

/** @param {string} theme */
function choose(theme) {
  root.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
