/**
 * Another machine's tempo from its clock: 24 pulses a quarter, each a little early or late.
 *
 * A straight line is fitted through the times of the last pulses; three pulses in a row far off it
 * mean another tempo, and the line begins anew.
 */

const PULSES_PER_QUARTER = 24;
const MOST = 96; // pulses in the line: four quarters
const FEWEST = 12;
const FAR_MS = 12;
const TURN = 3; // pulses far off that are no accident
export const PAUSE_MS = 1000; // a gap after which the clock has started anew

export function createTempo() {
  let times = [];
  let strays = 0;

  function line() {
    const count = times.length;
    if (count < FEWEST) return null;
    const [x, y] = [(count - 1) / 2, times.reduce((sum, time) => sum + time, 0) / count];
    const above = times.reduce((sum, time, at) => sum + (at - x) * (time - y), 0);
    const each = above / ((count * (count * count - 1)) / 12);
    return { each, next: y + each * (count - x) };
  }

  return {
    /** @param {number} time in ms */
    pulse(time) {
      if (time - (times.at(-1) ?? time) > PAUSE_MS) times = [];
      const fit = line();
      strays = fit && Math.abs(time - fit.next) > FAR_MS ? strays + 1 : 0;
      times = [...times, time].slice(strays < TURN ? -MOST : -TURN);
    },
    reset() {
      times = [];
    },
    /** Quarters a minute, or null until enough was heard. */
    get qpm() {
      const fit = line();
      return fit && fit.each > 0 ? 60_000 / (fit.each * PULSES_PER_QUARTER) : null;
    },
  };
}

/** How far a place is ahead of another, by the shorter way round the loop; all in steps. */
export const apart = (place, other, loop) => ((((place - other + loop / 2) % loop) + loop) % loop) - loop / 2;

/**
 * The tempo at which to play so as to be together again two quarters on.
 * @param {number} qpm of the other machine
 * @param {number} ahead steps that we are ahead of it, negative when behind
 */
export function steered(qpm, ahead) {
  const correction = Math.min(0.05, Math.max(-0.05, ahead / 8));
  return qpm * (1 - correction);
}
