/** The help overlay. */

import { byId, make } from "./dom.js";
import { SHORTCUTS } from "./shortcuts.js";

const HANDS = [
  ["Click", "lights a pad or darkens it"],
  ["Drag sideways", "paints, or erases when you start on a lit pad"],
  ["Drag a lit pad up or down", "velocity; the core grows and brightens"],
  ["Alt + drag a lit pad sideways", "earlier or later than the grid"],
  ["Right-click", "clears a pad"],
  ["Shift + drag, or a bar's number", "selects"],
  ["The pink arrow", "left of it is given; Continue plays what is right of it"],
  ["The handle at the end", "how long the pattern is"],
  ["With a finger", "sideways paints; hold a pad, then go up or down for velocity, sideways for earlier or later; the row of bar numbers moves along"],
  ["Select, on a touch screen", "drags select; pressed again, it lets go"],
];

function table(title, rows) {
  const list = make("dl");
  for (const [what, does] of rows) list.append(make("dt", { text: what }), make("dd", { text: does }));
  return make("section", {}, make("h3", { text: title }), list);
}

const PLAYERS = { machine: "Machine", humanizer: "Humanizer", latent: "Morph", drummer: "Drummer" };

/** Who learned from what. */
function provenance(models) {
  const rows = new Map();
  for (const [name, { source, training }] of Object.entries(models)) {
    const from = training?.attribution ?? (source === "shipped" ? "comes with paradiddle" : `your own: ${source}`);
    rows.set(from, [...(rows.get(from) ?? []), PLAYERS[name] ?? name]);
  }
  return [...rows].map(([from, names]) => [names.join(", "), from]);
}

export function createHelp({ api }) {
  const dialog = byId("help-dialog");
  const about = make("div");

  function build() {
    dialog.append(
      make("h2", { id: "help-title", tabindex: "-1", autofocus: true, text: "How to play it" }),
      make("p", { text: "Coral is what you gave, blue is what the machine played. A tall, bright core is loud; a core that sits left in its pad is early, right is late." }),
      make("div", { class: "columns" }, table("By hand", HANDS), ...SHORTCUTS.map(([title, rows]) => table(title, rows)), about),
      make("form", { method: "dialog" }, make("button", { class: "verb", text: "Close" })),
    );
  }

  async function tellModels() {
    if (about.childElementCount) return;
    const models = await api.models().catch(() => null);
    if (models) about.replaceChildren(table("Who plays", provenance(models)));
  }

  function open() {
    if (!dialog.childElementCount) build();
    tellModels();
    dialog.showModal();
  }

  byId("help").addEventListener("click", open);
  return { open };
}
