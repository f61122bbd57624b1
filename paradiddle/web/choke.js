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

export const isHat = (voice) => voice === CLOSED || voice === OPEN;

/**
 * When each open hi-hat is cut off: at the first later stroke on either hi-hat. A closed and an
 * open stroke at one instant are both meant.
 * @template {Sound} S
 * @param {Iterable<S>} sounds
 * @returns {[sound: S, at: number | null][]} those for which it has changed
 */
export function chokes(sounds) {
  const hats = [...sounds].filter(({ voice }) => isHat(voice));
  const changed = [];
  let [here, later] = [null, null];
  for (const sound of hats.sort((a, b) => b.time - a.time)) {
    if (sound.time !== here) [here, later] = [sound.time, here];
    if (sound.voice === OPEN && later !== sound.chokedAt) changed.push([sound, later]);
  }
  return changed;
}
