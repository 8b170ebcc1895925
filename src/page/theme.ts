/** Light or dark: the system's wish until somebody decides otherwise on this page. */

export type Theme = "light" | "dark";

const KEY = "ascent-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | undefined {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : undefined;
  } catch {
    // Storage can be switched off; the page then forgets, that is all.
    return undefined;
  }
}

export function currentTheme(): Theme {
  return stored() ?? (systemDark.matches ? "dark" : "light");
}

export function applyTheme(): void {
  const theme = stored();
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

/** Switches to the other one; the system's own is followed again when that is what one switches to. */
export function toggleTheme(): void {
  const theme: Theme = currentTheme() === "dark" ? "light" : "dark";
  try {
    if (theme === (systemDark.matches ? "dark" : "light")) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
    applyTheme();
  } catch {
    document.documentElement.dataset["theme"] = theme;
  }
}

/** @returns how to stop listening */
export function onSystemTheme(listener: () => void): () => void {
  systemDark.addEventListener("change", listener);
  return () => systemDark.removeEventListener("change", listener);
}
