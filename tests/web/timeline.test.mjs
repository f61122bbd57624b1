import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeline } from "../../paradiddle/web/timeline.js";

/** From place 4 at 10 s on: 8 steps a second, from 12 s on 4, from 13 s on 16. */
function bent() {
  const line = createTimeline(4, 10, 8);
  line.bend(12, 4);
  line.bend(13, 16);
  return line;
}

const near = (one, two) => assert.ok(Math.abs(one - two) < 1e-9, `${one}, not ${two}`);

test("places and times follow every bend, ahead and back", () => {
  const line = bent();
  for (const [time, place] of [[9, -4], [10, 4], [11, 12], [12, 20], [12.5, 22], [13, 24], [14, 40]]) {
    near(line.placeAt(time), place);
    near(line.timeAt(place), time);
  }
  assert.equal(line.rate, 16);
});

test("what lies behind is forgotten only once it does", () => {
  const line = bent();
  line.prune(12.9);
  near(line.placeAt(12), 20);
  line.prune(13);
  near(line.placeAt(12), 8);
});

test("places and times can be counted from elsewhere, before the bends too", () => {
  const line = bent();
  line.renumber(16);
  near(line.placeAt(11), 28);
  near(line.placeAt(14), 56);
  line.postpone(-5);
  near(line.placeAt(6), 28);
  near(line.timeAt(56), 9);
});
