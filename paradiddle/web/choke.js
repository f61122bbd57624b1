/**
 * Hi-hats silence each other as their pedal does.
 *
 * Sounds may be planned in any order and taken back, so that what chokes an open hat is found anew
 * whenever the sounds change.
 *
 * @typedef {{voice: number, time: number, chokedAt: number | null}} Sound
 */

const CLOSED = 2;
const OPEN = 3;

/**
 * When each open hi-hat is cut off: at the first later stroke on either hi-hat. A closed and an
 * open stroke at one instant are both meant.
 * @template {Sound} S
 * @param {Iterable<S>} sounds
 * @returns {[sound: S, at: number | null][]} those for which it has changed
 */
export function chokes(sounds) {
  const hats = [...sounds].filter(({ voice }) => voice === CLOSED || voice === OPEN);
  hats.sort((a, b) => a.time - b.time);
  const changed = [];
  hats.forEach((sound, index) => {
    if (sound.voice !== OPEN) return;
    const at = hats.slice(index + 1).find(({ time }) => time > sound.time)?.time ?? null;
    if (at !== sound.chokedAt) changed.push([sound, at]);
  });
  return changed;
}
