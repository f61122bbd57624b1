/** Sections that fold open under the machine, one at a time. */

import { byId } from "./dom.js";

/** @param {Record<string, {opened?: () => void, closed?: () => void}>} calls by the button's id */
export function createDrawers(calls) {
  const ids = Object.keys(calls);

  function set(id, open) {
    const button = byId(id);
    if ((button.getAttribute("aria-expanded") === "true") === open) return;
    button.setAttribute("aria-expanded", String(open));
    byId(`${id}-drawer`).hidden = !open;
    calls[id][open ? "opened" : "closed"]?.();
  }

  for (const id of ids)
    byId(id).addEventListener("click", () => {
      const open = byId(id).getAttribute("aria-expanded") !== "true";
      for (const other of ids) set(other, other === id && open);
    });
}
