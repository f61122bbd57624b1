/** Select, copy, paste, clear, shift, rotate, double, halve, bars, undo and redo. */

import { clearAll, copy, double, halve, paste, rotate, setBars, shift } from "./edits.js";
import { MAX_BARS, STEPS_PER_BAR } from "./pattern.js";
import { allow, byId, press } from "./dom.js";
import { inWords } from "./selection.js";

export function createEdits(app) {
  const { store, selection, status } = app;
  let clip = null;
  const scope = () => ({ selection: selection.value });

  /** Edit, or say why not. */
  function attempt(label, change) {
    try {
      store.edit(label, change);
    } catch (error) {
      status.fail(error);
    }
  }

  const verbs = {
    undo() {
      const label = store.labels?.undo;
      store.undo();
      if (label) status.say(`Undone: ${label}`);
    },
    redo() {
      const label = store.labels?.redo;
      store.redo();
      if (label) status.say(`Redone: ${label}`);
    },
    copy() {
      clip = copy(store.doc, selection.value);
      allow(byId("paste"), true);
      status.say(`Copied ${clip.cells.length} ${clip.cells.length === 1 ? "hit" : "hits"}`);
    },
    paste() {
      if (!clip) return status.say("Nothing is copied yet; select pads and copy them first.");
      const { step, voice } = app.grid.cursor;
      const whole = clip.voices.every(Boolean);
      app.change("paste", (doc) => paste(doc, clip, step, whole ? undefined : voice - clip.voices.lastIndexOf(true) + clip.voices.indexOf(true)));
    },
    select() {
      selection.byDrag = !selection.byDrag;
      press(byId("select"), selection.byDrag);
      app.grid.classList.toggle("selecting", selection.byDrag);
      selection.set(null);
      if (selection.byDrag) status.say("Drag over the pads to select them.");
    },
    clear: () => app.change("clear", (doc) => clearAll(doc, scope())),
    "shift-left": () => app.change("shift left", (doc) => shift(doc, -1, scope())),
    "shift-right": () => app.change("shift right", (doc) => shift(doc, 1, scope())),
    "rotate-left": () => app.change("rotate left", (doc) => rotate(doc, -1, scope())),
    "rotate-right": () => app.change("rotate right", (doc) => rotate(doc, 1, scope())),
    double: () => attempt("double", double),
    halve: () => attempt("halve", halve),
    "fewer-bars": () => attempt("one bar less", (doc) => setBars(doc, doc.steps / STEPS_PER_BAR - 1)),
    "more-bars": () => attempt("one bar more", (doc) => setBars(doc, doc.steps / STEPS_PER_BAR + 1)),
  };
  for (const [id, verb] of Object.entries(verbs)) byId(id).addEventListener("click", verb);

  function render(doc) {
    const bars = doc.steps / STEPS_PER_BAR;
    byId("bars").textContent = `${bars} ${bars === 1 ? "bar" : "bars"}`;
    for (const id of ["fewer-bars", "halve"]) allow(byId(id), bars > 1);
    allow(byId("more-bars"), bars < MAX_BARS);
    allow(byId("double"), bars * 2 <= MAX_BARS);
    allow(byId("undo"), store.canUndo);
    allow(byId("redo"), store.canRedo);
  }

  allow(byId("paste"), false);
  store.subscribe(render);
  const release = matchMedia("(pointer: coarse)").matches ? "Select" : "Esc";
  selection.subscribe((value) => status.say(value ? `${inWords(value)}. Copy, clear, shift or Fill it; ${release} lets go.` : ""));
  render(store.doc);
  return verbs;
}
