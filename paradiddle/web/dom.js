/** Small helpers around the document. */

/** @param {string} id @returns {any} the element of this id */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `text` sets the text, `onclick` and the like listen
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = String(value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon on a 24 by 24 field. @param {string} path */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

export const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

/** Say whether a button of a toolbar can be used; one that cannot keeps the focus. */
export function allow(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

/** Show how far a range is moved. @param {HTMLInputElement} range */
function fillTrack(range) {
  const [low, high] = [Number(range.min), Number(range.max)];
  range.style.setProperty("--fill", `${((Number(range.value) - low) / (high - low)) * 100}%`);
}

/**
 * Wire a range: its words beside it, its value to `change`.
 * @param {string} id @param {(value: number) => string} words @param {(value: number) => void} [change]
 * @returns {{show(value: number): void, value(): number}}
 */
export function dial(id, words, change) {
  const range = byId(id);
  const output = byId(`${id}-value`);
  const show = () => {
    output.textContent = words(Number(range.value));
    range.setAttribute("aria-valuetext", words(Number(range.value)));
    fillTrack(range);
  };
  range.addEventListener("input", () => {
    show();
    change?.(Number(range.value));
  });
  show();
  return {
    show(value) {
      range.value = String(value);
      show();
    },
    value: () => Number(range.value),
  };
}

/** Hand a blob to the person as a file. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {EventTarget | null} target whether typing goes there */
export function takesText(target) {
  const element = target;
  if (!element?.matches) return false;
  return element.matches("textarea, select, input:not([type=range]):not([type=checkbox])");
}
