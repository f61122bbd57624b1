import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "../../paradiddle/web/turns.js";

test("of several questions only the last one's answer counts, and of each counter its own", () => {
  const [ask, other] = [createTurns(), createTurns()];
  const first = ask();
  assert.equal(first(), true);
  const second = ask();
  other();
  assert.deepEqual([first(), second(), second()], [false, true, true]);
});
