/** Questions that may overtake each other: only the last one asked lays its answer. */

export function createTurns() {
  let asked = 0;
  /** Ask. @returns {() => boolean} whether nothing was asked since */
  return () => {
    const own = (asked += 1);
    return () => own === asked;
  };
}
