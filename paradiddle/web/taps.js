/**
 * Taps of one key, or of a pad, as a rhythm: how hard each 16th of a loop was struck.
 *
 * @typedef {{time: number, velocity?: number}} Tap time in seconds
 */

import { STEPS_PER_BAR, clamp } from "./pattern.js";

const PLAIN = 0.7; // a key does not say how hard it was pressed

/**
 * Taps while the loop plays.
 * @param {Tap[]} taps
 * @param {(time: number) => number} placeAt the place of a time, in steps
 * @param {number} [bars] 1 or 2
 * @returns {number[]} a velocity per 16th, 0 where there was no tap
 */
export function tapsOnGrid(taps, placeAt, bars = 2) {
  const steps = bars * STEPS_PER_BAR;
  const velocities = Array(steps).fill(0);
  for (const { time, velocity = PLAIN } of taps) {
    const step = ((Math.round(placeAt(time)) % steps) + steps) % steps;
    velocities[step] = Math.max(velocities[step], clamp(velocity, 0, 1));
  }
  return velocities;
}

/**
 * Taps without a clock: the first is beat one, and the tempo is that on whose 16ths they lie best.
 * @param {Tap[]} taps
 * @param {{qpm?: number, bars?: number}} [options] a tempo near which to look, and a length to force
 * @returns {{velocities: number[], qpm: number, bars: number}}
 */
export function tapsFree(taps, { qpm = 110, bars } = {}) {
  const sorted = [...taps].sort((a, b) => a.time - b.time);
  const first = sorted[0]?.time ?? 0;
  const tempo = tapTempoOf(sorted.map(({ time }) => time - first), qpm);
  const placeAt = (time) => ((time - first) * tempo) / 15;
  const end = Math.round(placeAt(sorted.at(-1)?.time ?? first));
  const length = bars ?? (end < STEPS_PER_BAR ? 1 : 2);
  const inside = sorted.filter(({ time }) => Math.round(placeAt(time)) < length * STEPS_PER_BAR);
  return { velocities: tapsOnGrid(inside, placeAt, length), qpm: tempo, bars: length };
}

/**
 * The tempo whose 16ths fit times best, near another where several do.
 * @param {number[]} times seconds from the first tap
 * @param {number} near
 */
function tapTempoOf(times, near) {
  if (times.length < 2) return near;
  let best = { qpm: near, score: Infinity };
  for (let qpm = 60; qpm <= 180; qpm += 0.5) {
    const score = misfit(times, qpm) + 0.02 * Math.abs(Math.log2(qpm / near));
    if (score < best.score) best = { qpm, score };
  }
  return best.qpm;
}

/** How far times lie from a tempo's 16ths, in seconds; off beats cost a little more. */
function misfit(times, qpm) {
  const step = 15 / qpm;
  const costs = times.map((time) => {
    const place = Math.round(time / step);
    const weight = place % 4 === 0 ? 0 : place % 2 === 0 ? 0.002 : 0.006;
    return Math.abs(time - place * step) + weight;
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / times.length;
}

/**
 * Tempo from taps on the beat, as of a tap-tempo button; null until it can be told.
 * @param {number[]} times seconds; a pause of two seconds starts anew
 */
export function beatTempo(times) {
  const start = times.findLastIndex((time, index) => index > 0 && time - (times[index - 1] ?? 0) > 2);
  const recent = times.slice(Math.max(0, start)).slice(-9);
  const span = (recent.at(-1) ?? 0) - (recent[0] ?? 0);
  if (recent.length < 2 || span <= 0) return null;
  return clamp(Math.round((600 * (recent.length - 1)) / span) / 10, 20, 300);
}
