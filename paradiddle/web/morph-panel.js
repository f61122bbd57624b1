/** Morph: store A, store B, and slide between them. */

import { takeOpen } from "./answers.js";
import { setBars } from "./edits.js";
import { STEPS_PER_BAR, toPattern } from "./pattern.js";
import { byId, dial, press } from "./dom.js";

const STATIONS = 9;

const words = (at) => (at === 0 ? "A" : at === STATIONS - 1 ? "B" : `${Math.round((at / (STATIONS - 1)) * 100)} %`);

export function createMorph({ store, api, status }) {
  const slider = byId("between");
  const ends = { a: null, b: null };
  let way = [];
  let gesture = null;

  async function lay() {
    way = [];
    slider.disabled = true;
    if (!ends.a || !ends.b) return status.say(`Stored. Now change the grid and store ${ends.a ? "B" : "A"}.`);
    const [a, b] = [ends.a, ends.b].map(({ steps }) => steps / STEPS_PER_BAR);
    if (a !== b) return status.say(`A has ${a} and B ${b} bars: Halve or Double one, and store it again.`);
    const answer = await status.ask("Morph …", () => api.morph({ ...ends, count: STATIONS }));
    if (!answer) return;
    way = answer.patterns;
    slider.disabled = false;
    status.say("Slide between A and B.");
  }

  function keep(end, at) {
    ends[end] = toPattern(store.doc);
    press(byId(`store-${end}`), true);
    between.show(at);
    return lay();
  }

  const between = dial("between", words, (at) => {
    const pattern = way[at];
    if (!pattern) return;
    gesture ??= store.gesture("morph");
    gesture.update((_doc, before) => takeOpen(null)(setBars(before, pattern.steps / STEPS_PER_BAR), pattern));
  });
  slider.addEventListener("change", () => {
    gesture?.end();
    gesture = null;
  });
  byId("store-a").addEventListener("click", () => keep("a", 0));
  byId("store-b").addEventListener("click", () => keep("b", STATIONS - 1));
}
