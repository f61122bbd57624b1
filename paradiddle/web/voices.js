/**
 * The drum kit in Web Audio: sound -> gain -> gentle compressor -> volume -> out.
 *
 * @typedef {{voice: number, time: number, end: number, level: number, chokedAt: number | null,
 *   source: AudioScheduledSourceNode, gain: GainNode}} Sound
 */

import { chokes, isHat } from "./choke.js";
import { V } from "./pattern.js";
import { createSamples } from "./samples.js";
import { hitsBetween, stepSeconds } from "./schedule.js";

const LOUDNESS = 1.4; // amplitude is velocity to this power: half the velocity is 8 dB less
const CHOKE = 0.015; // s in which an open hat falls silent
const HUSH = 0.02; // s in which everything falls silent on stop
const GLIDE = 0.015; // time constant of the volume
const CLICK = 0.03;
const CLICK_VOICE = V; // a voice of its own, which nothing chokes

/** @param {number} velocity in [0, 1] */
export const gainOf = (velocity) => velocity ** LOUDNESS;

/**
 * @param {AudioContext} context
 * @param {object} options
 * @param {import("./samples.js").FetchSound} options.fetchKit
 * @param {number[]} [options.gains] of the voices, as the server tells them
 * @param {typeof OfflineAudioContext} [options.Offline]
 */
export function createKit(context, { fetchKit, gains = [], Offline = globalThis.OfflineAudioContext }) {
  const samples = createSamples(context, fetchKit);
  const mixer = createMixer(context, samples);
  mixer.setGains(gains);
  return {
    load: samples.load,
    get ready() {
      return samples.ready;
    },
    /** Let sound out; browsers allow it only from within a click or key press. */
    async resume() {
      if (context.state !== "running") await context.resume();
    },
    ...mixer,
    /** How many sounds are planned or sounding. */
    get sounding() {
      return mixer.count();
    },
    /** What a document sounds like, looping. @param {Doc} doc @param {number} seconds */
    renderOffline(doc, seconds) {
      const offline = new Offline(2, Math.ceil(seconds * context.sampleRate), context.sampleRate);
      const stage = createMixer(offline, samples);
      stage.setGains(mixer.gains());
      const each = stepSeconds(doc.qpm);
      for (const hit of hitsBetween(doc, 0, seconds / each)) {
        stage.play(hit.voice, hit.velocity, hit.when * each);
      }
      return offline.startRendering();
    },
  };
}

function createMixer(context, samples) {
  const bus = context.createGain();
  const volume = context.createGain();
  bus.connect(softened(context)).connect(volume);
  volume.connect(context.destination);
  const sounds = new Set();
  const gains = Array(V).fill(1);

  function begin(source, level, time, voice, seconds) {
    const start = Math.max(time, context.currentTime);
    const gain = context.createGain();
    gain.gain.value = level;
    source.connect(gain).connect(bus); // the click too: the compressor delays by some ms
    source.start(start);
    const sound = { voice, time: start, end: start + seconds, level, chokedAt: null, source, gain };
    sounds.add(sound);
    source.onended = () => drop(sound);
    return sound;
  }

  function drop(sound) {
    sound.source.onended = null;
    sound.source.disconnect();
    sound.gain.disconnect();
    sounds.delete(sound);
  }

  function rechoke() {
    for (const [sound, at] of chokes(sounds)) {
      if (sound.chokedAt !== null && sound.chokedAt <= context.currentTime) continue;
      if (sound.chokedAt !== null) sound.gain.gain.cancelScheduledValues(sound.chokedAt);
      if (at === null) sound.source.stop(sound.end);
      else fade(sound, at, CHOKE);
      sound.chokedAt = at;
    }
  }

  function cancel(from) {
    for (const sound of sounds) {
      if (sound.time >= from && sound.time > context.currentTime) drop(stopped(sound));
    }
    rechoke();
  }

  function play(voice, velocity, time, gain = 1) {
    const buffer = samples.find(voice, velocity);
    if (!buffer) return null;
    const source = context.createBufferSource();
    source.buffer = buffer;
    const level = gainOf(velocity) * (gains[voice] ?? 1) * gain;
    const sound = begin(source, level, time, voice, buffer.duration);
    if (isHat(voice)) rechoke();
    return sound;
  }

  return {
    play,
    cancel,
    click(time, accent = false) {
      const source = context.createOscillator();
      source.frequency.value = accent ? 1760 : 1175;
      const sound = begin(source, accent ? 0.35 : 0.22, time, CLICK_VOICE, CLICK);
      sound.gain.gain.setValueAtTime(sound.level, sound.time);
      sound.gain.gain.exponentialRampToValueAtTime(0.001, sound.time + CLICK);
      source.stop(sound.end);
    },
    /** @param {number} value in [0, 1] */
    setVolume(value) {
      volume.gain.setTargetAtTime(value * value, context.currentTime, GLIDE);
    },
    /** @param {readonly number[]} values of the nine voices */
    setGains(values) {
      values.forEach((value, voice) => (gains[voice] = value));
    },
    gains: () => [...gains],
    count: () => sounds.size,
    stopAll() {
      const now = context.currentTime;
      cancel(now);
      for (const sound of sounds) fade(sound, now, HUSH);
    },
  };
}

function stopped(sound) {
  sound.source.stop();
  return sound;
}

function fade({ gain, source, level }, at, seconds) {
  gain.gain.cancelScheduledValues(at);
  gain.gain.setValueAtTime(level, at);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  source.stop(at + seconds);
}

/** Keeps a loud bar from clipping. */
function softened(context) {
  const compressor = context.createDynamicsCompressor();
  compressor.threshold.value = -9;
  compressor.knee.value = 9;
  compressor.ratio.value = 6;
  compressor.attack.value = 0.003;
  compressor.release.value = 0.15;
  return compressor;
}
