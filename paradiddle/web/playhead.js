/** A column of light on the step that sounds, and a flash of the pads in it. */

import { STEPS_PER_BAR, V } from "./pattern.js";
import { make } from "./dom.js";

const FLASH_MS = 160;

export function createPlayhead(grid) {
  const column = make("div", { class: "playhead", hidden: true });
  grid.measures.append(column);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let shown = -1;
  let crossed = [];

  /** Light the pads of a step, or none. */
  function cross(pads) {
    for (const pad of crossed) pad.classList.remove("crossed");
    for (const pad of pads) pad.classList.add("crossed");
    crossed = pads;
  }

  const padsOf = (step) => Array.from({ length: V }, (_, voice) => grid.padAt(step, voice));

  function flash(step) {
    for (const pad of padsOf(step)) {
      if (!pad.dataset.by || pad.classList.contains("silent")) continue;
      pad.classList.add("sounding");
      setTimeout(() => pad.classList.remove("sounding"), FLASH_MS);
    }
  }

  return {
    show(step) {
      if (step === shown || step >= grid.bars.length * STEPS_PER_BAR) return;
      shown = step;
      column.hidden = false;
      column.dataset.step = String(step);
      column.style.setProperty("--x", `${grid.x(step, true)}px`);
      column.style.setProperty("--w", `${grid.shape.pad}px`);
      cross(padsOf(step));
      grid.follow(step);
      if (!still.matches) flash(step);
    },
    hide() {
      shown = -1;
      column.hidden = true;
      cross([]);
      delete column.dataset.step;
    },
  };
}
