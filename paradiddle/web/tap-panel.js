/** Tap: a rhythm on one key or pad, played by the whole kit. */

import { byId, make, takesText } from "./dom.js";
import { takeRepeated } from "./answers.js";
import { MAX_BARS, STEPS_PER_BAR } from "./pattern.js";
import { tapsFree, tapsOnGrid } from "./taps.js";

const KEY = "j";
const SNARE = 1;
const GLOW_MS = 90;

export function createTap(app) {
  const { api, store, status, player, wishes, candidates } = app;
  const pad = byId("tap-pad");
  const lamps = byId("tap-lamps");
  let taps = [];
  /** @type {number[]} places in steps, of taps while the pattern plays */
  let places = [];

  /**
   * The place is that of what is heard as it is struck.
   * @param {number} [velocity] of a pad that can tell @param {number} [at] when, in ms
   */
  function tap(velocity, at = performance.now()) {
    const time = at / 1000;
    taps.push(velocity ? { time, velocity } : { time });
    if (player.clock.running) places.push(player.clock.position(player.heardAt(at)));
    else player.audition(SNARE, velocity ?? 0.7);
    pad.classList.add("on");
    setTimeout(() => pad.classList.remove("on"), GLOW_MS);
    show();
  }

  /** With the pattern playing, taps lie on its grid; without, they make their own at the tempo set. */
  function rhythm() {
    const { qpm, steps } = store.doc;
    if (places.length && places.length === taps.length) {
      const bars = Math.min(MAX_BARS, steps / STEPS_PER_BAR);
      return { velocities: tapsOnGrid(taps.map((one, index) => ({ ...one, time: index })), (index) => places[index], bars), qpm };
    }
    return tapsFree(taps, { qpm });
  }

  function show() {
    const { velocities } = taps.length ? rhythm() : { velocities: Array(2 * STEPS_PER_BAR).fill(0) };
    lamps.replaceChildren(...velocities.map((velocity) => make("i", { class: velocity ? "on" : "" })));
  }

  function again() {
    taps = [];
    places = [];
    show();
  }

  async function play() {
    if (!taps.length) return status.say("Tap a rhythm first, on the pad or with J.");
    if (store.doc.locked.every(Boolean)) return status.say("Every row is locked; unlock one to have it played.");
    const isLast = app.turn();
    const moment = candidates.moment();
    const { velocities, qpm } = rhythm();
    const body = { velocities, qpm, count: 4, ...wishes.fields() };
    const answer = await status.ask("Tap …", () => api.tap(body));
    if (!answer || !isLast()) return;
    candidates.show("Tap", answer.patterns, answer.seed ?? null, takeRepeated, moment);
    status.say("Your rhythm, on a kit.");
    app.remember();
    again();
  }

  pad.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const pen = event.pointerType === "pen" && event.pressure > 0;
    tap(pen ? event.pressure : undefined);
  });
  pad.addEventListener("click", (event) => event.detail || tap());
  document.addEventListener("keydown", (event) => {
    const open = !byId("tap-drawer").hidden && !document.querySelector("dialog[open]");
    const plain = event.key.toLowerCase() === KEY && !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
    if (open && plain && !takesText(event.target)) tap();
  });
  player.midi.onNote(({ velocity, time }) => byId("tap-drawer").hidden || tap(velocity, time));
  byId("tap-play").addEventListener("click", play);
  byId("tap-again").addEventListener("click", again);
  show();
  return { opened: again };
}
