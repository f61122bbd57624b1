/** Sound: the kit, the clock, MIDI out, and what starts and stops them. */

import { cellAt } from "./pattern.js";
import { createClock } from "./clock.js";
import { createMidi } from "./midi.js";
import { eventsBetween } from "./schedule.js";
import { createSoundTime } from "./sound-time.js";
import { createKit } from "./voices.js";

export function createPlayer(app) {
  const { store, api } = app;
  const context = new AudioContext({ latencyHint: "interactive" });
  const kit = createKit(context, { fetchKit: api.sound });
  const midi = createMidi(navigator.requestMIDIAccess?.bind(navigator));
  const listeners = new Set();
  /** @type {{step: number, time: number}[]} steps to light when their time comes */
  let due = [];
  let clicking = false;
  let wanted = false;
  let turn = 0;

  const getTime = () => context.currentTime;
  const { msAt, timeAt } = createSoundTime(context);
  const sendHit = (hit, time) => midi.play(hit.voice, hit.velocity, msAt(time));
  const strikeHit = (hit, time) => kit.play(hit.voice, hit.velocity, time);

  const clock = createClock({
    getTime,
    onHit: strikeHit,
    onClick: (time, accent) => clicking && kit.click(time, accent),
    onCancel: kit.cancel,
    onSend: sendHit,
    onStep: (step, time) => due.push({ step, time }),
    onPulse: (time) => midi.clockPulse(msAt(time)),
    onEnd: rest,
  });
  const scoreClock = createClock({
    getTime,
    hits: eventsBetween,
    onHit: strikeHit,
    onCancel: kit.cancel,
    onSend: sendHit,
    onEnd: () => scoreEnded(),
  });
  scoreClock.setLoop(false);
  let scoreEnded = () => {};

  /** Fetch the kit; what is planned without its sounds gets them as they come. */
  const load = () =>
    kit.load(() => {
      clock.replan();
      scoreClock.replan();
    });

  /** Browsers let sound out only after a press; the kit may still be on its way. */
  async function wake() {
    load();
    await kit.resume();
  }

  /** Wake; tells whether this is still what is asked for then. */
  async function woken() {
    const own = (turn += 1);
    await wake();
    return own === turn;
  }

  function tell(at) {
    for (const listener of listeners) listener(clock.running, at);
  }

  /** @param {{at?: number, when?: number}} [options] place to start from, and when that is heard, even if it is past */
  async function play({ at = 0, when } = {}) {
    app.drummer?.stop();
    wanted = true;
    if (!(await woken())) return;
    const joins = when !== undefined;
    const fresh = !clock.running;
    if (!fresh && !joins) return;
    if (fresh) midi.clockStart(msAt(getTime()));
    due = [];
    clock.start(() => store.doc, { at, delay: joins ? timeAt(when) - getTime() : undefined });
    tell(joins ? undefined : at);
    if (fresh) requestAnimationFrame(light);
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
    turn += 1;
    wanted = false;
    silence();
    due = [];
    app.grid?.playhead.hide();
    tell();
  }

  /** Move the column of light to what sounds now. */
  function light() {
    if (!clock.running) return;
    const now = timeAt(performance.now());
    let shown = null;
    while (due.length && due[0].time <= now) shown = due.shift();
    if (shown) app.grid.playhead.show(shown.step);
    requestAnimationFrame(light);
  }

  async function audition(voice, velocity) {
    await wake();
    kit.play(voice, velocity, getTime());
    midi.play(voice, velocity);
  }

  function stopScore() {
    turn += 1;
    scoreClock.stop();
    kit.stopAll();
    midi.allNotesOff();
  }

  document.addEventListener("visibilitychange", () => {
    clock.setHidden(document.hidden);
    scoreClock.setHidden(document.hidden);
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
    async playScore(score, ended) {
      if (wanted) stop();
      if (!(await woken())) return;
      scoreEnded = ended;
      scoreClock.start(score, { at: 0 });
    },
    stopScore,
    scorePosition: scoreClock.position,
    setVolume: kit.setVolume,
    setLoop: clock.setLoop,
    setClick(on) {
      clicking = on;
      clock.replan();
    },
    onPlaying: (listener) => listeners.add(listener),
  };
}
