/** Single keys for frequent actions. They do nothing while somebody types. */

export interface Shortcuts {
  /** By `KeyboardEvent.key`. */
  readonly [key: string]: () => void;
}

const TEXT =
  "input:not([type=radio], [type=checkbox], [type=file], [type=range]), textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button, a, input, summary, [role=switch], wa-switch";

/** Listens on the window. @returns how to stop */
export function listenForShortcuts(shortcuts: Shortcuts): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const action = Object.hasOwn(shortcuts, event.key) ? shortcuts[event.key] : undefined;
    if (!action || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    if (target instanceof Element) {
      if (target.matches(TEXT)) return;
      if (event.key === " " && target.matches(PRESSED_BY_SPACE)) return;
    }
    event.preventDefault();
    action();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
