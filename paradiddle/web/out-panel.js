/** Out and in: files, links, recent patterns. */

import { takePiece } from "./answers.js";
import { clamp, fromPattern, hitCount, makeDoc, MAX_QPM, MAX_SWING, MIN_QPM, MIN_SWING, toPattern } from "./pattern.js";
import { audible } from "./schedule.js";
import { decode, encode } from "./share.js";
import { byId, make, save } from "./dom.js";

const LARGEST = 256 * 1024;
const SETTLED_MS = 500;

/** What is heard of a doc: rows that are silent stay behind. */
export function heardPattern(doc) {
  const pattern = toPattern(doc);
  return { ...pattern, hits: pattern.hits.filter(([, voice]) => audible(doc, voice)) };
}

/** What a file leaves behind. */
function without(doc) {
  const silent = hitCount(doc) - heardPattern(doc).hits.length;
  return silent ? ` without the ${silent} ${silent === 1 ? "hit" : "hits"} of silent rows` : "";
}

const fileName = ({ wishes }, ending) => `paradiddle-${wishes.fields().style ?? "pattern"}.${ending}`;

/** An address that holds the bytes themselves: good for whoever gets it, also when the page is gone. */
const addressOf = (blob) =>
  new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });

/** The file to drag must exist before the drag begins: it is made a moment after each change. */
function prepareDrag(app) {
  const button = byId("midi-file");
  let made = { doc: null, url: "" };
  let timer = 0;
  async function prepare() {
    const { doc } = app.store;
    const blob = await app.api.midi({ pattern: heardPattern(doc), swing: doc.swing }).catch(() => null);
    if (blob && doc === app.store.doc) made = { doc, url: await addressOf(blob) };
  }
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(prepare, SETTLED_MS);
  };
  // Only who reaches for the button has the file made.
  button.addEventListener("pointerenter", prepare);
  app.store.subscribe(() => button.matches(":hover") && soon());
  button.addEventListener("dragstart", (event) => {
    if (made.doc !== app.store.doc) return event.preventDefault();
    app.status.say(`Drop the file on a track; it comes${without(app.store.doc) || " with every hit"}.`);
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `audio/midi:${fileName(app, "mid")}:${made.url}`);
  });
}

function wireFiles(app) {
  const { api, store, status } = app;
  async function download(ending, question, how = "") {
    const { doc } = store;
    if (!hitCount(doc)) return status.say("The grid is empty; nothing to save yet.");
    const body = { pattern: heardPattern(doc), swing: doc.swing };
    const blob = await status.ask("Writing …", () => question(body));
    if (!blob) return;
    save(blob, fileName(app, ending));
    status.say(`Saved${how}${without(doc)}.`);
    app.remember();
  }
  byId("midi-file").addEventListener("click", () => download("mid", api.midi));
  byId("wav-file").addEventListener("click", () => download("wav", (body) => api.wav({ ...body, repeat: 2 }), ", played twice"));
}

function wireShare(app) {
  async function share() {
    const link = new URL(location.href);
    link.hash = `p=${encode(app.store.doc)}`;
    history.replaceState(null, "", link);
    app.remember();
    try {
      await navigator.clipboard.writeText(String(link));
      app.status.say("Link copied. It holds the whole pattern.");
    } catch {
      byId("link").value = String(link);
      byId("link-dialog").showModal();
      byId("link").select();
    }
  }
  byId("share").addEventListener("click", share);
}

/** A piece of a file as a doc. @param {any} pattern @param {unknown} swing its hits are placed on top of it */
function pieceOf(pattern, swing) {
  const doc = fromPattern(pattern, { by: "you" });
  const [qpm, swung] = [Math.round(doc.qpm * 100) / 100, Number.isFinite(swing) ? swing : MIN_SWING];
  return makeDoc({ ...doc, qpm, swing: clamp(swung, MIN_SWING, MAX_SWING) });
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What a file has that the page cannot take as it is. */
function tempoNotes([{ qpm }]) {
  const played = clamp(qpm, MIN_QPM, MAX_QPM);
  return played === qpm ? [] : [`its tempo is ${Number(qpm.toPrecision(4))} bpm, here it plays at ${played}`];
}

function wireImport(app) {
  const { api, candidates, status, store } = app;
  const drop = byId("drop");

  async function take(file) {
    if (file.size > LARGEST) return status.say(`${file.name} has ${Math.round(file.size / 1024)} KB; a MIDI file here may have 256.`);
    const isLast = app.turn();
    const answer = await status.ask(`Reading ${file.name} …`, async () => api.import(await file.arrayBuffer()));
    if (!answer || !isLast()) return;
    try {
      const docs = answer.patterns.map((pattern) => pieceOf(pattern, answer.swing));
      candidates.show(`import ${file.name}`, docs, null, takePiece);
    } catch (error) {
      return status.fail(error);
    }
    app.remember();
    const { length } = answer.patterns;
    const pieces = length > 1 ? `: piece 1 of ${length}, flip through them as candidates` : "";
    const locked = store.doc.locked.some(Boolean) ? ["locked rows stay as they were"] : [];
    const notes = [...(answer.notes ?? []), ...tempoNotes(answer.patterns), ...locked].map(capital);
    status.say(`${[`Read ${file.name}${pieces}`, ...notes].join(". ")}.`);
  }

  const brings = (event) => !!event.dataTransfer?.types.includes("Files");
  byId("import").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", ({ target }) => {
    if (target.files[0]) take(target.files[0]);
    target.value = "";
  });
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || (drop.hidden = true));
  document.addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!brings(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

function wireRecent({ recent, store, status }) {
  const list = byId("recent-list");
  const dialog = byId("recent-dialog");

  function row({ id, name, share }) {
    const load = make("button", {
      class: "quiet",
      text: name,
      onclick: () => {
        store.edit(`open ${name}`, () => decode(share));
        dialog.close();
        status.say(`Opened ${name}.`);
      },
    });
    const remove = make("button", { class: "icon", "aria-label": `Remove ${name}`, text: "×", onclick: () => { recent.remove(id); show(); } });
    return make("li", {}, load, remove);
  }

  function show() {
    const rows = recent.list().map(row);
    list.replaceChildren(...(rows.length ? rows : [make("li", { text: "Nothing yet: what you generate, save or share is kept here, in this browser only." })]));
  }

  byId("recent").addEventListener("click", () => {
    show();
    dialog.showModal();
  });
}

export function createOut(app) {
  prepareDrag(app);
  wireFiles(app);
  wireShare(app);
  wireImport(app);
  wireRecent(app);
}
