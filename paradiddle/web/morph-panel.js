/** Morph: store A, store B, and slide between them. */

import { takeBetween } from "./answers.js";
import { setBars } from "./edits.js";
import { STEPS_PER_BAR, toPattern } from "./pattern.js";
import { byId, dial, press } from "./dom.js";
import { createTurns } from "./turns.js";

const STATIONS = 9;
const LAST = STATIONS - 1;

const words = (at) => (at === 0 ? "A" : at === LAST ? "B" : `${Math.round((at / LAST) * 100)} %`);

export function createMorph({ store, api, status }) {
  const slider = byId("between");
  const ask = createTurns();
  /** @type {Record<string, any>} the docs that were stored */
  const ends = { a: null, b: null };
  /** Where the slider stood for docs it has made, as undo and redo bring them back. @type {WeakMap<object, number>} */
  const stations = new WeakMap();
  let way = [];
  let gesture = null;

  async function lay() {
    const isLast = ask();
    way = [];
    slider.disabled = true;
    if (!ends.a || !ends.b) return status.say(`Stored. Now change the grid and store ${ends.a ? "B" : "A"}.`);
    const [a, b] = [ends.a, ends.b].map(({ steps }) => steps / STEPS_PER_BAR);
    if (a !== b) return status.say(`A has ${a} and B ${b} bars: Halve or Double one, and store it again.`);
    const body = { a: toPattern(ends.a), b: toPattern(ends.b), count: STATIONS };
    const answer = await status.ask("Morph …", () => api.morph(body));
    if (!answer || !isLast()) return;
    way = answer.patterns;
    slider.disabled = false;
    status.say("Slide between A and B.");
  }

  function keep(end, at) {
    ends[end] = store.doc;
    stations.set(store.doc, at);
    press(byId(`store-${end}`), true);
    between.show(at);
    return lay();
  }

  function slide(at) {
    const pattern = way[at];
    if (!pattern) return;
    if (store.doc.locked.every(Boolean)) return status.say("Every row is locked; unlock one to have it morphed.");
    gesture ??= store.gesture("morph");
    const nearer = at * 2 <= LAST ? [ends.a, ends.b] : [ends.b, ends.a];
    gesture.update((_doc, before) => takeBetween(nearer)(setBars(before, pattern.steps / STEPS_PER_BAR), pattern));
    stations.set(store.doc, at);
  }

  const between = dial("between", words, slide);
  slider.addEventListener("change", () => {
    gesture?.end();
    gesture = null;
  });
  store.subscribe((doc) => !gesture && stations.has(doc) && between.show(stations.get(doc)));
  byId("store-a").addEventListener("click", () => keep("a", 0));
  byId("store-b").addEventListener("click", () => keep("b", LAST));
}
