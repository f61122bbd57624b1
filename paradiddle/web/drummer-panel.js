/** The endless drummer: press, a thousand new notes; press again, silence. */

import { setHit, clearAll } from "./edits.js";
import { STEPS_PER_BAR, V } from "./pattern.js";
import { fromEvents } from "./schedule.js";
import { byId, press, save } from "./dom.js";
import { createTape } from "./tape.js";

const NOTES = 1000;

/** A bar of a pattern, put over a bar of the doc. @param {number} at the doc's bar */
export function putBar(doc, at, pattern, bar) {
  const from = at * STEPS_PER_BAR;
  const selection = { from, to: from + STEPS_PER_BAR, voices: Array(V).fill(true) };
  let next = clearAll(doc, { selection });
  for (const [step, voice, velocity, offset] of pattern.hits)
    if (Math.floor(step / STEPS_PER_BAR) === bar)
      next = setHit(next, from + (step % STEPS_PER_BAR), voice, { velocity, offset, by: "machine" });
  return next;
}

/** The notes up to a place. @param {number} steps */
export function heard(events, steps) {
  const end = (steps * events.ticks_per_quarter) / 4;
  let tick = 0;
  const count = events.ticks.filter((delta) => (tick += delta) <= end).length;
  const first = (list) => list.slice(0, count);
  const { voices: _, notes, ticks, velocities, ...rest } = events;
  return { ...rest, notes: first(notes), ticks: first(ticks), velocities: first(velocities) };
}

/** @param {any} score as `fromEvents` makes it */
function drawable(score) {
  return score.notes
    .map(({ index, when }) => ({ when, voice: score.voices[index], velocity: score.velocities[index] ?? 0.8 }))
    .filter(({ voice }) => voice !== null && voice !== undefined);
}

export function createDrummer(app) {
  const { api, status, store, player } = app;
  const button = byId("drummer");
  const canvas = byId("tape");
  const field = byId("tape-bar");
  const tape = createTape(canvas);
  let take = null;
  let notes = [];
  let reached = 0;
  let playing = false;
  let turn = 0;

  function setPlaying(on) {
    playing = on;
    press(button, on);
    button.classList.toggle("on", on);
  }

  async function start() {
    setPlaying(true);
    const own = (turn += 1);
    const answer = await status.ask("The drummer sits down …", () => api.drum({ notes: NOTES, temperature: 1 }));
    if (own !== turn) return;
    if (!answer) return setPlaying(false);
    take = answer;
    const score = fromEvents(answer.events);
    notes = drawable(score);
    reached = 0;
    byId("tape-hint").hidden = true;
    byId("tape-side").hidden = false;
    field.max = String(bars());
    status.say(`A thousand new notes, ${bars()} bars at ${Math.round(answer.events.qpm)} bpm.`);
    player.playScore(score, ended);
    requestAnimationFrame(frame);
  }

  const bars = () => Math.max(1, Math.floor(take.pattern.steps / STEPS_PER_BAR));

  function ended() {
    setPlaying(false);
    draw();
  }

  function stop() {
    turn += 1;
    setPlaying(false);
    player.stopScore();
  }

  const toggle = () => (playing ? stop() : start());
  const draw = () => take && tape.draw(notes, reached);

  function frame() {
    if (!playing) return;
    reached = Math.max(reached, player.scorePosition());
    if (document.activeElement !== field) field.value = String(Math.min(bars(), Math.floor(reached / STEPS_PER_BAR) + 1));
    draw();
    requestAnimationFrame(frame);
  }

  function send() {
    const bar = Math.min(bars(), Math.max(1, Number(field.value) || 1)) - 1;
    const at = Math.floor(app.grid.cursor.step / STEPS_PER_BAR);
    const before = store.doc;
    const held = app.change("bar of the drummer", (doc) => putBar(doc, at, take.pattern, bar));
    if (held && store.doc === before) return;
    status.say(`The drummer's bar ${bar + 1} is now bar ${at + 1}${held ? ", but for the locked rows" : ""}.`);
  }

  async function download() {
    const events = heard(take.events, reached);
    if (!events.notes.length) return status.say("Nothing was heard yet; let the drummer play.");
    const blob = await status.ask("Writing …", () => api.midi({ events }));
    if (!blob) return;
    save(blob, `drummer-${take.seed}.mid`);
    status.say(`Saved ${events.notes.length} notes.`);
  }

  button.addEventListener("click", toggle);
  byId("tape-send").addEventListener("click", send);
  byId("tape-save").addEventListener("click", download);
  canvas.addEventListener("click", (event) => {
    if (!take) return;
    const bar = Math.floor(tape.stepAt(event.clientX, reached) / STEPS_PER_BAR) + 1;
    field.value = String(Math.min(bars(), Math.max(1, bar)));
    send();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    tape.recolour();
    draw();
  });
  new ResizeObserver(draw).observe(canvas);
  return { toggle, stop: () => playing && stop() };
}
