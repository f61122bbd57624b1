/**
 * What the clock has handed out: two frontiers that move along the line of steps.
 *
 * Up to `planned`, hits have been given to `onHit` and `onClick` (Web Audio, which can take them
 * back); up to `sent`, to `onSend`, `onPulse` and `onStep` (MIDI and the picture, which cannot). An
 * edit takes back, through `onCancel`, what is more than 60 ms away, and it is planned anew. Keys of
 * hits keep one that an edit moves across that cut from being lost or doubled.
 */

import { createHandedOut } from "./handed-out.js";
import { V } from "./pattern.js";
import { KEEP } from "./pace.js";
import { endOf, resized, sameSound, swungPlace } from "./schedule.js";
import { createTimeline } from "./timeline.js";

const GRACE = 0.05; // s; a hit missed by no more is still played, at once
const PULSES = 6; // of 24 to the quarter, in a step
const ACROSS = 2; // more steps than an edit can move a hit

/** @param {any} calls as `createClock` takes them */
export function createFrontiers({ hits, onHit, onClick, onCancel, onSend, onStep, onPulse }) {
  let music = null;
  let line = createTimeline(0, 0, 1);
  let [planned, sent, end] = [0, 0, Infinity];
  const out = createHandedOut();

  function plan(hit, place, now) {
    out.add(hit, place, place >= sent);
    onHit(hit, Math.max(now, line.timeAt(place)));
  }

  /** Whether its pass is played at all. */
  const isHeard = (hit) => hit.pass * music.steps < end;

  function planTo(to, now) {
    if (to <= planned) return;
    for (const hit of hits(music, planned, to)) {
      if (!out.has(hit.key) && isHeard(hit)) plan(hit, hit.when, now);
    }
    for (let at = Math.ceil(planned / 4) * 4; at < Math.min(to, end); at += 4) {
      onClick(Math.max(now, line.timeAt(at)), (at % music.steps) % 16 === 0);
    }
    planned = to;
  }

  function sendTo(to, now) {
    if (to <= sent) return;
    for (const { hit, place } of out.due(to)) onSend(hit, Math.max(now, line.timeAt(place)));
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

  /** Drop what was missed for good, as after a sleep. */
  function skipTo(oldest) {
    planned = Math.max(planned, oldest);
    sent = Math.max(sent, oldest);
    out.skipTo(oldest);
  }

  /** Take back what is not near; returns the keys of those hits. */
  function takeBack(now) {
    const cut = Math.min(planned, Math.max(sent, line.placeAt(now + KEEP)));
    const from = line.timeAt(cut);
    if (cut < planned) onCancel(from);
    planned = cut;
    return out.takeBack((place) => line.timeAt(place) >= from);
  }

  /** Play at once what was taken back and now lies before the cut. */
  function makeUp(owed, now) {
    for (const hit of hits(music, Math.max(0, planned - ACROSS), planned)) {
      if (owed.has(hit.key) && !out.has(hit.key) && isHeard(hit)) plan(hit, planned, now);
    }
  }

  /** Count steps in loops of another length. */
  function renumber(by) {
    if (!by) return;
    line.renumber(by);
    [planned, sent] = [planned + by, sent + by];
    out.renumber(by);
  }

  /** Take up a tempo at the cut. */
  function bend(rate, now) {
    if (rate !== line.rate) line.bend(Math.max(now, line.timeAt(planned)), rate);
  }

  /** Take back, change something, and make up for it. */
  function redo(now, how) {
    const owed = takeBack(now);
    how();
    makeUp(owed, now);
  }

  return {
    get music() {
      return music;
    },
    /** When what is final ends. */
    get saidUntil() {
      return line.timeAt(sent);
    },
    /**
     * @param {any} of the music @param {number} at the place to start from @param {number} time when
     * @param {number} rate in steps a second
     * @param {{looping: boolean, said: number}} how until when all is said, of what played before
     */
    begin(of, at, time, rate, { looping, said }) {
      music = of;
      line = createTimeline(at, time, rate);
      [planned, sent, end] = [at, Math.max(at, line.placeAt(said)), looping ? Infinity : of.steps];
      out.clear();
    },
    /** Hand out what is due. @param {number} now @param {{plan: number, send: number}} pace */
    advance(now, { plan: far, send: near }) {
      skipTo(line.placeAt(now - GRACE));
      planTo(line.placeAt(now + far), now);
      sendTo(Math.min(planned, line.placeAt(now + near)), now);
      line.prune(now);
    },
    /** Go on with other music from the cut. @param {any} next @param {number} now @param {number} rate */
    change(next, now, rate) {
      const before = music;
      music = next;
      if (sameSound(before, next)) return;
      const owed = takeBack(now);
      for (const hit of hits(before, planned, planned + ACROSS)) owed.add(hit.key);
      const by = next.steps === before.steps ? 0 : resized(planned, before.steps, next.steps);
      renumber(by);
      if (end < Infinity) end = endOf(planned, next.steps);
      bend(rate, now);
      makeUp(new Set([...owed].map((key) => key + by * V)), now);
    },
    setRate(rate, now) {
      if (rate !== line.rate) redo(now, () => bend(rate, now));
    },
    setLoop(on, now) {
      redo(now, () => (end = on ? Infinity : endOf(planned, music.steps)));
    },
    /** The clock went back. @param {number} by */
    goBack(by, now) {
      line.postpone(-by);
      redo(now, () => {});
    },
    replan: (now) => redo(now, () => {}),
    placeAt: (now) => line.placeAt(now),
    isOver: (now) => line.placeAt(now) >= end + 0.5,
  };
}
