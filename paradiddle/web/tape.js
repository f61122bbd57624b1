/** The drummer's notes on a strip that scrolls by. */

import { STEPS_PER_BAR, V } from "./pattern.js";

/** Where on the strip "now" is, and how many steps it shows on a wide one. */
const NOW = 0.3;
const STEP_WIDTH = 13;
const TAU = Math.PI * 2;

export function createTape(canvas) {
  const pen = canvas.getContext("2d");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let colours = readColours();

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return { note: read("--blue"), text: read("--soft"), line: read("--hair"), now: read("--ink") };
  }

  /** Match the canvas to the screen's pixels. */
  function fit() {
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    return { width, height };
  }

  function origin(position, width) {
    const seen = still.matches ? Math.floor(position / STEPS_PER_BAR) * STEPS_PER_BAR : position;
    return width * (still.matches ? 0.02 : NOW) - seen * STEP_WIDTH;
  }

  function drawBars(left, width, height) {
    const first = Math.max(0, Math.floor(-left / STEP_WIDTH / STEPS_PER_BAR));
    pen.font = "11px system-ui, sans-serif";
    for (let bar = first; left + bar * STEPS_PER_BAR * STEP_WIDTH < width; bar += 1) {
      const x = Math.round(left + bar * STEPS_PER_BAR * STEP_WIDTH);
      pen.fillStyle = colours.line;
      pen.fillRect(x, 0, 1, height);
      pen.fillStyle = colours.text;
      pen.fillText(String(bar + 1), x + 5, 11);
    }
  }

  /** @param {number} x @param {number} height @param {number} age steps since it sounded */
  function drawNote(note, x, height, age) {
    const lit = age >= 0 && age < 1.2;
    const y = height - ((note.voice + 0.5) / V) * (height - 18) - 2;
    pen.globalAlpha = age >= 0 ? (lit ? 1 : 0.35) : 0.45 + 0.55 * note.velocity;
    pen.fillStyle = colours.note;
    pen.beginPath();
    pen.arc(x, y, 1.6 + 2.6 * note.velocity + (lit ? 1.4 : 0), 0, TAU);
    pen.fill();
    pen.globalAlpha = 1;
  }

  return {
    recolour: () => (colours = readColours()),
    /** @param {{when: number, voice: number, velocity: number}[]} notes @param {number} position in steps */
    draw(notes, position) {
      const { width, height } = fit();
      const left = origin(position, width);
      pen.clearRect(0, 0, width, height);
      drawBars(left, width, height);
      for (const note of notes) {
        const x = left + note.when * STEP_WIDTH;
        if (x > -10 && x < width + 10) drawNote(note, x, height, position - note.when);
      }
      pen.fillStyle = colours.now;
      pen.globalAlpha = 0.5;
      pen.fillRect(Math.round(left + position * STEP_WIDTH), 0, 1, height);
      pen.globalAlpha = 1;
    },
    /** The step under a point. @param {number} clientX @param {number} position */
    stepAt(clientX, position) {
      const box = canvas.getBoundingClientRect();
      return (clientX - box.left - origin(position, box.width)) / STEP_WIDTH;
    },
  };
}
