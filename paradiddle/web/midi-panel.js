/** Web MIDI: ports, channel, a note for each voice, clock out and in. */

import { KIT_MAPS } from "./midi.js";
import { follow } from "./midi-follow.js";
import { VOICES, clamp } from "./pattern.js";
import { createServerPort } from "./server-port.js";
import { byId, make } from "./dom.js";

const KEY = "paradiddle.midi";
const SERVER = { id: "server", name: "Server MIDI port" };

const labelled = (name, control, className = "choice") => make("label", { class: className }, make("span", { text: name }), control);

function number(name, low, high, change) {
  const field = make("input", { type: "number", min: low, max: high, "aria-label": name });
  field.addEventListener("change", () => {
    const value = clamp(Math.round(Number(field.value)) || low, low, high);
    field.value = String(value);
    change(value);
  });
  return field;
}

/** Keep what was set, where the browser lets us. */
function createMemory(midi) {
  return {
    recall() {
      try {
        const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
        if (Number.isInteger(kept.channel)) midi.channel = kept.channel;
        if (Array.isArray(kept.notes) && kept.notes.length === VOICES.length) midi.notes = kept.notes.map(Number);
      } catch {
        // a forbidden or damaged storage: the usual map stands
      }
    },
    keep() {
      try {
        localStorage.setItem(KEY, JSON.stringify({ channel: midi.channel, notes: midi.notes }));
      } catch {
        // the setting lasts as long as the page
      }
    },
  };
}

export function createMidiPanel(app) {
  const { midi } = app.player;
  const dialog = byId("midi-dialog");
  const memory = createMemory(midi);
  const output = make("select");
  const input = make("select");
  const message = make("p", { "aria-live": "polite" });
  const channel = number("Channel", 1, 16, (value) => set(() => (midi.channel = value)));
  const map = make("select", {}, new Option("your own", ""), ...Object.keys(KIT_MAPS).map((name) => new Option(name, name)));
  const notes = VOICES.map((name, voice) =>
    number(`note of ${name}`, 0, 127, (value) => set(() => (midi.notes = midi.notes.map((was, row) => (row === voice ? value : was))))),
  );
  const clockOut = make("input", { type: "checkbox" });
  const port = createServerPort(app, (text) => {
    message.textContent = text;
    show();
  });
  let offered = false;

  function set(change) {
    midi.allNotesOff();
    change();
    memory.keep();
    port.update();
    show();
  }

  function offer(select, ports, chosen) {
    select.replaceChildren(new Option("none", ""), ...ports.map(({ id, name }) => new Option(name, id)));
    select.value = chosen ?? "";
  }

  /** What is being typed stays. */
  function put(field, value) {
    if (field !== document.activeElement) field.value = String(value);
  }

  function show() {
    offer(output, offered ? [SERVER, ...midi.outputs()] : midi.outputs(), port.chosen ? SERVER.id : midi.output);
    offer(input, midi.inputs(), midi.input);
    put(channel, midi.channel);
    notes.forEach((field, voice) => put(field, midi.notes[voice]));
    const same = Object.entries(KIT_MAPS).find(([, kit]) => kit.every((note, voice) => note === midi.notes[voice]));
    map.value = same?.[0] ?? "";
  }

  function listen() {
    output.addEventListener("change", () => {
      const server = output.value === SERVER.id;
      midi.selectOutput(server ? null : output.value || null);
      port.choose(server);
    });
    input.addEventListener("change", () => midi.selectInput(input.value || null));
    map.addEventListener("change", () => map.value && set(() => (midi.notes = [...KIT_MAPS[map.value]])));
    clockOut.addEventListener("change", () => {
      midi.sendsClock = clockOut.checked;
      port.clock();
    });
    midi.onchange = show;
  }

  function build() {
    dialog.append(
      make("h2", { id: "midi-title", text: "MIDI ports" }),
      message,
      make("div", { class: "ports" }, labelled("Output", output), labelled("Channel", channel), labelled("Notes of", map), labelled("Clock and taps from", input),
        make("label", { class: "check" }, clockOut, make("span", { text: "Send clock" }))),
      make("div", { class: "notes" }, ...notes.map((field, voice) => labelled(VOICES[voice], field, ""))),
      make("form", { method: "dialog" }, make("button", { class: "verb", text: "Close" })),
    );
    listen();
  }

  async function open() {
    if (!dialog.childElementCount) build();
    show();
    dialog.showModal();
    const { midi_port } = await app.api.health().catch(() => ({}));
    offered = Boolean(midi_port);
    try {
      await midi.connect();
      message.textContent = offered || midi.outputs().length ? "" : "No MIDI port is there; plug one in, or start a virtual one.";
    } catch (error) {
      message.textContent = error.message;
    }
    show();
  }

  memory.recall();
  follow(app, port);
  byId("midi").addEventListener("click", open);
}
