/** Sound: the kit, the clock, MIDI out, and what starts and stops them. */

import { cellAt } from "./pattern.js";
import { createClock } from "./clock.js";
import { createMidi } from "./midi.js";
import { createScorePlayer } from "./score-player.js";
import { createSoundTime } from "./sound-time.js";
import { createStepLight } from "./step-light.js";
import { createKit } from "./voices.js";

export function createPlayer(app) {
  const { store, api } = app;
  const context = new AudioContext({ latencyHint: "interactive" });
  const kit = createKit(context, { fetchKit: api.sound });
  const midi = createMidi(navigator.requestMIDIAccess?.bind(navigator));
  const listeners = new Set();
  let clicking = false;
  let wanted = false;
  const turns = { pattern: 0, score: 0 };

  const getTime = () => context.currentTime;
  const { msAt, timeAt } = createSoundTime(context);
  const sendHit = (hit, time) => midi.play(hit.voice, hit.velocity, msAt(time));
  const strikeHit = (hit, time) => kit.play(hit.voice, hit.velocity, time);

  const calls = { getTime, onHit: strikeHit, onCancel: kit.cancel, onSend: sendHit };
  const clock = createClock({
    ...calls,
    onClick: (time, accent) => clicking && kit.click(time, accent),
    onStep: (step, time) => light.add(step, time),
    onPulse: (time) => midi.clockPulse(msAt(time)),
    onEnd: rest,
  });
  const score = createScorePlayer(calls);
  const light = createStepLight(() => clock.running, () => timeAt(performance.now()), (step) => app.grid.playhead.show(step));

  /** Fetch the kit; what is planned without its sounds gets them as they come. */
  const load = () =>
    kit.load(() => {
      clock.replan();
      score.replan();
    });

  /** Browsers let sound out only after a press; the kit may still be on its way. */
  async function wake() {
    load();
    await kit.resume();
  }

  /** Wake; tells whether this is still what is asked for then. @param {"pattern" | "score"} what */
  async function woken(what) {
    const own = (turns[what] += 1);
    await wake();
    return own === turns[what];
  }

  function tell(at) {
    for (const listener of listeners) listener(clock.running, at);
  }

  /** @param {{at?: number, when?: number}} [options] place to start from, and when that is heard, even if it is past */
  async function play({ at = 0, when } = {}) {
    app.drummer?.stop();
    wanted = true;
    if (!(await woken("pattern"))) return;
    const joins = when !== undefined;
    const fresh = !clock.running;
    if (!fresh && !joins) return;
    if (fresh) midi.clockStart(msAt(getTime()));
    light.clear();
    clock.start(() => store.doc, { at, delay: joins ? timeAt(when) - getTime() : undefined });
    tell(joins ? undefined : at);
    if (fresh) light.start();
  }

  function stop() {
    clock.stop();
    kit.stopAll();
    rest();
  }

  function silence() {
    midi.allNotesOff(); // first: it drops what was sent ahead
    midi.clockStop();
  }

  function rest() {
    turns.pattern += 1;
    wanted = false;
    silence();
    light.clear();
    app.grid?.playhead.hide();
    tell();
  }

  async function audition(voice, velocity) {
    await wake();
    kit.play(voice, velocity, getTime());
    midi.play(voice, velocity);
  }

  function stopScore() {
    turns.score += 1;
    score.stop();
    if (clock.running) return; // what sounds is the pattern
    kit.stopAll();
    midi.allNotesOff();
  }

  document.addEventListener("visibilitychange", () => {
    clock.setHidden(document.hidden);
    score.setHidden(document.hidden);
  });
  window.addEventListener("pagehide", silence);
  for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, wake, { once: true, capture: true });

  return {
    clock,
    kit,
    midi,
    load,
    play,
    stop,
    toggle: () => (wanted ? stop() : play()),
    audition,
    /** The context's time heard at a moment, in ms. */
    heardAt: timeAt,
    /** Hear a pad that was just lit, unless the pattern plays anyway. @param {number} step @param {number} voice */
    struck(step, voice) {
      const cell = cellAt(store.doc, step, voice);
      if (cell && !clock.running) audition(voice, cell.velocity);
    },
    async playScore(music, ended) {
      if (wanted) stop();
      if (!(await woken("score"))) return;
      score.start(music, ended);
    },
    stopScore,
    scorePosition: score.position,
    setVolume: kit.setVolume,
    setLoop: clock.setLoop,
    setClick(on) {
      clicking = on;
      clock.replan();
    },
    onPlaying: (listener) => listeners.add(listener),
  };
}
