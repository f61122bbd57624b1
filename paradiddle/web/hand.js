/** Edits by hand, which say so where a lock keeps them from happening. */

import { heldBack } from "./edits.js";

export const LOCKED = "This is locked; unlock the row at its name to change it.";

/** @param {any} app @returns {(label: string, edit: (doc: any) => any) => boolean} whether a lock kept something back */
export function createHand({ store, status }) {
  return (label, edit) => {
    const before = store.doc;
    const held = heldBack(before, edit);
    store.edit(label, edit);
    if (held) status.say(store.doc === before ? LOCKED : "Locked rows stay as they are.");
    return held;
  };
}
