/** Shows each step when it sounds. */

/** Steps that are kept while nobody looks: more than are told ahead at any tempo. */
const MOST = 64;

/**
 * @param {() => boolean} running @param {() => number} heard the time heard now
 * @param {(step: number) => void} show
 */
export function createStepLight(running, heard, show) {
  /** @type {{step: number, time: number}[]} steps to light when their time comes */
  let due = [];
  let frame = 0;

  function move() {
    if (!running()) return;
    const now = heard();
    let shown = null;
    while (due.length && due[0].time <= now) shown = due.shift();
    if (shown) show(shown.step);
    frame = requestAnimationFrame(move);
  }

  return {
    add(step, time) {
      due.push({ step, time });
      if (due.length > MOST) due.shift();
    },
    clear: () => (due = []),
    start() {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(move);
    },
  };
}
