import assert from "node:assert/strict";
import { test } from "node:test";
import { createStatus } from "../../paradiddle/web/status.js";

const settle = () => new Promise((done) => setImmediate(done));
const classList = { add() {}, remove() {}, toggle() {} };

/** A status line and its banner, a server that answers as told, and time that passes when told. */
function createPage(t, health) {
  const elements = { status: { classList }, offline: { hidden: true } };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = { getElementById: (id) => elements[id], body: { classList }, addEventListener() {} };
  globalThis.window = { setTimeout: (...of) => setTimeout(...of), addEventListener() {} };
  const asked = t.mock.fn(health);
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    await settle();
  };
  return { ...elements, asked, pass, status: createStatus({ health: asked }) };
}

const gone = async () => {
  throw Object.assign(new Error("gone"), { offline: true });
};

test("while a question waits the health is looked at soon, and the banner tells of a server that is away", async (t) => {
  const { status, asked, offline, pass } = createPage(t, gone);
  let answer = () => {};
  const waiting = status.ask("Generate …", () => new Promise((done) => (answer = done)));
  await pass(2_900);
  assert.deepEqual([asked.mock.callCount(), offline.hidden], [0, true]);
  await pass(200);
  assert.deepEqual([asked.mock.callCount(), offline.hidden], [1, false]);
  answer("late");
  assert.equal(await waiting, "late");
  assert.equal(offline.hidden, true);
});

test("it is looked at again and again for as long as the question waits, and seldom otherwise", async (t) => {
  const { status, asked, pass } = createPage(t, async () => ({}));
  let answer = () => {};
  const waiting = status.ask("Generate …", () => new Promise((done) => (answer = done)));
  for (let second = 0; second < 9; second++) await pass(1_000);
  assert.equal(asked.mock.callCount(), 4);
  answer(1);
  await waiting;
  await pass(14_900);
  assert.equal(asked.mock.callCount(), 4);
  await pass(200);
  assert.equal(asked.mock.callCount(), 5);
});
