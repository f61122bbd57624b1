import assert from "node:assert/strict";
import { test } from "node:test";
import { createMidi, KIT_MAPS } from "../../paradiddle/web/midi.js";
import { createTempo, steered } from "../../paradiddle/web/midi-tempo.js";
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

test("clock in: start, tempo with the place in the song, stop, position and continue", async () => {
  const { midi, hear } = await connected();
  const events = [];
  const leave = midi.follow((event) => events.push(event));
  hear([0xfa], 2000);
  for (let pulse = 0; pulse < 48; pulse++) hear([0xf8], 2010 + (pulse * 2500) / 120);
  hear([0xfc], 3020);
  hear([0xf2, 44, 2], 3100);
  hear([0xfb], 3200);
  leave();
  hear([0xfa], 3300);
  assert.deepEqual(events.map(({ type }) => type), [
    "start", "tempo", "tempo", "tempo", "tempo", "tempo", "tempo", "stop", "position", "continue",
  ]);
  assert.deepEqual(events.slice(1, 4).map(({ steps }) => steps), [2, 3, 4]);
  assert.ok(events.slice(1, 7).every(({ qpm }) => Math.abs(qpm - 120) < 0.01));
  assert.deepEqual(events.slice(-2).map(({ steps }) => steps), [300, 300]);
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
