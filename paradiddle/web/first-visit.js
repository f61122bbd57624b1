/** What is on the grid when the page opens: the link's music, this tab's last one, or a new pattern. */

import { emptyDoc, fromPattern, STEPS_PER_BAR, VOICES } from "./pattern.js";
import { decode, encode } from "./share.js";

const KEY = "paradiddle.tab";
const BARS = 2;
const QPM = 101;
/** Two bars of funk that are worth a first look. */
const SEED = 204;

/** A plain beat for when nobody answers: kick, snare and hats. */
function plainBeat() {
  const hits = [];
  for (let bar = 0; bar < BARS; bar += 1) {
    const from = bar * STEPS_PER_BAR;
    for (const step of bar ? [0, 7, 10] : [0, 6, 10]) hits.push([from + step, 0, step ? 0.75 : 0.95, 0]);
    for (const step of [4, 12]) hits.push([from + step, 1, 0.9, 0]);
    for (let step = 0; step < STEPS_PER_BAR; step += 2) hits.push([from + step, 2, step % 4 ? 0.4 : 0.65, 0]);
  }
  return { format: 1, qpm: QPM, steps_per_quarter: 4, quarters_per_bar: 4, steps: BARS * STEPS_PER_BAR, voices: [...VOICES], hits };
}

/** The text of a share link, if the address holds one. */
export function linkText() {
  const found = new URLSearchParams(location.hash.slice(1)).get("p");
  return found || null;
}

/** What this tab kept before it was reloaded. */
function keptInTab() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** What this tab showed; a link that is opened anew comes first. */
function lastOf({ hash, share }) {
  try {
    const [{ type }] = performance.getEntriesByType("navigation");
    const reopened = type === "navigate" && linkText();
    return share && hash === location.hash && !reopened ? decode(share) : null;
  } catch {
    return null;
  }
}

/** Keep what this tab shows and what is wished for, for a reload. */
export function keepInTab(store, wishes) {
  const keep = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ hash: location.hash, share: encode(store.doc), wished: wishes.kept() }));
    } catch {
      // forbidden storage: a reload starts anew
    }
  };
  window.addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);
}

/** @returns {{doc: any, wished: any, fresh: boolean, wrong: Error | null}} `fresh`: nothing was there before */
export function firstDoc() {
  const text = linkText();
  const kept = keptInTab();
  const { wished } = kept;
  const last = lastOf(kept);
  let wrong = null;
  if (last) return { doc: last, wished, fresh: false, wrong };
  try {
    if (text) return { doc: decode(text), wished, fresh: false, wrong };
  } catch (error) {
    wrong = error;
  }
  const base = { ...emptyDoc(BARS), split: STEPS_PER_BAR };
  return { doc: fromPattern(plainBeat(), { base }), wished, fresh: true, wrong };
}

/** A first pattern from the machine, and its seed. */
export async function greet(api) {
  const { patterns, seed } = await api.generate({ style: "funk", bars: BARS, qpm: QPM, seed: SEED });
  return { pattern: patterns[0], seed: seed ?? SEED };
}

