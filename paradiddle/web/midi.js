/**
 * Web MIDI: notes and clock out, clock and pads in.
 *
 * Times are those of `performance.now()`, in ms. Every note-on gets its note-off, and
 * `allNotesOff` sends one more for all that may still sound.
 */

import { NOTE_OFF, NOTE_ON, PULSE, START, STOP, createHearing } from "./midi-in.js";

/** Pitches of the nine voices, by kit. */
export const KIT_MAPS = Object.freeze({
  gm: Object.freeze([36, 38, 42, 46, 45, 48, 50, 49, 51]),
  "roland-td": Object.freeze([36, 38, 42, 46, 43, 45, 48, 49, 51]),
  "yamaha-dtx": Object.freeze([36, 38, 42, 46, 43, 47, 48, 49, 51]),
});

const CONTROL = 0xb0;
const ALL_NOTES_OFF = 123;
const NOTE_MS = 60;

export function createMidi(requestAccess, now = () => performance.now()) {
  let access = null;
  let outputId = null;
  let inputId = null;
  let output = null;
  let input = null;
  let started = false;
  /** @type {Map<number, number>} when the last note-off of each `channel << 8 | pitch` is due */
  const held = new Map();
  const hearing = createHearing();

  function send(bytes, time = now()) {
    try {
      output?.send(bytes, time);
    } catch {
      output = null; // it was unplugged between two events; `refresh` finds it when it is back
    }
  }

  function silence() {
    const present = now();
    output?.clear?.(); // Chrome cannot take back
    const last = Math.max(present, ...held.values());
    const channels = new Set([(midi.channel - 1) & 15, ...[...held.keys()].map((key) => key >> 8)]);
    for (const time of last > present ? [present, last + 1] : [present]) {
      for (const key of held.keys()) send([NOTE_OFF | (key >> 8), key & 127, 0], time);
      for (const channel of channels) send([CONTROL | channel, ALL_NOTES_OFF, 0], time);
    }
    held.clear();
  }

  function refresh() {
    output = found(access?.outputs, outputId);
    const heard = found(access?.inputs, inputId);
    if (heard !== input) listen(heard);
    midi.onchange();
  }

  function listen(port) {
    if (input) input.onmidimessage = null;
    input = port;
    hearing.reset();
    if (!port) return;
    port.onmidimessage = ({ data, timeStamp }) => {
      if (data) hearing.message(data, timeStamp || now(), midi.notes);
    };
  }

  const midi = {
    channel: 10,
    notes: [...KIT_MAPS.gm],
    sendsClock: false,
    onchange: () => {},

    /** Ask for MIDI. Throws an Error of one line where there is none to be had. */
    async connect() {
      if (access) return;
      if (!requestAccess) throw new Error("this browser has no Web MIDI; Chrome, Edge and Firefox do");
      try {
        access = await requestAccess({ sysex: false });
      } catch {
        throw new Error("MIDI was refused; allow it for this page in the browser's settings");
      }
      access.onstatechange = refresh;
      refresh();
    },
    outputs: () => listed(access?.outputs),
    inputs: () => listed(access?.inputs),
    /** The chosen port, null where none is chosen or it is unplugged. */
    get output() {
      return output?.id ?? null;
    },
    get input() {
      return input?.id ?? null;
    },

    selectOutput(id) {
      if (id === outputId) return;
      silence();
      midi.clockStop();
      outputId = id;
      refresh();
    },
    selectInput(id) {
      inputId = id;
      refresh();
    },

    /** @param {number} voice @param {number} velocity in [0, 1] @param {number} [time] @param {number} [length] */
    play(voice, velocity, time = now(), length = NOTE_MS) {
      const pitch = midi.notes[voice];
      if (!output || pitch === undefined) return;
      const channel = (midi.channel - 1) & 15;
      const off = Math.max(time, now()) + length;
      const key = (channel << 8) | pitch;
      held.set(key, Math.max(off, held.get(key) ?? 0));
      send([NOTE_ON | channel, pitch, Math.max(1, Math.round(velocity * 127))], time);
      send([NOTE_OFF | channel, pitch, 0], off);
    },

    clockStart(time) {
      if (!midi.sendsClock) return;
      started = true;
      send([START], time);
    },
    clockStop(time) {
      if (started) send([STOP], time);
      started = false;
    },
    clockPulse(time) {
      if (midi.sendsClock) send([PULSE], time);
    },

    /** Silence everything, now and again once what was sent ahead is over. */
    allNotesOff: silence,
    /** Hear another machine's clock; returns the way to stop. */
    follow: hearing.follow,
    /** Hear pads and keys; returns the way to stop. */
    onNote: hearing.onNote,
  };

  return midi;
}

const listed = (ports) =>
  [...(ports?.values() ?? [])]
    .filter(({ state }) => state !== "disconnected")
    .map(({ id, name }) => ({ id, name: name || id }));

function found(ports, id) {
  const port = id === null ? undefined : ports?.get(id);
  return port && port.state !== "disconnected" ? port : null;
}
