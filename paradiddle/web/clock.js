/**
 * The look-ahead clock: hands out hits a little before their time, whatever the timers do.
 *
 * @typedef {{qpm: number, steps: number, swing: number}} Music a document, or what `fromEvents` makes
 */

import { createFrontiers } from "./frontiers.js";
import { createPace, workerTicker } from "./pace.js";
import { hitsBetween, stepSeconds } from "./schedule.js";

const SILENT = {
  hits: hitsBetween,
  onHit: () => {},
  onClick: () => {},
  onCancel: () => {},
  onSend: () => {},
  onStep: () => {},
  onPulse: () => {},
};

/**
 * Times are seconds, as of the audio context; `hits` says what a stretch of the music holds,
 * `onClick` comes on each quarter, `onPulse` 24 times in it, `onEnd` when it is over and does not loop.
 *
 * @param {{getTime: () => number, ticker?: import("./pace.js").Ticker,
 *   hits?: (music: any, from: number, to: number) => PlacedHit[], onEnd?: () => void,
 *   onHit?: (hit: PlacedHit, time: number) => void, onSend?: (hit: PlacedHit, time: number) => void,
 *   onClick?: (time: number, accent: boolean) => void, onCancel?: (from: number) => void,
 *   onStep?: (step: number, time: number) => void, onPulse?: (time: number) => void}} options
 */
export function createClock({
  getTime,
  ticker = workerTicker(new URL("./clock-worker.js", import.meta.url)),
  onEnd = () => {},
  ...calls
}) {
  const pace = createPace();
  const all = { ...SILENT, ...calls };
  const ahead = createFrontiers(all);
  let source = null;
  let tempo = null;
  let stopTicks = null;
  let looping = true;

  const rateOf = (of) => 1 / stepSeconds(tempo ?? of.qpm);

  /** Do something to the music that plays, and hand out what is due. */
  function whilePlaying(how) {
    if (!stopTicks) return;
    const now = getTime();
    how(now);
    ahead.advance(now, pace);
  }

  function change(now) {
    const next = source();
    ahead.change(next, now, rateOf(next));
  }

  function tick() {
    whilePlaying((now) => {
      const back = pace.tick(now);
      if (back) ahead.goBack(back, now);
      change(now);
    });
    if (!stopTicks || !ahead.isOver(getTime())) return;
    stop();
    onEnd();
  }

  /**
   * @param {any} from music, or a function that gives it at every tick
   * @param {{at?: number, delay?: number}} [options] place to start from, and seconds until then
   */
  function start(from, { at = 0, delay = 0.06 } = {}) {
    source = typeof from === "function" ? from : () => from;
    const [music, now] = [source(), getTime()];
    const said = stopTicks ? ahead.saidUntil : now;
    if (stopTicks) all.onCancel(now);
    else pace.start(now);
    ahead.begin(music, at % music.steps, now + delay, rateOf(music), { looping, said });
    stopTicks ??= ticker(tick);
    ahead.advance(now, pace);
  }

  function stop() {
    if (!stopTicks) return;
    stopTicks();
    stopTicks = null;
    all.onCancel(getTime());
  }

  return {
    start,
    stop,
    /** Where it plays, in steps of the loop; 0 when it does not. */
    position: (time = getTime()) => (stopTicks ? Math.max(0, ahead.placeAt(time)) % ahead.music.steps : 0),
    get running() {
      return stopTicks !== null;
    },
    /** Play an edited document without waiting for the next tick. @param {Music} next */
    setDoc(next) {
      source = () => next;
      whilePlaying(change);
    },
    /** Follow another's tempo instead of the document's, or none. @param {number | null} qpm */
    setTempo(qpm) {
      tempo = qpm;
      whilePlaying((now) => ahead.setRate(rateOf(ahead.music), now));
    },
    /** Hand out anew what can be taken back: it sounds otherwise now. */
    replan: () => whilePlaying(ahead.replan),
    setLoop(on) {
      looping = on;
      whilePlaying((now) => ahead.setLoop(on, now));
    },
    /** Work far ahead while nobody sees the page. @param {boolean} on */
    setHidden(on) {
      pace.setHidden(on);
      whilePlaying(() => {});
    },
  };
}
