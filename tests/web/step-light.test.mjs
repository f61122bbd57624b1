import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createStepLight } from "../../paradiddle/web/step-light.js";

let frames = new Map();
let last = 0;

beforeEach(() => {
  frames = new Map();
  globalThis.requestAnimationFrame = (call) => {
    frames.set((last += 1), call);
    return last;
  };
  globalThis.cancelAnimationFrame = (frame) => frames.delete(frame);
});
afterEach(() => {
  delete globalThis.requestAnimationFrame;
  delete globalThis.cancelAnimationFrame;
});

/** Paint once. */
function paint() {
  const calls = [...frames.values()];
  frames.clear();
  for (const call of calls) call();
}

/** A light whose time and switch are ours. */
function stage() {
  const world = { running: true, now: 0, shown: [] };
  world.light = createStepLight(() => world.running, () => world.now, (step) => world.shown.push(step));
  return world;
}

test("each step is shown when it sounds, and of several that are due the last", () => {
  const { light, shown } = stage();
  light.add(0, 0);
  light.add(1, 0);
  light.add(2, 1);
  light.start();
  paint();
  paint();
  assert.deepEqual(shown, [1]);
});

test("stopped and started within a frame, one loop goes on", () => {
  const world = stage();
  world.light.start();
  world.running = false;
  world.running = true;
  world.light.start();
  paint();
  assert.equal(frames.size, 1);
  world.running = false;
  paint();
  assert.equal(frames.size, 0);
});

test("of an hour in a hidden tab, the last steps are kept", () => {
  const world = stage();
  world.light.start();
  for (let step = 0; step < 30_000; step++) world.light.add(step, step);
  world.now = 29_900;
  paint();
  assert.deepEqual(world.shown, [], "older ones are gone");
  for (world.now = 29_940; world.now < 30_000; world.now++) paint();
  assert.deepEqual(world.shown, Array.from({ length: 60 }, (_, at) => 29_940 + at));
});
