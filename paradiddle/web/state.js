/**
 * The store: the current document, and undo and redo of every edit.
 *
 * @typedef {(doc: Doc) => Doc} Edit
 * @typedef {(doc: Doc, label: string) => void} Listener
 * @typedef {{update(edit: (doc: Doc, before: Doc) => Doc): void, end(): void, cancel(): void}} Gesture
 */

const DEPTH = 5000; // documents share their cells, so that this many weigh little

export function createStore(first) {
  let doc = first;
  const past = [];
  let future = [];
  let open = null;
  const listeners = new Set();

  function show(next, label) {
    if (next === doc) return;
    doc = next;
    for (const listener of [...listeners]) listener(doc, label);
  }

  function remember(label, before) {
    past.push({ label, doc: before });
    if (past.length > DEPTH) past.shift();
    future = [];
  }

  function edit(label, change) {
    open?.end();
    const before = doc;
    const next = change(before);
    if (next === before) return;
    remember(label, before);
    show(next, label);
  }

  function gesture(label) {
    open?.end();
    const before = doc;
    let live = true;
    function close() {
      if (!live) return false;
      live = false;
      open = null;
      return true;
    }
    const drag = {
      update(change) {
        if (live) show(change(doc, before), label);
      },
      end() {
        if (close() && doc !== before) remember(label, before);
      },
      cancel() {
        if (close()) show(before, label);
      },
    };
    open = drag;
    return drag;
  }

  function undo() {
    open?.end();
    const entry = past.pop();
    if (!entry) return;
    future.push({ label: entry.label, doc });
    show(entry.doc, `Undo ${entry.label}`);
  }

  function redo() {
    open?.end();
    const entry = future.pop();
    if (!entry) return;
    past.push({ label: entry.label, doc });
    show(entry.doc, `Redo ${entry.label}`);
  }

  return {
    get doc() {
      return doc;
    },
    get canUndo() {
      return past.length > 0 || open !== null;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** What undo and redo would take back and bring back. */
    get labels() {
      return { undo: past.at(-1)?.label ?? null, redo: future.at(-1)?.label ?? null };
    },
    edit,
    gesture,
    undo,
    redo,
    /** Show another document without an entry for undo. @param {Doc} next */
    replace(next) {
      open?.end();
      show(next, "Replace");
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
