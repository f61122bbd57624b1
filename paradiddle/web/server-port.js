/** The server's MIDI port: plays what plays here, for as long as this page is connected. */

import { heardPattern } from "./out-panel.js";
import { sameSound, stepSeconds } from "./schedule.js";
import { byId, isPressed } from "./dom.js";

const TOGETHER_MS = 20; // edits that follow each other faster are sent as one
const AGAIN_MS = 2000;
const LEAD = 0.05; // s from a message to the first hit
const TELL_MS = 1000; // from one telling of the place to the next
const IN_USE = 1013;
const MISSED_MS = 15_000; // in which the server finds that a page is gone whose connection broke

/** @param {any} app @param {(text: string) => void} say gets how the port is doing */
export function createServerPort({ player, status, store }, say) {
  const { clock, midi } = player;
  let socket = null;
  let chosen = false;
  let told = null;
  let timer = 0;
  let led = null; // tempo of the machine that is followed
  let has = false; // the port
  let lost = -Infinity; // when a connection that had it ended

  const qpm = () => led ?? store.doc.qpm;

  function send(type, fields) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, ...fields }));
  }

  function music() {
    told = store.doc;
    const pattern = { ...heardPattern(told), qpm: qpm() };
    return { pattern, swing: told.swing, loop: isPressed(byId("loop")), channel: midi.channel, notes: midi.notes };
  }

  function play(at) {
    port.clock();
    send("play", { ...music(), position: at / 4 });
  }

  const place = () => clock.position() + LEAD / stepSeconds(qpm());
  const join = () => play(place());
  setInterval(() => clock.running && send("place", { position: place() / 4 }), TELL_MS);

  /** Tell what has changed. */
  function update() {
    timer = 0;
    if (!clock.running) return;
    if (told && sameSound({ ...store.doc, qpm: 0 }, { ...told, qpm: 0 })) send("tempo", { qpm: qpm() });
    else send("update", music());
  }

  function lose() {
    if (has) lost = performance.now();
    has = false;
  }

  const soon = () => socket && (timer ||= setTimeout(update, TOGETHER_MS));

  function connect() {
    if (!chosen || socket) return;
    const own = (socket = new WebSocket(new URL("api/midi-port", document.baseURI)));
    let wrong = "";
    has = false;
    own.onopen = () => clock.running && join();
    own.onmessage = ({ data }) => {
      if (own !== socket) return;
      const { message, port: name, connected } = JSON.parse(data);
      has ||= !message;
      wrong = message ?? "";
      if (has && message) status.fail(new Error(message));
      say(message ?? `The server plays to ${name}${connected ? "" : ", once that is back"}.`);
    };
    own.onclose = ({ code }) => {
      if (own !== socket) return;
      socket = null;
      lose();
      // who holds it may be this page's own connection that broke
      chosen = code !== IN_USE || performance.now() - lost < MISSED_MS;
      if (!chosen) status.fail(new Error(wrong));
      say(code === IN_USE ? "Its port is in use by another page." : "The server is away; its port is silent.");
      setTimeout(connect, AGAIN_MS);
    };
  }

  const port = {
    get chosen() {
      return chosen;
    },
    choose(on) {
      if (on === chosen) return;
      chosen = on;
      lose(); // of a connection that is broken the server does not know yet
      socket?.close();
      socket = null;
      say("");
      connect();
    },
    /** Tell all, as something beside the document has changed. */
    update() {
      told = null;
      soon();
    },
    clock: () => send("clock", { on: midi.sendsClock }),
    /** Take another machine's tempo, or null. */
    follow(tempo) {
      led = tempo;
      clock.setTempo(tempo);
      soon();
    },
  };

  player.onPlaying((on, at) => {
    if (!on) send("stop");
    else if (at === undefined) join();
    else play(at);
  });
  store.subscribe((doc) => (told && sameSound(doc, told)) || soon());
  byId("loop").addEventListener("click", port.update);
  window.addEventListener("pagehide", () => send("stop"));
  return port;
}
