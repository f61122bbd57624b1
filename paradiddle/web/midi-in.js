/**
 * What comes in by MIDI: clock, transport and notes.
 *
 * @typedef {{type: "start" | "stop" | "continue" | "tempo" | "position" | "lost", time: number,
 *   qpm: number | null, steps: number}} Follow `steps`: 16ths from the start of the song
 * @typedef {{pitch: number, velocity: number, voice: number | null, time: number}} Struck
 */

import { PAUSE_MS, createTempo } from "./midi-tempo.js";

export const [NOTE_OFF, NOTE_ON] = [0x80, 0x90];
export const [POSITION, PULSE, START, CONTINUE, STOP] = [0xf2, 0xf8, 0xfa, 0xfb, 0xfc];

const PULSES_PER_STEP = 6;

export function createHearing() {
  const tempo = createTempo();
  const followers = new Set();
  const strikers = new Set();
  let [pulses, running, watch] = [0, false, 0];
  /** @type {"start" | "continue" | null} what the next pulse begins */
  let begins = null;

  function tell(type, time) {
    const event = { type, time, qpm: tempo.qpm, steps: pulses / PULSES_PER_STEP };
    for (const follower of [...followers]) follower(event);
  }

  function pulse(time) {
    tempo.pulse(time);
    if (!running) return;
    clearTimeout(watch);
    watch = setTimeout(tell, PAUSE_MS, "lost", time + PAUSE_MS);
    if (begins) tell(begins, time);
    else if (pulses % PULSES_PER_STEP === 0 && tempo.qpm !== null) tell("tempo", time);
    begins = null;
    pulses++;
  }

  /** The place of a start is that of the pulse after it. */
  function begin(type) {
    if (type === "start") pulses = 0;
    [begins, running] = [type, true];
  }

  function end(type, time) {
    clearTimeout(watch);
    running = false;
    tell(type, time);
  }

  function position(time, low, high) {
    pulses = (low + high * 128) * PULSES_PER_STEP;
    tell("position", time);
  }

  function struck(pitch, velocity, time, notes) {
    const row = notes.indexOf(pitch);
    const note = { pitch, velocity: velocity / 127, voice: row < 0 ? null : row, time };
    for (const striker of [...strikers]) striker(note);
  }

  return {
    /** @param {Uint8Array} data @param {number} time @param {readonly number[]} notes pitches of the voices */
    message(data, time, notes) {
      const [status = 0, low = 0, high = 0] = data;
      if (status === PULSE) pulse(time);
      else if (status === START) begin("start");
      else if (status === CONTINUE) begin("continue");
      else if (status === STOP) end("stop", time);
      else if (status === POSITION) position(time, low, high);
      else if ((status & 0xf0) === NOTE_ON && high > 0) struck(low, high, time, notes);
    },
    reset() {
      tempo.reset();
      pulses = 0;
      if (running) end("lost", 0);
    },
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    onNote(listener) {
      strikers.add(listener);
      return () => strikers.delete(listener);
    },
  };
}
