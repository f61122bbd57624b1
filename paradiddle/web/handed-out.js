/** Hits that have been handed out: by key, so that none is lost or doubled, and those not yet sent. */

import { V } from "./pattern.js";

const OLD = 8; // steps after which a hit is forgotten

export function createHandedOut() {
  /** @type {Map<number, number>} places of the hits of late, by key */
  let seen = new Map();
  /** @type {{hit: PlacedHit, place: number}[]} not yet sent */
  let waiting = [];

  return {
    has: (key) => seen.has(key),
    /** @param {boolean} toSend whether it is still to be sent */
    add(hit, place, toSend) {
      seen.set(hit.key, place);
      if (toSend) waiting.push({ hit, place });
    },
    /** What is to be sent before a place, in order; it waits no longer. */
    due(to) {
      const ready = waiting.filter(({ place }) => place < to).sort((a, b) => a.place - b.place);
      waiting = waiting.filter(({ place }) => place >= to);
      return ready;
    },
    /** Drop what was missed for good. @param {number} oldest place */
    skipTo(oldest) {
      waiting = waiting.filter(({ place }) => place >= oldest);
      for (const [key, place] of seen) if (place < oldest - OLD) seen.delete(key);
    },
    /** Take back some; returns their keys. @param {(place: number) => boolean} far */
    takeBack(far) {
      const owed = new Set([...seen].filter(([, place]) => far(place)).map(([key]) => key));
      for (const key of owed) seen.delete(key);
      waiting = waiting.filter(({ place }) => !far(place));
      return owed;
    },
    /** Count steps in loops of another length. */
    renumber(by) {
      waiting = waiting.map(({ hit, place }) => ({ hit, place: place + by }));
      seen = new Map([...seen].map(([key, place]) => [key + by * V, place + by]));
    },
    clear() {
      seen = new Map();
      waiting = [];
    },
  };
}
