/** The names of the rows: audition, mute, solo, lock. */

import { setLocked, setMuted, setSoloed } from "./edits.js";
import { V, VOICES } from "./pattern.js";
import { icon, isPressed, make, press } from "./dom.js";
import { rove } from "./roving.js";

const SHUT = "M7 11h10v8H7zM9 11V8a3 3 0 0 1 6 0v3";
const KINDS = [
  { verb: "mute", mark: "M", field: "muted", change: setMuted },
  { verb: "solo", mark: "S", field: "soloed", change: setSoloed },
  { verb: "lock", mark: "", field: "locked", change: setLocked },
];

function makeSwitch({ store }, voice, { verb, mark, field, change }) {
  const button = make("button", {
    class: verb,
    "aria-label": `${verb} ${VOICES[voice]}`,
    "aria-pressed": "false",
    title: verb,
    onclick: () => {
      const on = !store.doc[field][voice];
      store.edit(`${on ? verb : `un${verb}`} ${VOICES[voice]}`, (doc) => change(doc, voice, on));
    },
  });
  button.append(mark || icon(SHUT));
  return button;
}

function makeHead(app, voice) {
  const name = make("button", {
    class: "name",
    text: VOICES[voice],
    "aria-label": `audition ${VOICES[voice]}`,
    title: "hear it",
    onclick: () => app.player.audition(voice, 0.9),
  });
  const switches = KINDS.map((kind) => makeSwitch(app, voice, kind));
  return make("div", { class: "head", role: "group", "aria-label": VOICES[voice] }, name, ...switches);
}

export function createHeads(app) {
  const more = make("button", {
    class: "quiet more-heads",
    text: "Mute, solo",
    "aria-expanded": "false",
    title: "Mute and solo of each row",
    onclick: () => {
      const open = element.classList.toggle("open");
      more.setAttribute("aria-expanded", String(open));
    },
  });
  const heads = Array.from({ length: V }, (_, place) => makeHead(app, V - 1 - place));
  const bar = { class: "heads", role: "toolbar", "aria-label": "Rows", "aria-orientation": "vertical" };
  const element = make("div", bar, make("div", { class: "corner" }, more), ...heads);
  rove(element, () => element.children);
  return {
    element,
    /** @param {Element | null} focused @returns {number | null} whose row an element is in */
    voiceOf(focused) {
      const place = heads.findIndex((head) => head.contains(focused));
      return place < 0 ? null : V - 1 - place;
    },
    /** @returns {string} what is so now */
    press(verb, voice) {
      const button = heads[V - 1 - voice].querySelector(`.${verb}`);
      button.click();
      return `${VOICES[voice]}: ${verb} ${isPressed(button) ? "on" : "off"}.`;
    },
    render(doc) {
      heads.forEach((head, place) => {
        const voice = V - 1 - place;
        for (const { verb, field } of KINDS) press(head.querySelector(`.${verb}`), doc[field][voice]);
      });
    },
  };
}
