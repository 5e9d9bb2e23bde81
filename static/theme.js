// Runs before the first paint, so that no flash of the other theme is seen. What was chosen wins, else what the system prefers.
{
  let theme = null;
  try {
    theme = localStorage.getItem("nightjar.theme");
  } catch {
    /* storage may be forbidden; the system's wish then holds */
  }
  if (theme !== "light" && theme !== "dark")
    theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=theme-color]").content = theme === "light" ? "#e8ebe6" : "#12100e";
}
