/** The pads: a bar of real buttons, and what one shows of its cell. */

import { STEPS_PER_BAR, V, VOICES } from "./pattern.js";
import { make } from "./dom.js";

const ON_GRID = "on the grid";

/** How far a core may leave the middle of its pad, as a part of the pad's width. */
const REACH = 0.25;

/** Where the core sits for an offset in steps: small ones are drawn larger than they are. */
export function lean(offset) {
  return Math.sign(offset) * REACH * (1 - Math.exp(-6 * Math.abs(offset)));
}

export const percent = (part) => `${Math.round(part * 100)} %`;

/** How early or late, for people. @param {number} offset in steps */
export function timing(offset) {
  const by = percent(Math.abs(offset));
  return by === percent(0) ? ON_GRID : `${by} ${offset < 0 ? "early" : "late"}`;
}

/** A hit on the grid needs no word for it. */
export function padName(step, voice, cell, locked = false) {
  const parts = [VOICES[voice], `bar ${Math.floor(step / STEPS_PER_BAR) + 1}`, `step ${(step % STEPS_PER_BAR) + 1}`];
  parts.push(...(cell ? [`velocity ${percent(cell.velocity)}`, timing(cell.offset)] : ["empty"]), locked ? "locked" : "");
  return parts.filter((part) => part && part !== ON_GRID).join(", ");
}

export function paintPad(pad, step, voice, cell, locked = false) {
  pad.setAttribute("aria-pressed", cell ? "true" : "false");
  pad.setAttribute("aria-label", padName(step, voice, cell, locked));
  if (!cell) return pad.removeAttribute("data-by");
  pad.dataset.by = cell.by;
  pad.style.setProperty("--v", cell.velocity.toFixed(3));
  pad.style.setProperty("--o", lean(cell.offset).toFixed(3));
}

function makePad(step, voice) {
  const pad = document.createElement("button");
  pad.type = "button";
  pad.tabIndex = -1;
  pad.dataset.step = String(step);
  pad.dataset.voice = String(voice);
  if (Math.floor(step / 4) % 2) pad.className = "off-beat";
  paintPad(pad, step, voice, null);
  return pad;
}

/**
 * One bar, the kick at the bottom.
 * @param {number} bar
 * @returns {{element: HTMLElement, pads: HTMLElement[]}} pads in the order of a doc's cells
 */
export function makeBar(bar) {
  const element = make("div", { class: "measure", "data-bar": bar });
  const pads = [];
  for (let voice = V - 1; voice >= 0; voice -= 1)
    for (let place = 0; place < STEPS_PER_BAR; place += 1) {
      const pad = makePad(bar * STEPS_PER_BAR + place, voice);
      pads[place * V + voice] = pad;
      element.append(pad);
    }
  return { element, pads };
}
