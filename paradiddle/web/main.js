/** Wiring: makes the parts of the page and introduces them to each other. */

import { takeOpen } from "./answers.js";
import { createApi } from "./api.js";
import { createCandidates } from "./candidates.js";
import { createDrawers } from "./drawers.js";
import { createDrummer } from "./drummer-panel.js";
import { createEdits } from "./edit-panel.js";
import { firstDoc, greet, keepInTab, linkText } from "./first-visit.js";
import "./grid.js";
import { createHand } from "./hand.js";
import { createHelp } from "./help.js";
import { createMachine } from "./machine-panel.js";
import { createMidiPanel } from "./midi-panel.js";
import { createMorph } from "./morph-panel.js";
import { keepOffline, loadedHere } from "./offline.js";
import { createOut } from "./out-panel.js";
import { hitCount, STEPS_PER_BAR, V } from "./pattern.js";
import { createPlayer } from "./player.js";
import { createRecent } from "./recent.js";
import { rove } from "./roving.js";
import { createSelection } from "./selection.js";
import { decode } from "./share.js";
import { listenToShortcuts } from "./shortcuts.js";
import { createStore } from "./state.js";
import { createStatus } from "./status.js";
import { createTap } from "./tap-panel.js";
import { createToolbar } from "./toolbar.js";
import { createTurns } from "./turns.js";
import { createWishes } from "./wishes.js";
import { byId } from "./dom.js";

const HINT = "Press Play. Click pads to change it, or Generate another.";

/** Tells whether the last thing used was a pointer or a key. */
function watchInput() {
  let pointer = true;
  window.addEventListener("pointerdown", () => (pointer = true), true);
  window.addEventListener("keydown", ({ key }) => {
    if (key === "Tab" || key.startsWith("Arrow")) pointer = false;
  }, true);
  return () => pointer;
}

/** @param {any} first the doc to begin with */
function createApp(first) {
  const app = { byPointer: watchInput() };
  app.store = createStore(first);
  app.turn = createTurns();
  app.api = createApi(window.fetch.bind(window));
  app.status = createStatus(app.api);
  app.change = createHand(app);
  app.recent = createRecent(() => window.localStorage);
  app.selection = createSelection();
  app.player = createPlayer(app);
  app.wishes = createWishes(app);
  app.remember = () => app.recent.add(app.store.doc, nameOf(app));
  app.selectAll = () => app.selection.set({ from: 0, to: app.store.doc.steps, voices: Array(V).fill(true) });
  return app;
}

/** @param {any} app what a recent pattern is called */
function nameOf({ wishes, store }) {
  const time = new Date().toLocaleTimeString([], { timeStyle: "medium" });
  const { steps, qpm } = store.doc;
  const bars = steps / STEPS_PER_BAR;
  return `${wishes.fields().style ?? "pattern"}, ${bars} ${bars === 1 ? "bar" : "bars"}, ${Math.round(qpm)} bpm, ${hitCount(store.doc)} hits, ${time}`;
}

function build(app) {
  app.grid = byId("grid");
  app.candidates = createCandidates(app);
  app.toolbar = createToolbar(app);
  app.edits = createEdits(app);
  app.grid.connect(app);
  app.machine = createMachine(app);
  createDrawers({ tap: createTap(app), morph: createMorph(app) ?? {} });
  app.drummer = createDrummer(app);
  createOut(app);
  createMidiPanel(app);
  app.help = createHelp(app);
  listenToShortcuts(app);
  document.querySelectorAll("[data-rove]").forEach((bar) => rove(bar));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    app.grid.focusPad(app.grid.cursor.step, app.grid.cursor.voice);
  });
}

async function learnStyles({ api, wishes, status }) {
  try {
    wishes.offer((await api.styles()).styles);
  } catch (error) {
    status.fail(error);
  }
}

/** How loud each voice is, and the sounds. */
async function learnKit({ api, player }) {
  const kit = await api.kit().catch(() => null);
  if (kit) player.kit.setGains(kit.voices.map(({ gain }) => gain));
  await player.load();
}

/** Put a machine's pattern on an untouched grid. */
async function welcome({ api, store, status, turn, wishes }) {
  const before = store.doc;
  const isLast = turn();
  const greeting = await greet(api).catch(() => null);
  if (greeting && isLast() && store.doc === before) {
    store.replace(takeOpen(null)(before, greeting.pattern));
    wishes.showSeed(greeting.seed);
  }
  if (!isLast()) return;
  wishes.setStyle("funk");
  status.say(HINT);
}

function listenToLinks({ store, status }) {
  window.addEventListener("hashchange", () => {
    const text = linkText();
    if (!text) return;
    try {
      const doc = decode(text);
      store.edit("open a link", () => doc);
      status.say("Opened the pattern of this link.");
    } catch (error) {
      status.fail(error);
    }
  });
}

async function start() {
  const { doc, wished, fresh, wrong } = firstDoc();
  const app = createApp(doc);
  const { store, player, wishes } = app;
  wishes.recall(wished);
  build(app);
  window.paradiddle = { store, clock: player.clock, kit: player.kit, midi: player.midi, heardAt: player.heardAt };
  listenToLinks(app);
  keepInTab(store, wishes);
  app.status.back(() => {
    learnStyles(app);
    learnKit(app);
  });
  await learnStyles(app);
  if (wrong) app.status.fail(wrong);
  else if (fresh) await welcome(app);
  await learnKit(app);
  keepOffline(navigator, () => [...loadedHere(), new URL("clock-worker.js", import.meta.url).href]);
}

start();
