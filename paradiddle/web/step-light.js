/** Shows each step when it sounds. */

/**
 * @param {() => boolean} running @param {() => number} heard the time heard now
 * @param {(step: number) => void} show
 */
export function createStepLight(running, heard, show) {
  /** @type {{step: number, time: number}[]} steps to light when their time comes */
  let due = [];

  function move() {
    if (!running()) return;
    const now = heard();
    let shown = null;
    while (due.length && due[0].time <= now) shown = due.shift();
    if (shown) show(shown.step);
    requestAnimationFrame(move);
  }

  return {
    add: (step, time) => due.push({ step, time }),
    clear: () => (due = []),
    start: () => requestAnimationFrame(move),
  };
}
