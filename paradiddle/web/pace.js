/**
 * How far ahead to work, judged from how punctual the ticks have been.
 *
 * Timers are delayed to a second in a background tab; Web Audio and MIDI can be given their hits
 * ahead of time, so that the answer to late ticks is to work further ahead.
 *
 * @typedef {(tick: () => void) => () => void} Ticker starts ticking, returns the way to stop
 */

/** Nearer than this, in seconds, nothing is taken back. */
export const KEEP = 0.06;

const TICK_MS = 25;
const START = 0.4; // until ticks have shown to be punctual: a Worker takes a moment to begin
const LATE = 0.25; // a gap between ticks from which any may be a second late
const FAR = 1.6; // with ticks that late, and in a hidden page
const FARTHEST = 3;
const FORGET = 5; // s in which a late tick is forgotten by two thirds

/** @param {number} lookAhead seconds, when ticks are punctual */
export function createPace(lookAhead) {
  let [last, gap, ticks, hidden] = [0, 0, 0, false];

  /** @param {number} least @param {number} times how many gaps to look ahead @param {number} more */
  function ahead(least, times, more) {
    if (!hidden && gap <= LATE) return Math.max(least, times * gap + more);
    return Math.min(FARTHEST, Math.max(FAR, 1.5 * gap + lookAhead));
  }

  return {
    start(now) {
      [last, gap, ticks] = [now, 0, 0];
    },
    /** Note a tick; returns by how much the clock went back, 0 as a rule. @param {number} now */
    tick(now) {
      const elapsed = now - last;
      last = now;
      ticks++;
      if (elapsed < 0) return -elapsed;
      if (ticks > 1 || elapsed > LATE) gap = Math.max(elapsed, gap * Math.exp(-elapsed / FORGET));
      return 0;
    },
    setHidden(on) {
      hidden = on;
    },
    /** Seconds ahead for what can be taken back. */
    get plan() {
      return Math.max(ahead(lookAhead, 2, KEEP), ticks < 2 ? START : 0);
    },
    /** Seconds ahead for what is final: no more than it takes. */
    get send() {
      return ahead(KEEP, 1.25, 0.02);
    },
  };
}

/** Ticks from a Worker. @param {URL | string} url @returns {Ticker} */
export const workerTicker = (url) => (tick) => {
  const worker = new Worker(url);
  worker.onmessage = tick;
  worker.postMessage({ every: TICK_MS });
  return () => worker.terminate();
};
