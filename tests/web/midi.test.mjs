import assert from "node:assert/strict";
import { test } from "node:test";
import { createMidi, KIT_MAPS } from "../../paradiddle/web/midi.js";
import { follow } from "../../paradiddle/web/midi-follow.js";
import { apart, createTempo, steered } from "../../paradiddle/web/midi-tempo.js";
import { createSoundTime } from "../../paradiddle/web/sound-time.js";
import { random } from "./helpers.mjs";

/** A machine with MIDI ports that can be plugged and unplugged. */
function studio() {
  const world = { now: 1000 };
  const port = (id) => ({ id, name: `Port ${id}`, state: "connected" });
  const output = (id) => {
    const made = { ...port(id), log: [] };
    made.send = (bytes, time) => made.log.push({ bytes: [...bytes], time });
    return made;
  };
  world.a = output("a");
  world.b = output("b");
  world.pad = port("pad");
  world.access = {
    outputs: new Map([["a", world.a], ["b", world.b]]),
    inputs: new Map([["pad", world.pad]]),
  };
  world.midi = createMidi(async () => world.access, () => world.now);
  world.hear = (bytes, time) => world.pad.onmidimessage({ data: Uint8Array.from(bytes), timeStamp: time });
  return world;
}

async function connected() {
  const world = studio();
  await world.midi.connect();
  world.midi.selectOutput("a");
  world.midi.selectInput("pad");
  return world;
}

const bytesOf = ({ log }) => log.map(({ bytes }) => bytes);

/** Notes that sound once everything sent has been played in order of time. */
function stuck({ log }) {
  const sounding = new Set();
  for (const { bytes: [status, pitch] } of [...log].sort((x, y) => x.time - y.time)) {
    if ((status & 0xf0) === 0x90) sounding.add(`${status & 15}/${pitch}`);
    if ((status & 0xf0) === 0x80) sounding.delete(`${status & 15}/${pitch}`);
  }
  return [...sounding];
}

test("without Web MIDI, and when it is refused, one clear line says so", async () => {
  await assert.rejects(createMidi(undefined).connect(), /^Error: this browser has no Web MIDI[^\n]*$/);
  const refused = createMidi(async () => { throw new DOMException("x", "SecurityError"); });
  await assert.rejects(refused.connect(), /^Error: MIDI was refused; allow it[^\n]*$/);
  assert.deepEqual(refused.outputs(), []);
  refused.play(0, 1);
  refused.allNotesOff();
});

test("ports are listed by name, and nothing is sent before one is chosen", async () => {
  const { midi, a } = studio();
  assert.deepEqual(midi.outputs(), []);
  await midi.connect();
  assert.deepEqual(midi.outputs(), [{ id: "a", name: "Port a" }, { id: "b", name: "Port b" }]);
  assert.deepEqual(midi.inputs(), [{ id: "pad", name: "Port pad" }]);
  midi.play(0, 1);
  assert.deepEqual([a.log, midi.output], [[], null]);
});

test("a hit is a note-on with its note-off, on the channel and pitch chosen", async () => {
  const { midi, a } = await connected();
  a.log.length = 0;
  midi.play(1, 0.5, 1200, 40);
  midi.channel = 2;
  midi.notes = [...KIT_MAPS["yamaha-dtx"]];
  midi.play(4, 0, 1300, 40);
  assert.deepEqual(a.log, [
    { bytes: [0x99, 38, 64], time: 1200 },
    { bytes: [0x89, 38, 0], time: 1240 },
    { bytes: [0x91, 43, 1], time: 1300 },
    { bytes: [0x81, 43, 0], time: 1340 },
  ]);
});

test("all notes off: explicit offs and CC 123, also after what was sent ahead", async () => {
  const { midi, a } = await connected();
  midi.play(0, 1, 1500, 60);
  a.log.length = 0;
  midi.allNotesOff();
  assert.deepEqual(a.log, [
    { bytes: [0x89, 36, 0], time: 1000 },
    { bytes: [0xb9, 123, 0], time: 1000 },
    { bytes: [0x89, 36, 0], time: 1561 },
    { bytes: [0xb9, 123, 0], time: 1561 },
  ]);
});

test("all notes off waits for the last note, in whatever order they were sent", async () => {
  const { midi, a } = await connected();
  midi.play(0, 1, 1500, 60);
  midi.play(0, 1, 1100, 60);
  midi.allNotesOff();
  assert.deepEqual(a.log.at(-1), { bytes: [0xb9, 123, 0], time: 1561 });
});

test("whatever is played and whenever it stops, no note hangs", async () => {
  const draw = random(40);
  for (let round = 0; round < 50; round++) {
    const world = await connected();
    for (let note = 0; note < 60; note++) {
      world.now += draw() * 30;
      world.midi.channel = 1 + Math.floor(draw() * 16);
      world.midi.play(Math.floor(draw() * 9), draw(), world.now + draw() * 90 - 20, draw() * 100);
      if (draw() < 0.05) world.midi.selectOutput(draw() < 0.5 ? "b" : "a");
    }
    world.midi.allNotesOff();
    assert.deepEqual([...stuck(world.a), ...stuck(world.b)], []);
  }
});

test("changing the output silences the old one and ends its clock", async () => {
  const { midi, a, b } = await connected();
  midi.sendsClock = true;
  midi.clockStart(1000);
  midi.play(0, 1, 1000, 500);
  midi.selectOutput("b");
  assert.ok(bytesOf(a).some(([status, control]) => status === 0xb9 && control === 123));
  assert.ok(bytesOf(a).some(([status]) => status === 0xfc));
  midi.play(0, 1, 1100);
  assert.equal(bytesOf(b).filter(([status]) => status === 0x99).length, 1);
});

test("an output may vanish and come back, even between two messages", async () => {
  const { midi, a, access } = await connected();
  let changes = 0;
  midi.onchange = () => changes++;
  a.state = "disconnected";
  access.onstatechange();
  assert.deepEqual([midi.output, midi.outputs().length, changes], [null, 1, 1]);
  midi.play(0, 1);
  a.state = "connected";
  access.onstatechange();
  assert.equal(midi.output, "a");
  a.send = () => { throw new DOMException("gone", "InvalidStateError"); };
  midi.play(0, 1);
  midi.allNotesOff();
});

test("clock out: start, pulses and stop, only when it is wanted", async () => {
  const { midi, a } = await connected();
  a.log.length = 0;
  midi.clockStart(1);
  midi.clockPulse(2);
  midi.clockStop(4);
  assert.deepEqual(a.log, []);
  midi.sendsClock = true;
  midi.clockStart(10);
  midi.clockPulse(11);
  midi.clockStop(12);
  midi.clockStop(13);
  assert.deepEqual(a.log, [
    { bytes: [0xfa], time: 10 },
    { bytes: [0xf8], time: 11 },
    { bytes: [0xfc], time: 12 },
  ]);
});

/** Normal deviates, by Box and Muller. */
const normal = (draw) => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

test("a steady clock with 2 ms of jitter is known within half a per cent", () => {
  const draw = random(41);
  for (const qpm of [60, 97.3, 120, 174, 240]) {
    const tempo = createTempo();
    const each = 2500 / qpm;
    let worst = 0;
    for (let pulse = 0; pulse < 2000; pulse++) {
      tempo.pulse(5000 + pulse * each + 2 * normal(draw));
      if (pulse >= 96) worst = Math.max(worst, Math.abs(tempo.qpm / qpm - 1));
    }
    assert.ok(worst < 0.005, `${qpm} qpm: ${(worst * 100).toFixed(3)} %`);
  }
});

test("another tempo is followed within a second, and a pause starts anew", () => {
  const draw = random(42);
  const tempo = createTempo();
  let time = 0;
  const run = (qpm, pulses) => {
    for (let pulse = 0; pulse < pulses; pulse++) {
      tempo.pulse((time += 2500 / qpm) + draw() * 2);
    }
    return tempo.qpm;
  };
  assert.ok(Math.abs(run(120, 200) / 120 - 1) < 0.005);
  assert.ok(Math.abs(run(160, 64) / 160 - 1) < 0.01);
  assert.ok(Math.abs(run(90, 36) / 90 - 1) < 0.02);
  time += 5000;
  run(90, 5);
  assert.equal(tempo.qpm, null);
});

/** Pulses at a tempo, from a time on; returns when the next would come. */
function pulses(hear, from, count, qpm = 120) {
  for (let pulse = 0; pulse < count; pulse++) hear([0xf8], from + (pulse * 2500) / qpm);
  return from + (count * 2500) / qpm;
}

/** What a clock tells its followers. */
async function followed() {
  const world = await connected();
  world.events = [];
  world.leave = world.midi.follow((event) => world.events.push(event));
  world.types = () => world.events.splice(0).map(({ type }) => type);
  return world;
}

test("clock in: start at the first pulse, tempo with the place in the song, stop, position and continue", async () => {
  const { hear, events, leave } = await followed();
  hear([0xfa], 2000);
  assert.equal(events.length, 0);
  pulses(hear, 2010, 48);
  hear([0xfc], 3020);
  hear([0xf2, 44, 2], 3100);
  hear([0xfb], 3200);
  hear([0xf8], 3210);
  leave();
  hear([0xfa], 3300);
  hear([0xf8], 3310);
  hear([0xfc], 3320);
  assert.deepEqual(events.map(({ type }) => type), [
    "start", "tempo", "tempo", "tempo", "tempo", "tempo", "tempo", "stop", "position", "continue",
  ]);
  assert.deepEqual([events[0].time, events[0].steps], [2010, 0]);
  assert.deepEqual(events.slice(1, 4).map(({ steps }) => steps), [2, 3, 4]);
  assert.ok(events.slice(1, 7).every(({ qpm }) => Math.abs(qpm - 120) < 0.01));
  assert.deepEqual(events.slice(-2).map(({ steps }) => steps), [300, 300]);
});

test("pulses steer nobody before the start nor after the stop, but tell the tempo of the start", async () => {
  const { hear, events, types } = await followed();
  const next = pulses(hear, 2000, 100, 150);
  assert.deepEqual(types(), []);
  hear([0xfa], next - 5);
  hear([0xf8], next);
  assert.ok(Math.abs(events[0].qpm - 150) < 0.01);
  hear([0xfc], next + 5);
  assert.deepEqual(types(), ["start", "stop"]);
  pulses(hear, next + 16.7, 100, 150);
  assert.deepEqual(types(), []);
});

test("a clock that ends is lost after a second, also with its port, and goes on where it was", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { midi, hear, types, events } = await followed();
  hear([0xfa], 2000);
  pulses(hear, 2010, 20);
  types();
  t.mock.timers.tick(990);
  assert.deepEqual(types(), []);
  t.mock.timers.tick(20);
  assert.deepEqual(types(), ["lost"]);
  pulses(hear, 9000, 17);
  assert.equal(events.at(-1).steps, 6);
  types();
  midi.selectInput(null);
  t.mock.timers.tick(5000);
  assert.deepEqual(types(), ["lost"]);
});

/** A page that follows: what it was told to do. */
function page({ qpm = 100, steps = 32 } = {}) {
  const world = { place: 0, running: false, done: [] };
  const note = (name) => (value) => world.done.push([name, value]);
  follow({
    player: {
      clock: { position: (time) => world.place + time, get running() { return world.running; } },
      midi: { follow: (tell) => (world.tell = tell) },
      heardAt: (ms) => ms / 1000,
      play: note("play"),
      stop: () => world.done.push(["stop"]),
    },
    store: { doc: { qpm, steps } },
    status: { say: () => {} },
    toolbar: { showHeard: note("shows") },
  }, { follow: note("tempo") });
  world.hear = (type, qpm, steps = 0, time = 0) => {
    world.tell({ type, qpm, steps, time });
    return world.done.splice(0);
  };
  return world;
}

test("following: a start plays at its place and moment, an end gives the tempo back", () => {
  const world = page();
  assert.deepEqual(world.hear("start", 120, 0, 5000), [["shows", 120], ["tempo", 120], ["play", { at: 0, when: 5000 }]]);
  assert.deepEqual(world.hear("continue", null, 44, 5000).at(-1), ["play", { at: 44, when: 5000 }]);
  assert.deepEqual(world.hear("lost", 120), [["shows", null], ["tempo", null]]);
  assert.deepEqual(world.hear("stop", 120), [["shows", null], ["tempo", null], ["stop"]]);
  assert.deepEqual(world.hear("position", 120), []);
});

test("following: nearby it steers, by what is heard at the pulse; far away it jumps", () => {
  const world = page();
  world.running = true;
  world.place = 5.9; // and .3 more at the time of the pulse
  const [, [, played]] = world.hear("tempo", 120, 6, 300);
  assert.ok(Math.abs(played - steered(120, 0.2)) < 1e-9);
  assert.equal(world.hear("tempo", 120, 6 + 32 * 7, 300).length, 2);
  assert.deepEqual(world.hear("tempo", 120, 8, 300), [["shows", 120], ["tempo", 120], ["play", { at: 8, when: 300 }]]);
  world.running = false;
  assert.equal(world.hear("tempo", 120, 8, 300).length, 2);
});

test("how far apart two are goes by the shorter way round the loop", () => {
  assert.equal(apart(31, 1, 32), -2);
  assert.equal(apart(1, 31, 32), 2);
  assert.equal(apart(5, 4 + 320, 32), 1);
});

/** An audio context of which one can say when it was heard. */
function soundTime(context) {
  const world = { now: 7000, context: { currentTime: 0, ...context } };
  world.time = createSoundTime(world.context, () => world.now);
  return world;
}

test("sound is heard when the context says, whatever its clock does, and latency counts once", () => {
  const stamp = { contextTime: 2, performanceTime: 6990 };
  const { time, context } = soundTime({ currentTime: 2.03, outputLatency: 0.02, getOutputTimestamp: () => stamp });
  assert.ok(Math.abs(time.msAt(2.1) - 7090) < 1e-6);
  context.currentTime = 2.041;
  assert.ok(Math.abs(time.msAt(2.1) - 7090) < 1e-6);
  assert.ok(Math.abs(time.timeAt(7090) - 2.1) < 1e-9);
});

test("without the context's word, or an old one, its clock is smoothed", () => {
  const old = () => ({ contextTime: 1, performanceTime: 1000 });
  for (const getOutputTimestamp of [undefined, () => ({ contextTime: 0, performanceTime: 0 }), old]) {
    const world = soundTime({ outputLatency: 0.02, getOutputTimestamp });
    const zeros = [];
    for (let tick = 0; tick < 800; tick++) {
      world.now += 25;
      world.context.currentTime = Math.floor((world.now - 7000) / 11.6) * 0.0116;
      zeros.push(world.time.msAt(0));
    }
    const late = zeros.slice(200);
    assert.ok(Math.max(...late) - Math.min(...late) < 2);
    assert.ok(late.every((zero) => Math.abs(zero - 7020 - 5.8) < 2));
    world.now += 5000; // the context sleeps
    assert.ok(Math.abs(world.time.msAt(0) - zeros.at(-1) - 5000) < 12);
  }
});

test("pads are heard with their voice, and note-offs are not", async () => {
  const { midi, hear } = await connected();
  const struck = [];
  midi.onNote((note) => struck.push(note));
  hear([0x99, 38, 127], 5);
  hear([0x99, 38, 0], 6);
  hear([0x89, 38, 64], 7);
  hear([0x90, 99, 64], 8);
  assert.deepEqual(struck, [
    { pitch: 38, velocity: 1, voice: 1, time: 5 },
    { pitch: 99, velocity: 64 / 127, voice: null, time: 8 },
  ]);
  midi.selectInput(null);
  assert.equal(midi.input, null);
});

test("steering brings two together, without ever being far off in tempo", () => {
  assert.equal(steered(120, 0), 120);
  assert.ok(steered(120, 0.5) < 120 && steered(120, -0.5) > 120);
  assert.ok(Math.abs(steered(100, 99) - 95) < 1e-9);
  let ahead = 0.4;
  for (let quarter = 0; quarter < 12; quarter++) ahead += (4 * steered(120, ahead)) / 120 - 4;
  assert.ok(Math.abs(ahead) < 0.01);
});
