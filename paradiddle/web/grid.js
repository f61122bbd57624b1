/** `<drum-grid>`: nine named rows of real buttons, rendered once and patched where a doc changed. */

import { STEPS_PER_BAR, V } from "./pattern.js";
import { makeBar, padName, paintPad } from "./cells.js";
import { make } from "./dom.js";
import { createHandles } from "./handles.js";
import { createHeads } from "./heads.js";
import { createPlayhead } from "./playhead.js";
import { listenToKeys } from "./grid-keys.js";
import { listenToPointers } from "./grid-pointers.js";
import { rove } from "./roving.js";

/** Between two pads, as in the style sheet. */
const GAP = 3;

class DrumGrid extends HTMLElement {
  bars = [];
  drawn = [];
  cursor = { step: 0, voice: 0 };
  /** Whether the cursor came to its pad by key: then Space toggles, otherwise it plays. */
  byKeys = false;

  connect(app) {
    this.app = app;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Pattern");
    this.buildSheet();
    this.heads = createHeads(app);
    this.append(this.heads.element, this.lanes);
    this.playhead = createPlayhead(this);
    this.handles = createHandles(this, app);
    this.ruler.append(this.numbers);
    listenToPointers(this, app);
    listenToKeys(this, app);
    app.selection.subscribe(() => this.markSelection());
    app.store.subscribe((doc) => this.render(doc));
    new ResizeObserver(() => this.place()).observe(this.measures);
    this.render(app.store.doc);
  }

  buildSheet() {
    this.ruler = make("div", { class: "ruler" });
    this.numbers = make("div", { role: "toolbar", "aria-label": "Bars" });
    rove(this.numbers);
    this.measures = make("div", { class: "measures" });
    this.frame = make("div", { class: "selection", hidden: true });
    this.measures.append(this.frame);
    this.lanes = make("div", { class: "lanes" }, make("div", { class: "sheet" }, this.ruler, this.measures));
  }

  render(doc) {
    this.setBars(doc.steps / STEPS_PER_BAR);
    for (let index = 0; index < doc.cells.length; index += 1) {
      const cell = doc.cells[index] ?? null;
      if (cell === (this.drawn[index] ?? null)) continue;
      paintPad(this.pad(index), Math.floor(index / V), index % V, cell, doc.locked[index % V]);
    }
    this.drawn = doc.cells;
    this.markRows(doc);
    this.heads.render(doc);
    this.clampCursor(doc.steps);
    this.place();
  }

  setBars(count) {
    if (this.bars.length === count) return;
    while (this.bars.length > count) this.bars.pop()?.element.remove();
    this.drawn = this.drawn.slice(0, this.bars.length * STEPS_PER_BAR * V);
    while (this.bars.length < count) {
      this.bars.push(makeBar(this.bars.length));
      this.measures.append(this.bars[this.bars.length - 1].element);
    }
    this.style.setProperty("--bars", String(count));
    this.numberBars();
    this.rows = undefined;
  }

  numberBars() {
    const number = (_, bar) =>
      make("button", { class: "bar-number", text: bar + 1, "aria-label": `Select bar ${bar + 1}`, onclick: () => this.selectBar(bar) });
    this.numbers.replaceChildren(...this.bars.map(number));
  }

  selectBar(bar) {
    const from = bar * STEPS_PER_BAR;
    const { value } = this.app.selection;
    const same = value?.from === from && value.to === from + STEPS_PER_BAR && value.voices.every(Boolean);
    this.app.selection.set(
      same ? null : { from, to: from + STEPS_PER_BAR, voices: Array(V).fill(true) },
    );
  }

  pad(index) {
    return this.bars[Math.floor(index / (STEPS_PER_BAR * V))].pads[index % (STEPS_PER_BAR * V)];
  }

  padAt(step, voice) {
    return this.pad(step * V + voice);
  }

  /** Locked and muted rows show it. */
  markRows(doc) {
    const rows = `${doc.locked} ${doc.muted} ${doc.soloed}`;
    if (rows === this.rows) return;
    this.rows = rows;
    const alone = doc.soloed.some(Boolean);
    for (let index = 0; index < doc.cells.length; index += 1) {
      const voice = index % V;
      const silent = doc.muted[voice] || (alone && !doc.soloed[voice]);
      const pad = this.pad(index);
      pad.classList.toggle("silent", silent);
      if (pad.classList.contains("locked") === doc.locked[voice]) continue;
      pad.classList.toggle("locked", doc.locked[voice]);
      pad.setAttribute("aria-label", padName(Math.floor(index / V), voice, doc.cells[index], doc.locked[voice]));
    }
  }

  /** Frame what is selected. */
  markSelection() {
    const selection = this.app.selection.value;
    const to = Math.min(selection?.to ?? 0, this.bars.length * STEPS_PER_BAR);
    const { frame } = this;
    frame.hidden = !selection || to <= selection.from;
    if (frame.hidden) return;
    const top = this.padAt(selection.from, selection.voices.lastIndexOf(true));
    const bottom = this.padAt(to - 1, selection.voices.indexOf(true));
    const left = this.x(selection.from, true);
    const place = { x: left, w: this.x(to - 1, true) + this.shape.pad - left, y: top.offsetTop, h: bottom.offsetTop + bottom.offsetHeight - top.offsetTop };
    for (const [name, value] of Object.entries(place)) frame.style.setProperty(`--${name}`, `${value}px`);
  }

  clampCursor(steps) {
    this.setCursor(Math.min(this.cursor.step, steps - 1), this.cursor.voice);
  }

  /** Move the one pad that Tab reaches. @param {number} step @param {number} voice */
  setCursor(step, voice) {
    this.querySelector('button[data-step][tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.cursor = { step, voice };
    this.padAt(step, voice).tabIndex = 0;
  }

  focusPad(step, voice) {
    this.setCursor(step, voice);
    const pad = this.padAt(step, voice);
    pad.focus({ preventScroll: true });
    this.reveal(step);
  }

  /** Mute, solo or lock the row that has the focus, if one has. @param {string} verb */
  switchRow(verb) {
    const focused = document.activeElement;
    const voice = this.measures.contains(focused) ? this.cursor.voice : this.heads.voiceOf(focused);
    if (voice !== null) this.app.status.say(this.heads.press(verb, voice));
  }

  /** Measure once per layout; handles and playhead are placed by it. */
  place() {
    if (!this.bars.length) return;
    const [first, second] = this.bars.map((bar) => bar.element);
    const between = second ? second.offsetLeft - first.offsetLeft - first.offsetWidth : 0;
    const pitch = (first.offsetWidth + GAP) / STEPS_PER_BAR;
    this.shape = { bar: first.offsetWidth, between, pitch, pad: pitch - GAP };
    [...this.numbers.children].forEach((number, bar) => {
      number.style.setProperty("--x", `${this.x(bar * STEPS_PER_BAR, true)}px`);
      number.classList.toggle("beside", this.app.store.doc.split === bar * STEPS_PER_BAR);
    });
    this.handles?.place();
    this.markSelection();
  }

  /** Where a step begins. @param {number} step @param {boolean} [inside] not the middle of the gap between bars */
  x(step, inside = false) {
    const { bar, between, pitch } = this.shape;
    const whole = Math.floor(step / STEPS_PER_BAR);
    const left = whole * (bar + between);
    const rest = step - whole * STEPS_PER_BAR;
    if (rest) return left + rest * pitch - (inside ? 0 : GAP / 2);
    return inside || !whole ? left : left - between / 2;
  }

  /** The boundary between steps that is nearest. @param {number} clientX */
  boundaryAt(clientX) {
    const x = clientX - this.measures.getBoundingClientRect().left;
    const { bar, between, pitch } = this.shape;
    const whole = Math.floor((x + between / 2) / (bar + between));
    const rest = (x - whole * (bar + between)) / pitch;
    return whole * STEPS_PER_BAR + Math.min(STEPS_PER_BAR, Math.max(0, Math.round(rest)));
  }

  /** Scroll a step into sight, sideways only. @param {number} step */
  reveal(step) {
    const { lanes } = this;
    const [left, right] = [this.x(step, true), this.x(step, true) + this.shape.pitch];
    if (left < lanes.scrollLeft) lanes.scrollLeft = left - GAP;
    else if (right > lanes.scrollLeft + lanes.clientWidth) lanes.scrollLeft = right - lanes.clientWidth + GAP;
  }

  /** Show the page of the grid a playing step is on. @param {number} step */
  follow(step) {
    const { lanes } = this;
    if (lanes.scrollWidth <= lanes.clientWidth + 1) return;
    const left = this.x(step, true);
    if (left < lanes.scrollLeft || left + this.shape.pitch > lanes.scrollLeft + lanes.clientWidth)
      lanes.scrollLeft = left;
  }
}

customElements.define("drum-grid", DrumGrid);
