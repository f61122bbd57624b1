/** Plays a score once, beside the pattern: what the endless drummer has to say. */

import { createClock } from "./clock.js";
import { eventsBetween } from "./schedule.js";

/** @param {any} calls as `createClock` takes them */
export function createScorePlayer(calls) {
  let ended = () => {};
  const { start, stop, replan, setHidden, setLoop, position } = createClock({ ...calls, hits: eventsBetween, onEnd: () => ended() });
  setLoop(false);
  return {
    start(score, whenEnded) {
      ended = whenEnded;
      start(score, { at: 0 });
    },
    stop,
    replan,
    setHidden,
    position,
  };
}
