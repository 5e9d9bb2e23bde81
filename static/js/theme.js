// The switch between night and morning. The file of the same name beside index.html has set the first one before the paint.

const KEY = "nightjar.theme";
const COLOUR = { light: "#e8ebe6", dark: "#12100e" };

function show(theme) {
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=theme-color]").content = COLOUR[theme];
}

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Makes `button` switch the theme; until it is used, the page goes with the system. */
export function startTheme(button) {
  button.addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    show(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // storage may be forbidden; the choice then holds until the page is closed
    }
  });
  const system = matchMedia("(prefers-color-scheme: light)");
  system.addEventListener("change", () => {
    if (!chosen()) show(system.matches ? "light" : "dark");
  });
}
