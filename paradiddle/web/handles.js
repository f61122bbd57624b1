/** The pink arrow between seed and continuation, and the handle at the end. */

import { MAX_BARS, STEPS_PER_BAR, clamp } from "./pattern.js";
import { setBars, setSplit } from "./edits.js";
import { icon, make } from "./dom.js";

const ARROW = "M2 8.5h10V3l10 9-10 9v-5.5H2z";
/** How far to drag beyond the end for one bar more. */
const PULL = 56;

const bars = (count) => `${count} ${count === 1 ? "bar" : "bars"}`;

function splitWords(step) {
  const rest = step % STEPS_PER_BAR;
  const whole = bars(Math.floor(step / STEPS_PER_BAR));
  return rest ? `after ${whole} and ${rest} steps` : `after ${whole}`;
}

function makeSlider(name, className) {
  return make("div", { class: className, role: "slider", tabindex: "0", "aria-label": name });
}

/** Follow a drag from its press to its release. */
function drags(handle, { start, move, end }) {
  handle.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    handle.classList.add("dragged");
    start(event);
  });
  handle.addEventListener("pointermove", (event) => {
    if (handle.hasPointerCapture(event.pointerId)) move(event);
  });
  const release = (event, kept) => {
    if (!handle.classList.contains("dragged")) return;
    handle.classList.remove("dragged");
    end(event, kept);
  };
  handle.addEventListener("pointerup", (event) => release(event, true));
  handle.addEventListener("pointercancel", (event) => release(event, false));
}

function createArrow(grid, { store }) {
  const arrow = makeSlider("Seed ends here", "arrow-handle");
  arrow.append(icon(ARROW));
  let gesture = null;
  drags(arrow, {
    start: () => (gesture = store.gesture("move the arrow")),
    move: (event) => {
      const near = grid.boundaryAt(event.clientX);
      const step = event.altKey ? near : Math.round(near / 4) * 4;
      gesture.update((doc) => setSplit(doc, clamp(step, 0, doc.steps)));
    },
    end: (_event, kept) => (kept ? gesture.end() : gesture.cancel()),
  });
  arrow.addEventListener("keydown", (event) => {
    const { split, steps } = store.doc;
    const by = event.shiftKey ? STEPS_PER_BAR : event.altKey ? 1 : 4;
    const to = { ArrowLeft: split - by, ArrowDown: split - by, ArrowRight: split + by, ArrowUp: split + by, Home: 0, End: steps,
      PageUp: split + STEPS_PER_BAR, PageDown: split - STEPS_PER_BAR }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    store.edit("move the arrow", (doc) => setSplit(doc, clamp(to, 0, steps)));
  });
  return arrow;
}

/** @param {HTMLElement} cut what would be cut away */
function createEnd(grid, { store }, cut) {
  const end = makeSlider("Pattern length in bars", "end-handle");
  const bubble = make("span", { class: "bubble", hidden: true });
  end.append(bubble);
  let from = 0;
  let wanted = 1;
  const count = () => store.doc.steps / STEPS_PER_BAR;
  const apply = (value) => {
    if (value !== count()) store.edit(`make it ${bars(value)}`, (doc) => setBars(doc, value));
  };

  function preview(event) {
    const beyond = event.clientX - from;
    const near = Math.ceil((grid.boundaryAt(event.clientX) - STEPS_PER_BAR / 2) / STEPS_PER_BAR);
    wanted = clamp(beyond > 0 ? count() + Math.round(beyond / PULL) : near, 1, MAX_BARS);
    bubble.textContent = bars(wanted);
    cut.hidden = wanted >= count();
    cut.style.setProperty("--x", `${grid.x(wanted * STEPS_PER_BAR)}px`);
  }

  drags(end, {
    start: (event) => {
      from = event.clientX;
      wanted = count();
      bubble.hidden = false;
      bubble.textContent = bars(wanted);
    },
    move: preview,
    end: (_event, kept) => {
      bubble.hidden = cut.hidden = true;
      if (kept) apply(wanted);
    },
  });
  end.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: count() - 1, ArrowDown: count() - 1, ArrowRight: count() + 1, ArrowUp: count() + 1, Home: 1, End: MAX_BARS }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    apply(clamp(to, 1, MAX_BARS));
  });
  return end;
}

function describe(slider, low, high, now, words) {
  for (const [name, value] of Object.entries({ valuemin: low, valuemax: high, valuenow: now, valuetext: words }))
    slider.setAttribute(`aria-${name}`, String(value));
}

export function createHandles(grid, app) {
  const ribbon = make("div", { class: "ribbon" });
  const line = make("div", { class: "split-line" });
  const cut = make("div", { class: "cut", hidden: true });
  const arrow = createArrow(grid, app);
  const end = createEnd(grid, app, cut);
  grid.ruler.append(ribbon, arrow, end);
  grid.measures.append(line, cut);
  return {
    place() {
      const { split, steps } = app.store.doc;
      grid.style.setProperty("--split", `${grid.x(split)}px`);
      grid.style.setProperty("--end", `${grid.x(steps - STEPS_PER_BAR, true) + grid.shape.bar}px`);
      describe(arrow, 0, steps, split, splitWords(split));
      describe(end, 1, MAX_BARS, steps / STEPS_PER_BAR, bars(steps / STEPS_PER_BAR));
    },
  };
}
