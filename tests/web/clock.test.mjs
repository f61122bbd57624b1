import assert from "node:assert/strict";
import { test } from "node:test";
import { createClock } from "../../paradiddle/web/clock.js";
import * as edits from "../../paradiddle/web/edits.js";
import { cellAt, emptyDoc, makeDoc, V } from "../../paradiddle/web/pattern.js";
import { eventsBetween, fromEvents } from "../../paradiddle/web/schedule.js";
import { random, randomDoc, whole } from "./helpers.mjs";

const MS = 0.001;

/** A clock whose time and ticks are ours, with everything it has said and not taken back. */
function stage(options = {}) {
  const world = { now: 100, hits: [], sent: [], clicks: [], steps: [], pulses: [], cancels: 0, ended: 0, late: 0 };
  let tick = null;
  world.clock = createClock({
    getTime: () => world.now,
    ticker: (call) => {
      tick = call;
      return () => (tick = null);
    },
    onHit: (hit, time) => {
      if (time < world.now - 1e-9) world.late++;
      world.hits.push({ ...hit, time });
    },
    onCancel: (from) => {
      world.cancels++;
      world.hits = world.hits.filter(({ time }) => time < from || time <= world.now);
      world.clicks = world.clicks.filter(({ time }) => time < from || time <= world.now);
    },
    onSend: (hit, time) => world.sent.push({ ...hit, time, at: world.now }),
    onClick: (time, accent) => world.clicks.push({ time, accent }),
    onStep: (step, time) => world.steps.push({ step, time }),
    onPulse: (time) => world.pulses.push(time),
    onEnd: () => world.ended++,
    ...options,
  });
  world.tick = () => tick?.();
  /** Let time pass, ticking every so often. */
  world.pass = (seconds, every = () => 0.025) => {
    const until = world.now + seconds;
    while (world.now < until - 1e-9) {
      world.now = Math.min(until, world.now + every());
      tick?.();
    }
  };
  return world;
}

/** Where hits must be, worked out the slow way: every cell of every pass at one tempo. */
function expected(doc, start, until) {
  const found = [];
  const each = 60 / doc.qpm / 4;
  const solo = doc.soloed.includes(true);
  for (let pass = 0; start + pass * doc.steps * each < until + 1; pass++) {
    for (let step = 0; step < doc.steps; step++) {
      for (let voice = 0; voice < V; voice++) {
        const cell = cellAt(doc, step, voice);
        if (!cell || doc.muted[voice] || (solo && !doc.soloed[voice])) continue;
        const swung = step % 2 ? step - 1 + 2 * doc.swing : step;
        const place = Math.max(0, pass * doc.steps + swung + cell.offset);
        const time = start + place * each;
        if (time < until) found.push({ step, voice, velocity: cell.velocity, time });
      }
    }
  }
  return found;
}

const order = (a, b) => a.time - b.time || a.voice - b.voice || a.step - b.step;

/** The greatest distance of a hit from its place; none lost, none doubled. */
function compare(heard, wanted) {
  const [one, two] = [[...heard].sort(order), [...wanted].sort(order)];
  const name = ({ step, voice, velocity }) => `${step}/${voice}/${velocity}`;
  assert.equal(one.length, two.length, "as many hits as there should be");
  assert.deepEqual(one.map(name).sort(), two.map(name).sort());
  return one.reduce((worst, hit, at) => Math.max(worst, Math.abs(hit.time - two[at].time)), 0);
}

const upTo = (hits, until) => hits.filter(({ time }) => time < until);

/** Plays 64 bars, and returns the greatest error in seconds. */
function play64(doc, every, prepare = () => {}) {
  const world = stage();
  prepare(world);
  world.clock.start(doc, { delay: 0.06 });
  const start = world.now + 0.06;
  const bars = (64 * 240) / doc.qpm;
  world.pass(bars + 0.5, every);
  const until = start + bars;
  const worst = compare(upTo(world.hits, until), expected(doc, start, until));
  compare(upTo(world.sent, until), expected(doc, start, until));
  assert.equal(world.late, 0, "no hit was handed out after its time");
  return worst;
}

const calm = (doc, draw) => makeDoc({ ...doc, qpm: 60 + draw() * 140 });

test("64 bars, ticks on time: every hit within 1 ms", () => {
  const draw = random(20);
  for (let round = 0; round < 12; round++) {
    const worst = play64(calm(randomDoc(draw, { bars: 1 + (round % 8) }), draw), () => 0.025);
    assert.ok(worst < MS, `${worst} s`);
  }
});

test("64 bars, ticks that come when they like up to 110 ms: every hit within 1 ms", () => {
  const draw = random(21);
  for (let round = 0; round < 8; round++) {
    const worst = play64(calm(randomDoc(draw), draw), () => 0.001 + draw() * 0.109);
    assert.ok(worst < MS, `${worst} s`);
  }
});

test("64 bars in a hidden page, ticks delayed to a second: every hit within 1 ms", () => {
  const draw = random(22);
  for (let round = 0; round < 8; round++) {
    const hide = ({ clock }) => clock.setHidden(true);
    const worst = play64(calm(randomDoc(draw), draw), () => 0.9 + draw() * 0.15, hide);
    assert.ok(worst < MS, `${worst} s`);
  }
});

test("64 bars in a page that is seen, ticks a second apart: from the first hit on every one within 1 ms", () => {
  const draw = random(23);
  for (let round = 0; round < 8; round++) {
    const worst = playHeard(calm(randomDoc(draw), draw), () => 0.9 + draw() * 0.15);
    assert.ok(worst < MS, `${worst} s`);
  }
});

test("64 bars in a page that is seen, ticks a second apart at any time: every hit within 1 ms", () => {
  const draw = random(35);
  for (let round = 0; round < 4; round++) {
    const worst = playHeard(calm(randomDoc(draw), draw), () => (draw() < 0.02 ? 1 : 0.025));
    assert.ok(worst < MS, `${worst} s`);
  }
});

/** As `play64`, for what Web Audio is given; what is sent for good misses no more than the first late tick. */
function playHeard(doc, every) {
  const world = stage();
  world.clock.start(doc);
  const until = world.now + 0.06 + (64 * 240) / doc.qpm;
  world.pass(until - world.now + 0.5, every);
  assert.equal(world.late, 0);
  assert.ok(world.sent.every(({ time, at }) => time >= at));
  return compare(upTo(world.hits, until), expected(doc, 100.06, until));
}

test("what is sent for good, ticks a second apart: all after the first of them is in time", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(20, () => 1);
  const told = (hits) => upTo(hits, 120).filter(({ time }) => time >= 101);
  assert.ok(compare(told(world.sent), told(expected(doc, 100.06, 120))) < MS);
  world.clock.stop();
  world.sent = [];
  world.now = 122;
  world.clock.start(doc);
  world.pass(5, () => 1);
  assert.ok(compare(upTo(world.sent, 127), expected(doc, 122.06, 127)) < MS, "the next time it is known");
});

test("a first tick that comes late under load: what is sent for good is in time all the same", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(0.35, () => 0.35);
  world.pass(4.65);
  assert.ok(compare(upTo(world.sent, 105), expected(doc, 100.06, 105)) < MS);
  assert.ok(world.sent.every(({ time, at }) => time >= at) && world.pulses.every((time) => time >= 100));
});

test("a start elsewhere while it plays sends nothing into what was sent already", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(0.1);
  const [said, before] = [world.pulses.at(-1), world.sent.length];
  world.clock.start(doc, { at: 6.5, delay: 0 });
  world.pass(2);
  const later = world.sent.slice(before);
  assert.ok(later.length > 10 && later[0].time > said && later[0].time < said + 0.15);
  const steps = world.hits.filter(({ time }) => time > 100.1).map(({ step }) => step);
  assert.deepEqual(steps.slice(0, 4), [7, 8, 9, 10]);
});

test("what sounds otherwise is planned anew, each hit and click once", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(3);
  const [cancels, planned] = [world.cancels, world.hits.map(({ key }) => key)];
  world.clock.replan();
  assert.equal(world.cancels, cancels + 1);
  assert.deepEqual(world.hits.map(({ key }) => key), planned);
  world.pass(3);
  assert.ok(compare(upTo(world.hits, world.now), expected(doc, 100.06, world.now)) < MS);
  assert.equal(upTo(world.clicks, world.now).length, Math.ceil((world.now - 100.06) / 0.5));
});

test("hidden in the middle, then seen again: nothing lost or doubled", () => {
  const draw = random(24);
  const doc = calm(randomDoc(draw, { bars: 2, share: 0.4 }), draw);
  const world = stage();
  world.clock.start(doc);
  for (let turn = 0; turn < 6; turn++) {
    world.pass(3.3);
    world.clock.setHidden(true);
    world.pass(7.7, () => 1);
    world.clock.setHidden(false);
  }
  const until = world.now;
  assert.ok(compare(upTo(world.hits, until), expected(doc, 100.06, until)) < MS);
  assert.ok(compare(upTo(world.sent, until), expected(doc, 100.06, until)) < MS);
  assert.equal(world.late, 0);
});

test("what can be taken back is planned further ahead than timers are delayed, what is final is not", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  const aheadOf = (list) => Math.max(...list.map((one) => one.time ?? one)) - world.now;
  assert.ok(aheadOf(world.hits) > 1.4 && aheadOf(world.sent) <= 0.4);
  world.pass(0.15, () => 0.15); // a Worker that takes its time to begin
  world.pass(1);
  assert.ok(aheadOf(world.hits) > 1.4 && aheadOf(world.hits) <= 1.61);
  assert.ok(aheadOf(world.sent) <= 0.061 && aheadOf(world.pulses) <= 0.061);
  assert.ok(world.sent.slice(8).every(({ time, at }) => time - at <= 0.061 && time >= at));
  world.pass(0.08, () => 0.08);
  assert.ok(aheadOf(world.sent) <= 0.121 && aheadOf(world.pulses) <= 0.121);
});

test("a sleep: no burst of old hits, and on at the right place", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(4);
  const [heard, sent] = [world.hits.length, world.sent.length];
  world.now += 3600;
  world.tick();
  const fresh = upTo(world.hits.slice(heard), world.now + 0.001);
  assert.ok(fresh.length <= 1, `${fresh.length} at once`);
  assert.ok(upTo(world.sent.slice(sent), world.now + 0.001).length <= 1);
  const woken = world.now;
  world.pass(10);
  const after = (hits) => hits.filter(({ time }) => time > woken + 0.01 && time < world.now);
  const wanted = after(expected(doc, 100.06, world.now));
  assert.ok(compare(after(world.hits), wanted) < MS);
  assert.ok(compare(after(world.sent), wanted) < MS);
  assert.ok(Math.abs(world.clock.position() - (((world.now - 100.06) / 0.125) % 16)) < 1e-6);
});

test("a clock that goes back: it plays on from where it was", () => {
  const doc = edits.setHit(emptyDoc(1), 0, 0);
  const world = stage();
  world.clock.start(doc);
  world.pass(3);
  const position = world.clock.position();
  world.now -= 90;
  world.tick();
  assert.ok(Math.abs(world.clock.position() - position) < 1e-6);
  world.hits = [];
  const resumed = world.now;
  world.pass(20);
  const times = upTo(world.hits, world.now).map(({ time }) => time - resumed);
  assert.ok(times.length >= 9 && times[0] > 0);
  times.slice(1).forEach((time, at) => assert.ok(Math.abs(time - times[at] - 2) < MS));
});

test("tempo changes: the beat bends and nothing is lost or doubled", () => {
  const draw = random(25);
  for (let round = 0; round < 10; round++) {
    let doc = makeDoc({ ...randomDoc(draw, { bars: 2, share: 0.3 }), swing: 0.5 + draw() / 4, qpm: 120 });
    const world = stage();
    world.clock.start(doc);
    const changes = [{ time: 100.06, qpm: 120, place: 0 }];
    for (let turn = 0; turn < 40; turn++) {
      world.pass(draw() * 1.2);
      const qpm = 40 + draw() * 200;
      doc = edits.setQpm(doc, qpm);
      world.clock.setDoc(doc);
    }
    world.pass(2);
    // without the times: as many passes as there were places, each hit of each pass once
    const keys = world.sent.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
    const last = Math.max(...world.sent.map(({ when }) => when));
    const all = expected(makeDoc({ ...doc, qpm: 15 }), 0, last + 1e-9);
    assert.equal(world.sent.length, all.length, `${changes.length}`);
    assert.deepEqual(
      upTo(world.hits, world.now).map(({ key }) => key),
      world.sent.filter(({ time }) => time < world.now).map(({ key }) => key),
    );
  }
});

test("a new tempo holds from 60 ms after the change", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(2);
  const change = world.now + 0.06;
  world.clock.setDoc(edits.setQpm(doc, 60));
  world.pass(4);
  const place = (change - 100.06) / 0.125;
  for (const { when, time } of world.hits) {
    const wanted = when < place ? 100.06 + when * 0.125 : change + (when - place) * 0.25;
    assert.ok(Math.abs(time - wanted) < MS);
  }
});

test("an edit is heard at its next place, and what it took away is not", () => {
  const doc = edits.setHit(emptyDoc(1), 8, 0);
  const world = stage();
  world.clock.start(doc);
  world.pass(0.06 + 7 * 0.125); // a 16th before the hit
  world.clock.setDoc(edits.setHit(edits.clearHit(doc, 8, 0), 9, 1));
  world.pass(1);
  assert.deepEqual(upTo(world.hits, world.now).map(({ step, voice }) => [step, voice]), [[9, 1]]);
  assert.deepEqual(world.sent.map(({ step, voice }) => [step, voice]), [[9, 1]]);
});

/** An edit that keeps the loop's length, of the kinds that move or change hits. */
function moving(draw) {
  const [step, voice, size] = [whole(draw, 32), whole(draw, 9), draw()];
  const kinds = [
    (doc) => edits.nudge(doc, step, voice, size - 0.5),
    (doc) => edits.setSwing(doc, 0.5 + size / 4),
    (doc) => edits.setVelocity(doc, step, voice, size),
    (doc) => edits.setQpm(doc, 60 + size * 150),
    (doc) => edits.setSplit(doc, step),
  ];
  return kinds[whole(draw, kinds.length)];
}

test("hits that are nudged, swung and sped up as they play: each once a pass", () => {
  const draw = random(26);
  for (let round = 0; round < 12; round++) {
    let doc = randomDoc(draw, { bars: 2, share: 0.5 });
    const none = Array(V).fill(false);
    doc = makeDoc({ ...doc, qpm: 120, muted: none, soloed: none, locked: none });
    const world = stage();
    world.clock.start(doc);
    for (let turn = 0; turn < 250; turn++) {
      world.pass(draw() * 0.2);
      doc = moving(draw)(doc);
      world.clock.setDoc(doc);
    }
    const keys = world.sent.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length, "none doubled");
    const reached = Math.floor(Math.min(...world.sent.slice(-20).map(({ when }) => when))) - 2;
    const cells = doc.cells.flatMap((cell, index) => (cell ? [index] : []));
    const wanted = [];
    for (let pass = 0; pass * 32 < reached; pass++) {
      for (const index of cells) {
        const at = pass * 32 + Math.floor(index / V);
        if (at < reached) wanted.push(at * V + (index % V));
      }
    }
    const had = new Set(keys);
    assert.deepEqual(wanted.filter((key) => !had.has(key)), [], "none lost");
    const heard = new Set(world.hits.map(({ key }) => key));
    assert.ok(keys.every((key) => heard.has(key)));
    assert.equal(heard.size, world.hits.length);
  }
});

test("edits while much has been sent ahead for good double nothing", () => {
  const draw = random(33);
  const none = Array(V).fill(false);
  let doc = makeDoc({ ...randomDoc(draw, { bars: 2, share: 0.5 }), qpm: 120, muted: none, soloed: none });
  const world = stage();
  world.clock.setHidden(true);
  world.clock.start(doc);
  for (let turn = 0; turn < 60; turn++) {
    world.pass(draw() * 0.7, () => 0.2);
    doc = moving(draw)(doc);
    world.clock.setDoc(doc);
  }
  for (const list of [world.sent, world.hits]) {
    assert.ok(list.length > 300);
    assert.equal(new Set(list.map(({ key }) => key)).size, list.length);
  }
});

test("ticks that come in bursts after a second of silence: every hit within 1 ms", () => {
  const draw = random(34);
  for (let round = 0; round < 4; round++) {
    let at = 0;
    const worst = playHeard(calm(randomDoc(draw, { share: 0.4 }), draw), () => (at++ % 40 ? 0.0005 : 0.98));
    assert.ok(worst < MS, `${worst} s`);
  }
});

test("a hit nudged across the cut as the loop changes its length is played once", () => {
  for (const bars of [1, 3, 4]) {
    for (let early = 0.02; early < 0.12; early += 0.005) {
      for (const nudge of [-0.8, 0.8]) {
        const doc = edits.setHit(emptyDoc(2), 9, 0, { offset: nudge < 0 ? 0.4 : -0.4 });
        const world = stage();
        world.clock.start(doc);
        const place = 64 + 9 + (nudge < 0 ? 0.4 : -0.4); // in the third pass
        world.pass(0.06 + place * 0.125 - early);
        world.clock.setDoc(edits.setBars(edits.nudge(doc, 9, 0, nudge), bars));
        world.pass(0.5);
        assert.equal(upTo(world.hits, world.now).length, 3, `${bars} bars, ${early} s, ${nudge}`);
        assert.equal(upTo(world.sent, world.now).length, 3, `sent: ${bars} bars, ${early} s, ${nudge}`);
      }
    }
  }
});

test("an edit in the very moment of another loses nothing", () => {
  const doc = edits.setHit(emptyDoc(1), 1, 0, { offset: 0.4 });
  const world = stage();
  world.clock.start(doc);
  world.pass(0.06 + 0.125 * 0.6); // the cut lies between step 1 and its late hit
  world.clock.setDoc(edits.nudge(doc, 1, 0, -0.8));
  world.clock.setDoc(edits.nudge(doc, 1, 0, -0.7));
  world.pass(1);
  assert.equal(world.sent.length, 1);
  assert.equal(upTo(world.hits, world.now).length, 1);
});

test("a loop of another length goes on in its beat", () => {
  const draw = random(27);
  for (let round = 0; round < 60; round++) {
    let doc = edits.paint(emptyDoc(1 + whole(draw, 8)), Array.from({ length: 128 }, (_, step) => [step, 0]), true);
    doc = edits.setBars(doc, doc.steps / 16);
    const world = stage();
    world.clock.start(doc);
    for (let turn = 0; turn < 6; turn++) {
      world.pass(0.3 + draw() * 6);
      const bars = 1 + whole(draw, 8);
      doc = edits.paint(edits.setBars(doc, bars), Array.from({ length: bars * 16 }, (_, step) => [step, 0]), true);
      world.clock.setDoc(doc);
      assert.ok(world.clock.position() < doc.steps);
    }
    world.pass(2);
    const heard = upTo(world.hits, world.now).sort(order);
    heard.forEach(({ time, step }, at) => {
      assert.ok(Math.abs(time - (100.06 + at * 0.125)) < MS, `hit ${at}`);
      assert.equal(step % 16, at % 16);
    });
    assert.equal(world.sent.filter(({ time }) => time < world.now).length, heard.length);
    assert.equal(heard.length, Math.ceil((world.now - 100.06) / 0.125));
  }
});

test("edits of a loop's length and hits together never double a cell's moment", () => {
  const draw = random(28);
  let doc = makeDoc({ ...randomDoc(draw, { bars: 2, share: 0.6 }), qpm: 140 });
  const world = stage();
  world.clock.start(() => doc);
  for (let turn = 0; turn < 300; turn++) {
    world.pass(draw() * 0.3);
    doc = draw() < 0.3 ? edits.setBars(doc, 1 + whole(draw, 8)) : moving(draw)(doc);
  }
  const moments = upTo(world.hits, world.now).map(({ voice, step, time }) => [voice, step, time]);
  const last = new Map();
  for (const [voice, step, time] of moments.sort((a, b) => a[2] - b[2])) {
    const before = last.get(`${voice}/${step}`) ?? -Infinity;
    assert.ok(time - before > 16 * 0.06, `${voice}/${step} again after ${time - before} s`);
    last.set(`${voice}/${step}`, time);
  }
});

test("muting takes effect ahead, and an arrow that moves disturbs nothing", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  world.clock.start(doc);
  world.pass(2);
  const { cancels } = world;
  world.clock.setDoc(edits.setSplit(doc, 3));
  world.clock.setDoc(edits.setLocked(doc, 3, true));
  assert.equal(world.cancels, cancels);
  world.clock.setDoc(edits.setMuted(doc, 0, true));
  const muted = world.now;
  world.pass(2);
  assert.ok(world.hits.every(({ time }) => time <= muted + 0.061));
});

test("stop takes back what is ahead, and it starts anew or from a place", () => {
  const doc = edits.paint(emptyDoc(1), Array.from({ length: 16 }, (_, step) => [step, 0]), true);
  const world = stage();
  assert.deepEqual([world.clock.running, world.clock.position()], [false, 0]);
  world.clock.start(doc);
  world.pass(1);
  assert.ok(Math.abs(world.clock.position() - 0.94 / 0.125) < 1e-6);
  world.clock.stop();
  assert.ok(world.hits.every(({ time }) => time <= world.now));
  assert.deepEqual([world.clock.running, world.clock.position()], [false, 0]);
  world.clock.stop();
  world.hits = [];
  world.clock.start(doc, { at: 4 });
  assert.equal(world.hits[0].step, 4);
});

test("without loop it plays once, to its last hit, and says that it is over", () => {
  const doc = edits.setHit(edits.setHit(emptyDoc(1), 15, 0, { offset: 0.49 }), 0, 1, { offset: -0.4 });
  const world = stage();
  world.clock.setLoop(false);
  world.clock.start(edits.setSwing(doc, 0.75));
  world.pass(4);
  assert.deepEqual(world.hits.map(({ step }) => step), [0, 15]);
  assert.deepEqual([world.ended, world.clock.running], [1, false]);
  assert.equal(world.clicks.length, 4);
  assert.equal(world.pulses.length, 96);
  assert.equal(world.steps.length, 16);
  world.clock.setLoop(true);
  world.clock.start(doc);
  world.pass(4);
  world.clock.setLoop(false);
  world.pass(3);
  assert.equal(world.ended, 2);
  assert.equal(world.hits.slice(2).filter(({ step }) => step === 15).length, 2 + 1);
});

test("steps, clicks and pulses: each once, in time, whatever is edited", () => {
  let doc = randomDoc(random(29), { bars: 2 });
  doc = makeDoc({ ...doc, qpm: 100, swing: 0.5 });
  const world = stage();
  const draw = random(30);
  world.clock.start(() => doc);
  for (let turn = 0; turn < 200; turn++) {
    world.pass(0.1);
    doc = edits.toggle(doc, whole(draw, 32), whole(draw, 9));
  }
  const each = 60 / 100 / 4;
  upTo(world.steps, world.now).forEach(({ step, time }, at) => {
    assert.equal(step, at % 32);
    assert.ok(Math.abs(time - (100.06 + at * each)) < MS);
  });
  world.pulses.forEach((time, at) => assert.ok(Math.abs(time - (100.06 + (at * each) / 6)) < MS));
  world.clicks.forEach(({ time, accent }, at) => {
    assert.ok(Math.abs(time - (100.06 + at * 4 * each)) < MS);
    assert.equal(accent, at % 4 === 0);
  });
  assert.ok(world.pulses.length >= 19.9 / (each / 6) && world.clicks.length >= 33);
});

test("another's tempo is followed until it lets go", () => {
  const doc = edits.setHit(emptyDoc(1), 0, 0);
  const world = stage();
  world.clock.setTempo(240);
  world.clock.start(doc);
  world.pass(4.06);
  assert.equal(upTo(world.hits, world.now).length, 4);
  world.clock.setTempo(null);
  world.hits = [];
  world.pass(4);
  assert.equal(upTo(world.hits, world.now).length, 2);
});

test("the drummer's notes are played by the same clock, also in a background tab", () => {
  const draw = random(31);
  const ticks = Array.from({ length: 1000 }, () => whole(draw, 240));
  const voices = ticks.map(() => whole(draw, 9));
  const events = { ticks, voices, velocities: ticks.map(() => draw()), qpm: 117, ticks_per_quarter: 480 };
  const world = stage({ hits: eventsBetween });
  world.clock.setLoop(false);
  world.clock.setHidden(true);
  world.clock.start(fromEvents(events));
  world.pass(200, () => 1);
  assert.deepEqual([world.hits.length, world.sent.length, world.ended], [1000, 1000, 1]);
  let tick = 0;
  world.hits.forEach(({ time, step, voice }, at) => {
    tick += ticks[at];
    assert.deepEqual([step, voice], [at, voices[at]]);
    assert.ok(Math.abs(time - (100.06 + (tick / 480) * (60 / 117))) < MS);
  });
});

test("without the loop, a hit of the next pass that is nudged across the cut is not played", () => {
  for (let early = 0; early < 8; early++) {
    const doc = edits.setQpm(edits.setHit(edits.setHit(emptyDoc(1), 0, 0), 8, 0), 60);
    const world = stage();
    world.clock.setLoop(false);
    world.clock.start(doc);
    world.pass(0.06 + (15.3 + early / 20) * 0.25 - 0.06);
    world.clock.setDoc(edits.nudge(doc, 0, 0, -0.5));
    world.pass(2);
    assert.deepEqual(world.hits.map(({ step }) => step), [0, 8]);
    assert.deepEqual(world.sent.map(({ step }) => step), [0, 8]);
    assert.equal(world.ended, 1);
  }
});
