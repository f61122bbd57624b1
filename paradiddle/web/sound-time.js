/** When a time of the audio context is heard, in ms as of `performance.now()`, and back. */

const STALE_MS = 500; // the context slept since it said so
const JUMP_MS = 50; // another offset, not a rough reading of the same
const SHARE = 0.05; // of a rough reading in the smoothed offset

/** @param {AudioContext} context @param {() => number} [now] */
export function createSoundTime(context, now = () => performance.now()) {
  let rough = NaN;

  /** When the context's second 0 was heard: by its own word, or by its clock, which moves in jumps. */
  function zero() {
    const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
    if (contextTime > 0 && now() - performanceTime < STALE_MS) return performanceTime - contextTime * 1000;
    const read = now() - (context.currentTime - (context.outputLatency || 0)) * 1000;
    rough = Math.abs(read - rough) < JUMP_MS ? rough + SHARE * (read - rough) : read;
    return rough;
  }

  return {
    msAt: (time) => zero() + time * 1000,
    timeAt: (ms) => (ms - zero()) / 1000,
  };
}
