/** Keys that work everywhere on the page, unless text is being typed or a dialog is open. */

import { takesText } from "./dom.js";

/** What the help overlay lists: keys, then what they do. */
export const SHORTCUTS = [
  ["Anywhere", [
    ["Tab, then arrow keys", "from group to group, and within one"],
    ["Space", "play or stop"],
    ["G", "generate"],
    ["C", "continue right of the arrow"],
    ["F", "fill what is selected or not locked"],
    ["H", "humanize"],
    ["[ and ]", "previous and next candidate"],
    ["J", "tap a rhythm, while Tap is open"],
    ["T", "set the tempo: press in time"],
    ["D", "the drummer"],
    ["Ctrl + Z, Ctrl + Shift + Z", "undo, redo"],
    ["?", "this page"],
  ]],
  ["On the grid", [
    ["Arrow keys, Home, End, Page Up, Page Down", "move"],
    ["Enter, or Space when you came by key", "light or darken a pad"],
    ["+ and −, Alt + ↑ ↓", "louder, softer"],
    ["Alt + ← →", "earlier, later"],
    ["Delete", "clear the pad or the selection"],
    ["Shift + arrow keys, Ctrl + A", "select"],
    ["Esc", "let the selection go"],
    ["Ctrl + C, X, V", "copy, cut, paste at the cursor"],
    ["Ctrl + ← →, with Shift", "shift, rotate"],
    ["M, S, L, also on the rows' names", "mute, solo, lock the row"],
  ]],
  ["On the arrow and the end", [
    ["← →", "by a beat; the end by a bar"],
    ["Shift or Alt + ← →", "by a bar, by a step"],
  ]],
];

/** Whether the control under focus was reached by key, so that Space belongs to it. */
function spaceIsTaken(app) {
  const focused = document.activeElement;
  return !app.byPointer() && !!focused?.matches("button, a, summary, [role=button], input[type=checkbox]");
}

function commands(app) {
  const { edits, machine, candidates } = app;
  return {
    " ": app.player.toggle,
    g: machine.generate,
    c: machine.continue_,
    f: machine.fill,
    h: machine.humanize,
    d: app.drummer.toggle,
    t: app.toolbar.tapTempo,
    "[": candidates.previous,
    "]": candidates.next,
    "?": app.help.open,
    m: () => app.grid.switchRow("mute"),
    s: () => app.grid.switchRow("solo"),
    l: () => app.grid.switchRow("lock"),
    Escape: () => app.selection.value && app.selection.set(null),
    "ctrl+z": edits.undo,
    "ctrl+shift+z": edits.redo,
    "ctrl+y": edits.redo,
    "ctrl+c": edits.copy,
    "ctrl+x": () => {
      edits.copy();
      edits.clear();
    },
    "ctrl+v": edits.paste,
    "ctrl+a": app.selectAll,
    "ctrl+ArrowLeft": edits["shift-left"],
    "ctrl+ArrowRight": edits["shift-right"],
    "ctrl+shift+ArrowLeft": edits["rotate-left"],
    "ctrl+shift+ArrowRight": edits["rotate-right"],
  };
}

function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  return `${control ? "ctrl+" : ""}${control && event.shiftKey ? "shift+" : ""}${key}`;
}

export function listenToShortcuts(app) {
  const known = commands(app);
  document.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    const command = known[name];
    if (!command || event.altKey || takesText(event.target) || document.querySelector("dialog[open]")) return;
    if (event.repeat && !name.startsWith("ctrl")) return event.key === " " && event.preventDefault();
    if (event.key === " " && spaceIsTaken(app)) return;
    if (name === "ctrl+c" && String(getSelection())) return;
    event.preventDefault();
    command();
  });
  // A button that was clicked keeps the focus; its own Space must not fire as well.
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && !takesText(event.target) && !spaceIsTaken(app)) event.preventDefault();
  });
}
