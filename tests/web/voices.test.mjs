import assert from "node:assert/strict";
import { test } from "node:test";
import { chokes } from "../../paradiddle/web/choke.js";
import { paint, setHit, setMuted } from "../../paradiddle/web/edits.js";
import { emptyDoc } from "../../paradiddle/web/pattern.js";
import { createSamples, layerOf, slugOf } from "../../paradiddle/web/samples.js";
import { createKit, gainOf } from "../../paradiddle/web/voices.js";

/** A parameter that keeps its events, as Web Audio's does. */
function param(value = 0) {
  const made = { value, events: [] };
  const note = (kind) => (to, time) => made.events.push({ kind, to, time });
  return Object.assign(made, {
    setValueAtTime: note("set"),
    linearRampToValueAtTime: note("ramp"),
    exponentialRampToValueAtTime: note("curve"),
    setTargetAtTime: note("target"),
    cancelScheduledValues(from) {
      made.events = made.events.filter(({ time }) => time < from);
    },
  });
}

/** As much of an audio context as the kit asks for. */
function fakeContext() {
  const context = { currentTime: 0, state: "suspended", sampleRate: 44100, sources: [], nodes: [] };
  const node = (kind, extra = {}) => {
    const made = { kind, to: null, connect: (next) => (made.to = next), disconnect: () => (made.to = null), ...extra };
    context.nodes.push(made);
    return made;
  };
  const source = (kind) => {
    const made = node(kind, { frequency: param(), started: null, stops: [] });
    made.start = (time) => (made.started = time);
    made.stop = (time = 0) => made.stops.push(time);
    context.sources.push(made);
    return made;
  };
  const compressor = ["threshold", "knee", "ratio", "attack", "release"];
  return Object.assign(context, {
    destination: { kind: "out" },
    createGain: () => node("gain", { gain: param(1) }),
    createDynamicsCompressor: () =>
      node("compressor", Object.fromEntries(compressor.map((name) => [name, param()]))),
    createBufferSource: () => source("buffer"),
    createOscillator: () => source("oscillator"),
    decodeAudioData: async (bytes) => ({ duration: 1.5, bytes }),
    resume: async () => (context.state = "running"),
  });
}

async function loadedKit(options = {}) {
  const context = fakeContext();
  const kit = createKit(context, { fetchKit: async (slug, layer) => `${slug}/${layer}`, ...options });
  await kit.load();
  return { context, kit };
}

const chokeOf = ({ to }) => to.gain.events.filter(({ kind }) => kind !== "target");

test("the layer goes by velocity, and gain falls by 8 dB for half the velocity", () => {
  assert.deepEqual([0, 0.29, 0.31, 0.69, 0.71, 1].map(layerOf), [0, 0, 1, 1, 2, 2]);
  assert.ok(Math.abs(20 * Math.log10(gainOf(1) / gainOf(0.5)) - 8.43) < 0.01);
  assert.deepEqual([gainOf(0), gainOf(1)], [0, 1]);
  assert.deepEqual(["kick", "closed hi-hat"].map(slugOf), ["kick", "closed-hi-hat"]);
});

test("a hit plays its layer at its time and gain, through compressor and volume", async () => {
  const { context, kit } = await loadedKit({ gains: [0.5] });
  kit.play(0, 0.9, 3, 0.8);
  const [source] = context.sources;
  assert.deepEqual([source.buffer.bytes, source.started], ["kick/2", 3]);
  assert.ok(Math.abs(source.to.gain.value - gainOf(0.9) * 0.4) < 1e-12);
  const path = [];
  for (let node = source.to; node; node = node.to) path.push(node.kind);
  assert.deepEqual(path, ["gain", "gain", "compressor", "gain", "out"]);
});

test("a hit that is late plays at once", async () => {
  const { context, kit } = await loadedKit();
  context.currentTime = 5;
  assert.equal(kit.play(1, 0.5, 4.9).time, 5);
});

test("before all sounds are there the nearest layer plays, and without any none", async () => {
  let open = null;
  const wanted = [];
  const fetchKit = (slug, layer) => {
    wanted.push(`${slug}/${layer}`);
    return layer === 1 ? Promise.resolve(`${slug}/${layer}`) : new Promise((_, no) => (open = no));
  };
  const context = fakeContext();
  const kit = createKit(context, { fetchKit });
  assert.equal(kit.play(0, 1, 0), null);
  kit.load();
  await new Promise((soon) => setTimeout(soon, 5));
  assert.ok(wanted.slice(0, 9).every((name) => name.endsWith("/1")), "the middle layers come first");
  assert.ok(open);
  kit.play(8, 1, 0);
  kit.play(8, 0.1, 0);
  assert.deepEqual(context.sources.map(({ buffer }) => buffer.bytes), ["ride/1", "ride/1"]);
  assert.equal(kit.ready, false);
});

test("loading tells how far it is, survives failures, and asks only for what is missing", async () => {
  let broken = true;
  const asked = [];
  const samples = createSamples(fakeContext(), async (slug, layer) => {
    asked.push(slug);
    if (broken && slug === "snare") throw new Error("no");
    return `${slug}/${layer}`;
  });
  const told = [];
  const [first, second] = await Promise.all([samples.load((...at) => told.push(at)), samples.load()]);
  assert.deepEqual([first, second], [{ loaded: 24, failed: 3 }, first]);
  assert.deepEqual([told.length, told.at(-1), asked.length], [27, [24, 27], 27]);
  assert.equal(samples.find(1, 0.5), null);
  broken = false;
  assert.deepEqual(await samples.load(), { loaded: 27, failed: 0 });
  assert.deepEqual([asked.length, samples.ready], [30, true]);
});

test("either hi-hat cuts an open one off at the first later stroke", () => {
  const sound = (voice, time) => ({ voice, time, chokedAt: null });
  const [open, again, both, closed] = [sound(3, 1), sound(3, 2), sound(3, 3), sound(2, 3)];
  const found = new Map(chokes([closed, both, sound(0, 1.5), again, open]));
  assert.deepEqual([found.get(open), found.get(again), found.has(both)], [2, 3, false]);
  assert.deepEqual(chokes([both, closed]), []);
});

test("a choke is a fade of 10 to 20 ms from the level at which it was", async () => {
  const { context, kit } = await loadedKit();
  kit.play(3, 0.8, 1);
  kit.play(2, 0.8, 1.5);
  const [open] = context.sources;
  const [set, ramp] = chokeOf(open);
  assert.deepEqual([set.kind, set.time, ramp.kind, ramp.to], ["set", 1.5, "ramp", 0]);
  assert.equal(set.to, open.to.gain.value);
  assert.ok(ramp.time - 1.5 >= 0.01 && ramp.time - 1.5 <= 0.02);
  assert.ok(open.stops.at(-1) >= ramp.time && open.stops.at(-1) < 1.53);
});

test("an open hi-hat planned after the stroke that chokes it is choked too", async () => {
  const { context, kit } = await loadedKit();
  kit.play(2, 0.8, 1.5);
  kit.play(3, 0.8, 1);
  assert.equal(chokeOf(context.sources[1])[0].time, 1.5);
});

test("taking back the stroke lets the open hi-hat ring again", async () => {
  const { context, kit } = await loadedKit();
  kit.play(3, 0.8, 1);
  kit.play(2, 0.8, 1.5);
  kit.cancel(1.5);
  assert.deepEqual(chokeOf(context.sources[0]), []);
  assert.equal(context.sources[0].stops.at(-1), 2.5);
  kit.play(2, 0.8, 1.7);
  kit.play(2, 0.8, 1.9);
  context.currentTime = 1.2;
  kit.cancel(1.6);
  assert.deepEqual(chokeOf(context.sources[0]), []);
  assert.equal(kit.sounding, 1);
});

test("what a choke has begun is not undone", async () => {
  const { context, kit } = await loadedKit();
  kit.play(3, 0.8, 1);
  kit.play(2, 0.8, 1.5);
  context.currentTime = 1.51;
  kit.cancel(1.4);
  assert.equal(chokeOf(context.sources[0]).length, 2);
});

test("cancel takes back what has not begun, from a time on, and nothing else", async () => {
  const { context, kit } = await loadedKit();
  for (const time of [1, 2, 3]) kit.play(0, 0.8, time);
  kit.click(3);
  context.currentTime = 1.5;
  kit.cancel(2);
  assert.deepEqual(context.sources.map(({ to }) => to !== null), [true, false, false, false]);
  assert.deepEqual(context.sources.map(({ stops }) => stops.includes(0)), [false, true, true, true]);
  context.sources[0].onended();
  assert.equal(kit.sounding, 0);
});

test("a hundred hits leave nothing behind once they have rung out", async () => {
  const { context, kit } = await loadedKit();
  for (let time = 0; time < 100; time++) kit.play(time % 9, 0.8, time);
  for (const source of context.sources) source.onended?.();
  assert.equal(kit.sounding, 0);
  assert.ok(context.sources.every(({ to }) => to === null));
});

test("stopping everything is a short fade, and volume glides", async () => {
  const { context, kit } = await loadedKit();
  kit.play(7, 0.8, 1);
  kit.play(7, 0.8, 9);
  context.currentTime = 2;
  kit.stopAll();
  const [set, ramp] = chokeOf(context.sources[0]);
  assert.deepEqual([set.time, ramp.to], [2, 0]);
  assert.ok(ramp.time > 2.005 && ramp.time < 2.05);
  assert.equal(context.sources[1].to, null);
  kit.setVolume(0.5);
  const volume = context.nodes.find(({ to }) => to === context.destination);
  assert.deepEqual(volume.gain.events, [{ kind: "target", to: 0.25, time: 2 }]);
});

test("the click is short, accented on the bar, and can be taken back", async () => {
  const { context, kit } = await loadedKit();
  kit.click(1, true);
  kit.click(2);
  const [accent, plain] = context.sources;
  assert.ok(accent.frequency.value > plain.frequency.value && accent.to.gain.value > plain.to.gain.value);
  assert.ok(accent.stops[0] - 1 < 0.05);
  kit.cancel(1.5);
  assert.deepEqual([accent.to !== null, plain.to], [true, null]);
});

test("nothing resumes by itself, and resume lets sound out", async () => {
  const { context, kit } = await loadedKit();
  kit.play(0, 1, 0);
  assert.equal(context.state, "suspended");
  await kit.resume();
  assert.equal(context.state, "running");
});

test("an offline render places every audible hit of a looping document", async () => {
  let stage = null;
  class Offline {
    constructor(channels, length, rate) {
      stage = Object.assign(this, fakeContext(), { channels, length, rate });
    }
    startRendering() {
      return "rendered";
    }
  }
  const { kit } = await loadedKit({ Offline });
  const doc = paint(setHit(emptyDoc(1), 4, 1, { offset: 0.25 }), [[0, 0], [0, 5]], true);
  assert.equal(await kit.renderOffline(setMuted(doc, 5, true), 4), "rendered");
  assert.deepEqual([stage.channels, stage.length, stage.rate], [2, 176400, 44100]);
  assert.deepEqual(stage.sources.map(({ started }) => started), [0, 0.53125, 2, 2.53125]);
});
