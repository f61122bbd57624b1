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
  /** What no storage took: it lasts as long as the page. @type {Entry[] | null} */
  let unwritten = null;

  function read() {
    try {
      const found = JSON.parse(open().getItem(KEY) ?? "[]");
      return Array.isArray(found) ? found.filter(whole).slice(0, MOST) : [];
    } catch {
      return [];
    }
  }

  function write(next) {
    try {
      open().setItem(KEY, JSON.stringify(next));
      unwritten = null;
    } catch {
      unwritten = next;
    }
  }

  /** Those of all tabs. */
  const entries = () => unwritten ?? read();

  return {
    /** Put a document first, once. @param {Doc} doc @param {string} name */
    add(doc, name) {
      const share = encode(doc);
      const id = `${now().toString(36)}-${share.slice(-6)}`;
      const entry = { id, name: name.slice(0, 80), at: now(), share };
      write([entry, ...entries().filter((other) => other.share !== share)].slice(0, MOST));
      return entry.id;
    },
    /** Newest first; what cannot be read any more is left out. */
    list() {
      return entries().flatMap((entry) => {
        try {
          return [{ ...entry, doc: decode(entry.share) }];
        } catch {
          return [];
        }
      });
    },
    remove(id) {
      write(entries().filter((entry) => entry.id !== id));
    },
  };
}

const whole = (entry) =>
  typeof entry?.id === "string" &&
  typeof entry.share === "string" &&
  typeof entry.name === "string" &&
  Number.isFinite(entry.at);
