/**
 * Time to place and back, through changes of tempo.
 *
 * A piece is a straight stretch of the line: from `time` on, `rate` steps a second from `place`.
 * Each knows the one before it, because a change is made a little ahead of the present.
 *
 * @typedef {{place: number, time: number, rate: number, before: Piece | null}} Piece
 */

export function createTimeline(place, time, rate) {
  let piece = { place, time, rate, before: null };

  function each(change) {
    for (let at = piece; at; at = at.before) change(at);
  }

  return {
    get rate() {
      return piece.rate;
    },
    placeAt(when) {
      let at = piece;
      while (when < at.time && at.before) at = at.before;
      return at.place + (when - at.time) * at.rate;
    },
    /** When a place is reached. @param {number} where */
    timeAt(where) {
      let at = piece;
      while (where < at.place && at.before) at = at.before;
      return at.time + (where - at.place) / at.rate;
    },
    /** Go on at another rate from a time on. @param {number} when @param {number} next */
    bend(when, next) {
      piece = { place: this.placeAt(when), time: when, rate: next, before: piece };
    },
    /** Forget what lies behind. @param {number} now */
    prune(now) {
      if (now >= piece.time) piece.before = null;
    },
    /** Count places from elsewhere. @param {number} by */
    renumber(by) {
      each((at) => (at.place += by));
    },
    /** Count time from elsewhere. @param {number} by */
    postpone(by) {
      each((at) => (at.time += by));
    },
  };
}
