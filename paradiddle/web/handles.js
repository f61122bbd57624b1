/** The pink arrow between seed and continuation, and the handle at the end. */

import { MAX_BARS, STEPS_PER_BAR, clamp } from "./pattern.js";
import { setBars, setSplit } from "./edits.js";
import { icon, make } from "./dom.js";

const ARROW = "M2 8.5h10V3l10 9-10 9v-5.5H2z";
/** How far to drag beyond the end for one bar more. */
const PULL = 56;
/** How near to an edge a drag scrolls, after how long, and by how much a tick. */
const EDGE = 30;
const REST_MS = 400;
const TICK_MS = 16;
const SCROLL = 7;
const CREEP = 2;
const SLACK = 3;
/** What the arrow covers from where it points. */
const ARROW_WIDTH = 36;

const bars = (count) => `${count} ${count === 1 ? "bar" : "bars"}`;

function splitWords(step) {
  const rest = step % STEPS_PER_BAR;
  const whole = bars(Math.floor(step / STEPS_PER_BAR));
  return rest ? `after ${whole} and ${rest} steps` : `after ${whole}`;
}

function makeSlider(name, className) {
  return make("div", { class: className, role: "slider", tabindex: "0", "aria-label": name });
}

/**
 * Follow a drag from its press to its release. Near the edge of the lanes, or of the screen, they
 * scroll along; where they are at their end, the drag goes on by `rested`, in px.
 */
function drags(lanes, handle, { start, move, end }) {
  let [x, from, scrolled, rested, resting, timer] = [0, 0, 0, 0, 0, 0];
  let [event, moved] = [null, false];

  const go = () => move(event, x - from + lanes.scrollLeft - scrolled + rested);

  function creep() {
    const { left, right } = lanes.getBoundingClientRect();
    const way = x > Math.min(right, innerWidth) - EDGE ? 1 : x < Math.max(left, 0) + EDGE ? -1 : 0;
    resting = way && moved ? resting + TICK_MS : 0;
    if (resting < REST_MS) return;
    const before = lanes.scrollLeft;
    lanes.scrollLeft += way * SCROLL;
    if (lanes.scrollLeft === before) rested = Math.max(0, rested + way * CREEP);
    go();
  }

  handle.addEventListener("pointerdown", (press) => {
    if (press.button || handle.classList.contains("dragged")) return; // a second finger drags nothing
    press.preventDefault();
    handle.setPointerCapture(press.pointerId);
    handle.focus({ preventScroll: true });
    handle.classList.add("dragged");
    start(press);
    [event, x, from, scrolled, rested, resting, moved] = [press, press.clientX, press.clientX, lanes.scrollLeft, 0, 0, false];
    timer = setInterval(creep, TICK_MS);
  });
  handle.addEventListener("pointermove", (now) => {
    if (!handle.hasPointerCapture(now.pointerId)) return;
    if (Math.abs(now.clientX - x) > SLACK) resting = 0;
    [event, x] = [now, now.clientX];
    moved ||= Math.abs(x - from) > SLACK;
    if (moved) go();
  });
  const release = (kept) => ({ pointerId }) => {
    if (pointerId !== event?.pointerId || !handle.classList.contains("dragged")) return;
    clearInterval(timer);
    handle.classList.remove("dragged");
    end(kept, moved);
  };
  handle.addEventListener("pointerup", release(true));
  handle.addEventListener("pointercancel", release(false));
}

function createArrow(grid, { store }) {
  const arrow = makeSlider("Seed ends here", "arrow-handle");
  arrow.append(icon(ARROW));
  let gesture = null;
  /** Scroll to the arrow where it is out of sight. */
  function seek() {
    if (arrow.classList.contains("away")) grid.lanes.scrollLeft = grid.x(store.doc.split) - grid.lanes.clientWidth / 2;
  }
  drags(grid.lanes, arrow, {
    start: () => (gesture = store.gesture("move the arrow")),
    move: (event) => {
      const near = grid.boundaryAt(event.clientX);
      const step = event.altKey ? near : Math.round(near / 4) * 4;
      gesture.update((doc) => setSplit(doc, clamp(step, 0, doc.steps)));
    },
    end: (kept, moved) => {
      if (kept) gesture.end();
      else gesture.cancel();
      if (!moved) seek();
    },
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
    seek();
  });
  return arrow;
}

/** @param {HTMLElement} cut what would be cut away */
function createEnd(grid, { store }, cut) {
  const end = makeSlider("Pattern length in bars", "end-handle");
  const bubble = make("span", { class: "bubble", hidden: true });
  end.append(bubble);
  let wanted = 1;
  const count = () => store.doc.steps / STEPS_PER_BAR;
  const apply = (value) => {
    if (value !== count()) store.edit(`make it ${bars(value)}`, (doc) => setBars(doc, value));
  };

  function preview({ clientX }, beyond) {
    const near = Math.ceil((grid.boundaryAt(clientX) - STEPS_PER_BAR / 2) / STEPS_PER_BAR);
    wanted = clamp(beyond > 0 ? count() + Math.round(beyond / PULL) : near, 1, MAX_BARS);
    bubble.textContent = bars(wanted);
    cut.hidden = wanted >= count();
    cut.style.setProperty("--x", `${grid.x(wanted * STEPS_PER_BAR)}px`);
  }

  drags(grid.lanes, end, {
    start: () => {
      wanted = count();
      if (end.classList.contains("away")) grid.lanes.scrollLeft = grid.lanes.scrollWidth;
      bubble.hidden = false;
      bubble.textContent = bars(wanted);
    },
    move: preview,
    end: (kept) => {
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
  let edge = 0; // where the end handle belongs

  function show(handle, name, at, seen) {
    handle.classList.toggle("away", seen !== at && !handle.classList.contains("dragged"));
    grid.style.setProperty(name, `${seen}px`);
  }

  /** Out of sight, a handle waits at the edge it went over. */
  function findHandles() {
    const { scrollLeft, clientWidth, scrollWidth } = grid.lanes;
    const right = scrollLeft + clientWidth;
    const at = grid.x(app.store.doc.split);
    const { offsetWidth: width } = end;
    const seen = Math.min(edge, right - width);
    show(end, "--end-at", edge, seen);
    show(arrow, "--arrow", at, clamp(at, scrollLeft, right - ARROW_WIDTH - (seen < edge ? width : 0)));
    grid.classList.toggle("more", edge > right && scrollWidth > clientWidth);
  }
  grid.lanes.addEventListener("scroll", findHandles);
  new ResizeObserver(findHandles).observe(end);
  return {
    place() {
      const { split, steps } = app.store.doc;
      grid.style.setProperty("--split", `${grid.x(split)}px`);
      const width = grid.x(steps - STEPS_PER_BAR, true) + grid.shape.bar;
      grid.style.setProperty("--end", `${width}px`);
      edge = Math.max(width, grid.x(split) + ARROW_WIDTH);
      findHandles();
      describe(arrow, 0, steps, split, splitWords(split));
      describe(end, 1, MAX_BARS, steps / STEPS_PER_BAR, bars(steps / STEPS_PER_BAR));
    },
  };
}
