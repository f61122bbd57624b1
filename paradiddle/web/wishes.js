/** What is asked of the machine besides the pattern: style, temperature, density, seed. */

import { setQpm } from "./edits.js";
import { byId, dial, isPressed, press } from "./dom.js";

/** Candidate k plays seed + k, which must stay a whole number. */
const HIGHEST_SEED = 2 ** 53 - 1 - 16;

function option({ name, qpm, few }) {
  const element = new Option(`${name} · ${Math.round(qpm)} bpm${few ? " · rare" : ""}`, name);
  if (few) element.title = "few recordings: the machine knows this style less well";
  return element;
}

export function createWishes({ store, status, byPointer }) {
  const style = byId("style");
  const seed = byId("seed");
  const dice = byId("dice");
  const temperature = dial("temperature", (value) => value.toFixed(1));
  const density = dial("density", (value) => (value ? value.toFixed(2) : "auto"));
  const amount = dial("amount", (value) => `${value} %`);
  const dials = [temperature, density, amount];
  const usual = new Map();

  style.addEventListener("change", () => {
    const qpm = usual.get(style.value);
    if (qpm) {
      store.edit(`style ${style.value}`, (doc) => setQpm(doc, Math.round(qpm)));
      status.say(`${style.value}, at its usual ${Math.round(qpm)} bpm.`);
    }
    if (byPointer()) style.blur();
  });
  dice.addEventListener("click", () => press(dice, !isPressed(dice)));
  seed.addEventListener("keydown", (event) => event.key === "Enter" && seed.blur());
  seed.addEventListener("input", () => {
    seed.value = seed.value.replace(/\D/g, "");
    press(dice, !seed.value);
  });

  function wantedSeed() {
    if (isPressed(dice) || !seed.value) return null;
    return Math.min(Number(seed.value), HIGHEST_SEED);
  }

  return {
    offer(styles) {
      const chosen = style.value;
      style.replaceChildren(style.options[0], ...styles.map(option));
      for (const { name, qpm } of styles) usual.set(name, qpm);
      style.value = usual.has(chosen) ? chosen : "";
    },
    /** What is set, for a reload. */
    kept: () => ({ style: style.value, seed: seed.value, dice: isPressed(dice), dials: dials.map((one) => one.value()) }),
    /**
     * What is not as `kept` gives it is left as it was.
     * @param {any} wished its style is there even if no server offers any
     */
    recall(wished) {
      const { style: name, seed: digits, dice: lit, dials: values } = wished ?? {};
      if (name && typeof name === "string") style.add(new Option(name, name, false, true));
      if (/^\d{0,16}$/.test(digits)) seed.value = digits;
      if (typeof lit === "boolean") press(dice, lit);
      dials.forEach((one, at) => Number.isFinite(values?.[at]) && one.show(values[at]));
    },
    /** Fields of a question. */
    fields() {
      return {
        style: style.value || null,
        temperature: temperature.value(),
        density: density.value() || null,
        seed: wantedSeed(),
      };
    },
    amount: () => amount.value() / 100,
    /** @param {number} value the seed that was played with */
    showSeed(value) {
      seed.value = String(value);
    },
    setStyle(name) {
      if (usual.has(name)) style.value = name;
    },
  };
}
