/**
 * Recent patterns, kept in the browser as share links.
 *
 * @typedef {{id: string, name: string, at: number, share: string}} Entry
 */

import { decode, encode } from "./share.js";

const KEY = "paradiddle.recent";
const MOST = 24;

/**
 * @param {() => Storage | Pick<Storage, "getItem" | "setItem">} open gives the storage, or throws
 * @param {() => number} [now]
 */
export function createRecent(open, now = Date.now) {
  let entries = read();

  function read() {
    try {
      const found = JSON.parse(open().getItem(KEY) ?? "[]");
      return Array.isArray(found) ? found.filter(whole).slice(0, MOST) : [];
    } catch {
      return [];
    }
  }

  function write(next) {
    entries = next;
    try {
      open().setItem(KEY, JSON.stringify(next));
    } catch {
      // full or forbidden: they last as long as the page
    }
  }

  return {
    /** Put a document first, once. @param {Doc} doc @param {string} name */
    add(doc, name) {
      const share = encode(doc);
      const others = read().length ? read() : entries;
      const id = `${now().toString(36)}-${share.slice(-6)}`;
      const entry = { id, name: name.slice(0, 80), at: now(), share };
      write([entry, ...others.filter((other) => other.share !== share)].slice(0, MOST));
      return entry.id;
    },
    /** Newest first; what cannot be read any more is left out. */
    list() {
      return entries.flatMap((entry) => {
        try {
          return [{ ...entry, doc: decode(entry.share) }];
        } catch {
          return [];
        }
      });
    },
    remove(id) {
      write(entries.filter((entry) => entry.id !== id));
    },
  };
}

const whole = (entry) =>
  typeof entry?.id === "string" &&
  typeof entry.share === "string" &&
  typeof entry.name === "string" &&
  Number.isFinite(entry.at);
