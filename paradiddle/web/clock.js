/**
 * The look-ahead clock: hands out hits a little before their time, whatever the timers do.
 *
 * Two frontiers move along the line of steps. Up to `planned`, hits have been given to `onHit` and
 * `onClick` (Web Audio, which can take them back); up to `sent`, to `onSend`, `onPulse` and `onStep`
 * (MIDI and the picture, which cannot). An edit takes back, through `onCancel`, what is more than 60
 * ms away, and it is planned anew. Keys of hits keep one that an edit moves across that cut from
 * being lost or doubled.
 *
 * @typedef {import("./schedule.js").PlacedHit} PlacedHit
 * @typedef {import("./pace.js").Ticker} Ticker
 * @typedef {{qpm: number, steps: number, swing: number}} Music a document, or what `fromEvents` makes
 */

import { V } from "./pattern.js";
import { KEEP, createPace, workerTicker } from "./pace.js";
import { endOf, hitsBetween, resized, sameSound, stepSeconds, swungPlace } from "./schedule.js";
import { createTimeline } from "./timeline.js";

const GRACE = 0.05; // s; a hit missed by no more is still played, at once
const OLD = 8; // steps after which a planned hit is forgotten
const PULSES = 6; // of 24 to the quarter, in a step
const ACROSS = 2; // more steps than an edit can move a hit

/**
 * @param {object} options
 * @param {() => number} options.getTime seconds, as of the audio context
 * @param {Ticker} [options.ticker]
 * @param {number} [options.lookAhead] seconds, when ticks are punctual
 * @param {(music: any, from: number, to: number) => PlacedHit[]} [options.hits] what a stretch holds
 * @param {(hit: PlacedHit, time: number) => void} [options.onHit]
 * @param {(time: number, accent: boolean) => void} [options.onClick] on each quarter
 * @param {(fromTime: number) => void} [options.onCancel] take back hits and clicks from a time on
 * @param {(hit: PlacedHit, time: number) => void} [options.onSend] each hit again, now for good
 * @param {(step: number, time: number) => void} [options.onStep]
 * @param {(time: number) => void} [options.onPulse] 24 to the quarter
 * @param {() => void} [options.onEnd] when it does not loop and is over
 */
export function createClock({
  getTime,
  ticker = workerTicker(new URL("./clock-worker.js", import.meta.url)),
  lookAhead = 0.12,
  hits = hitsBetween,
  onHit = () => {},
  onClick = () => {},
  onCancel = () => {},
  onSend = () => {},
  onStep = () => {},
  onPulse = () => {},
  onEnd = () => {},
}) {
  const pace = createPace(lookAhead);
  /** @type {(() => any) | null} */
  let source = null;
  /** @type {any} */
  let music = null;
  /** @type {number | null} */
  let tempo = null;
  /** @type {(() => void) | null} */
  let stopTicks = null;
  let line = createTimeline(0, 0, 1);
  let [planned, sent, end, resting, looping] = [0, 0, Infinity, 0, true];
  /** @type {Map<number, number>} places of the hits planned of late, by key */
  let seen = new Map();
  /** @type {{hit: PlacedHit, place: number}[]} planned, not yet sent */
  let waiting = [];

  /** @param {Music} of */
  const rateOf = (of) => 1 / stepSeconds(tempo ?? of.qpm);

  /** @param {PlacedHit} hit @param {number} place @param {number} now */
  function plan(hit, place, now) {
    seen.set(hit.key, place);
    waiting.push({ hit, place });
    onHit(hit, Math.max(now, line.timeAt(place)));
  }

  /** @param {number} to @param {number} now */
  function planTo(to, now) {
    if (to <= planned) return;
    for (const hit of hits(music, planned, to)) {
      if (!seen.has(hit.key) && hit.pass * music.steps < end) plan(hit, hit.when, now);
    }
    for (let at = Math.ceil(planned / 4) * 4; at < Math.min(to, end); at += 4) {
      onClick(Math.max(now, line.timeAt(at)), (at % music.steps) % 16 === 0);
    }
    planned = to;
  }

  /** @param {number} to @param {number} now */
  function sendTo(to, now) {
    if (to <= sent) return;
    const due = waiting.filter(({ place }) => place < to).sort((a, b) => a.place - b.place);
    waiting = waiting.filter(({ place }) => place >= to);
    for (const { hit, place } of due) onSend(hit, Math.max(now, line.timeAt(place)));
    const stop = Math.min(to, end);
    for (let pulse = Math.ceil(sent * PULSES); pulse < stop * PULSES; pulse++) {
      onPulse(line.timeAt(pulse / PULSES));
    }
    for (let at = Math.max(0, Math.floor(sent) - 1); at < stop; at++) {
      const place = swungPlace(at, music.swing);
      if (place >= sent && place < stop) onStep(at % music.steps, line.timeAt(place));
    }
    sent = to;
  }

  /** Drop what was missed for good, as after a sleep. @param {number} oldest */
  function skipTo(oldest) {
    planned = Math.max(planned, oldest);
    sent = Math.max(sent, oldest);
    waiting = waiting.filter(({ place }) => place >= oldest);
    for (const [key, place] of seen) if (place < oldest - OLD) seen.delete(key);
  }

  /** @param {number} now */
  function advance(now) {
    skipTo(line.placeAt(now - GRACE));
    planTo(line.placeAt(now + pace.plan), now);
    sendTo(Math.min(planned, line.placeAt(now + pace.send)), now);
    line.prune(now);
  }

  /** Take back what is not near; returns the keys of those hits. @param {number} now */
  function takeBack(now) {
    const cut = Math.min(planned, Math.max(sent, line.placeAt(now + KEEP)));
    const from = line.timeAt(cut);
    if (cut < planned) onCancel(from);
    const owed = new Set([...seen].filter(([, place]) => line.timeAt(place) >= from).map(([key]) => key));
    for (const key of owed) seen.delete(key);
    waiting = waiting.filter(({ place }) => line.timeAt(place) < from);
    planned = cut;
    return owed;
  }

  /** Play at once what was taken back and now lies before the cut.
   * @param {Set<number>} owed keys @param {number} now */
  function makeUp(owed, now) {
    for (const hit of hits(music, Math.max(0, planned - ACROSS), planned)) {
      if (owed.has(hit.key) && !seen.has(hit.key)) plan(hit, planned, now);
    }
  }

  /** Go on with other music from the cut. @param {any} next @param {number} now */
  function change(next, now) {
    const before = music;
    music = next;
    if (sameSound(before, next)) return;
    const owed = takeBack(now);
    for (const hit of hits(before, planned, planned + ACROSS)) owed.add(hit.key);
    const by = next.steps === before.steps ? 0 : resized(planned, before.steps, next.steps);
    renumber(by);
    if (!looping) end = endOf(planned, next.steps);
    bend(now);
    makeUp(new Set([...owed].map((key) => key + by * V)), now);
  }

  /** Count steps in loops of another length. @param {number} by */
  function renumber(by) {
    if (!by) return;
    line.renumber(by);
    [planned, sent] = [planned + by, sent + by];
    waiting = waiting.map(({ hit, place }) => ({ hit, place: place + by }));
    seen = new Map([...seen].map(([key, place]) => [key + by * V, place + by]));
  }

  /** Take up the tempo at the cut. @param {number} now */
  function bend(now) {
    const rate = rateOf(music);
    if (rate !== line.rate) line.bend(Math.max(now, line.timeAt(planned)), rate);
  }

  function tick() {
    if (!stopTicks) return;
    const now = getTime();
    const back = pace.tick(now);
    if (back) {
      line.postpone(-back);
      makeUp(takeBack(now), now);
    }
    if (source) change(source(), now);
    advance(now);
    if (line.placeAt(now) >= end + 0.5) {
      stop();
      onEnd();
    }
  }

  /** Take back and plan again, as `how` has changed. @param {(now: number) => void} how */
  function replan(how) {
    if (!stopTicks) return;
    const now = getTime();
    const owed = takeBack(now);
    how(now);
    makeUp(owed, now);
    advance(now);
  }

  /**
   * @param {any} from a document, or a function that gives it at every tick
   * @param {{at?: number, delay?: number}} [options] place to start from, and seconds until then
   */
  function start(from, { at = resting, delay = 0.06 } = {}) {
    if (stopTicks) stop();
    source = typeof from === "function" ? from : () => from;
    music = source();
    const now = getTime();
    line = createTimeline(at % music.steps, now + delay, rateOf(music));
    planned = sent = at % music.steps;
    end = looping ? Infinity : music.steps;
    seen = new Map();
    waiting = [];
    pace.start(now);
    stopTicks = ticker(tick);
    advance(now);
  }

  function stop() {
    halt();
    resting = 0;
  }

  function halt() {
    if (!stopTicks) return;
    stopTicks();
    stopTicks = null;
    onCancel(getTime());
  }

  /** Where it plays or rests, in steps of the loop. */
  function position() {
    return stopTicks ? Math.max(0, line.placeAt(getTime())) % music.steps : resting;
  }

  return {
    start,
    stop,
    position,
    /** Stop, and start from here the next time. */
    pause() {
      resting = position();
      halt();
    },
    get running() {
      return stopTicks !== null;
    },
    /** Play an edited document without waiting for the next tick. @param {any} next */
    setDoc(next) {
      source = () => next;
      if (!stopTicks) return;
      const now = getTime();
      change(next, now);
      advance(now);
    },
    /** Follow another's tempo instead of the document's, or none. @param {number | null} qpm */
    setTempo(qpm) {
      tempo = qpm;
      if (stopTicks && rateOf(music) !== line.rate) replan(bend);
    },
    /** @param {boolean} on */
    setLoop(on) {
      looping = on;
      replan(() => (end = on ? Infinity : endOf(planned, music.steps)));
    },
    /** Work far ahead while nobody sees the page. @param {boolean} on */
    setHidden(on) {
      pace.setHidden(on);
      if (stopTicks) advance(getTime());
    },
  };
}
