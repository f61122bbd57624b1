/**
 * How far ahead to work.
 *
 * Timers may be delayed to a second, in a background tab at any time. Sounds, which can be taken
 * back, are therefore always planned further ahead than that; MIDI, which cannot, is sent as late as
 * the ticks have been punctual.
 *
 * @typedef {(tick: () => void) => () => void} Ticker starts ticking, returns the way to stop
 */

/** Nearer than this, in seconds, nothing is taken back. */
export const KEEP = 0.06;

const TICK_MS = 25;
const FIRST = 0.4; // s to send ahead until ticks have come: a Worker takes a moment to begin
const LATE = 0.25; // a gap between ticks from which any may be a second late
const FAR = 1.6; // further than a timer is delayed
const FARTHEST = 3;
const FORGET = 5; // s in which a late tick is forgotten by two thirds

export function createPace() {
  let [last, gap, ticks, hidden] = [0, 0, 0, false];

  const fade = (seconds) => (gap *= Math.exp(-seconds / FORGET));

  const far = () => Math.min(FARTHEST, Math.max(FAR, 1.5 * gap + KEEP));

  return {
    start(now) {
      fade(Math.max(0, now - last));
      [last, ticks] = [now, 0];
    },
    /** Note a tick; returns by how much the clock went back, 0 as a rule. @param {number} now */
    tick(now) {
      const elapsed = now - last;
      last = now;
      ticks++;
      if (elapsed < 0) return -elapsed;
      fade(elapsed);
      if (ticks > 1 || elapsed > LATE) gap = Math.max(elapsed, gap);
      return 0;
    },
    setHidden(on) {
      hidden = on;
    },
    /** Seconds ahead for what can be taken back. */
    get plan() {
      return far();
    },
    /** Seconds ahead for what is final: no more than it takes. */
    get send() {
      if (hidden || gap > LATE) return far();
      return Math.max(ticks < 2 ? FIRST : KEEP, 1.25 * gap + 0.02);
    },
  };
}

/** Ticks from a Worker, which is kept for the next start. @param {URL | string} url @returns {Ticker} */
export function workerTicker(url) {
  let worker = null;
  return (tick) => {
    worker ??= new Worker(url);
    worker.onmessage = tick;
    worker.postMessage({ every: TICK_MS });
    return () => worker.postMessage({ every: 0 });
  };
}
