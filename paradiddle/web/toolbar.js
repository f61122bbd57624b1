/** Transport: play, tempo, swing, volume, loop, click. */

import { setQpm, setSwing } from "./edits.js";
import { byId, dial, isPressed, press } from "./dom.js";
import { beatTempo } from "./taps.js";

function wireTempo({ store }) {
  const field = byId("qpm");
  let heard = null; // tempo of the machine that is followed
  const show = () => (field.value = String(heard ?? Math.round(store.doc.qpm * 100) / 100));
  field.addEventListener("change", () => {
    const qpm = Number(field.value);
    if (qpm) store.edit("tempo", (doc) => setQpm(doc, qpm));
    show();
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur());
  /** @type {number[]} in seconds */
  let taps = [];
  const tap = () => {
    taps = [...taps.slice(-8), performance.now() / 1000];
    const qpm = beatTempo(taps);
    if (qpm) store.edit("tempo", (doc) => setQpm(doc, qpm));
  };
  byId("tempo").addEventListener("click", tap);
  function showHeard(qpm) {
    heard = qpm && Math.round(qpm * 10) / 10;
    if (document.activeElement !== field) show();
  }
  return { show, showHeard, tap };
}

function wireSwing({ store }) {
  let gesture = null;
  const swing = dial("swing", (value) => (value === 50 ? "off" : `${value} %`), (value) => {
    gesture ??= store.gesture("swing");
    gesture.update((doc) => setSwing(doc, value / 100));
  });
  byId("swing").addEventListener("change", () => {
    gesture?.end();
    gesture = null;
  });
  return swing;
}

export function createToolbar(app) {
  const { store, player } = app;
  const tempo = wireTempo(app);
  const swing = wireSwing(app);
  const volume = dial("volume", (value) => String(value), (value) => player.setVolume(value / 100));
  const button = byId("play");

  function showPlaying(playing) {
    button.setAttribute("aria-label", playing ? "Stop" : "Play");
    document.body.classList.toggle("playing", playing);
  }

  function toggle(id, change) {
    const element = byId(id);
    element.addEventListener("click", () => {
      press(element, !isPressed(element));
      change(isPressed(element));
    });
  }

  function render() {
    if (document.activeElement !== byId("qpm")) tempo.show();
    swing.show(Math.round(store.doc.swing * 100));
  }

  toggle("loop", player.setLoop);
  toggle("click", player.setClick);
  button.addEventListener("click", player.toggle);
  player.onPlaying(showPlaying);
  store.subscribe(render);
  player.setVolume(volume.value() / 100);
  render();
  return { tapTempo: tempo.tap, showHeard: tempo.showHeard };
}
