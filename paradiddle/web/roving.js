/** Toolbars: one Tab stop for all their buttons, among which the arrow keys move. */

const OFF = '[aria-disabled="true"]';
const usable = (button) => !button.matches(OFF) && button.checkVisibility();
const hasFocus = (button) => button === document.activeElement;

/** The button an arrow key leads to. @param {HTMLElement[][]} rows @param {HTMLElement} from */
function neighbour(rows, from, key) {
  const row = rows.findIndex((buttons) => buttons.includes(from));
  if (row < 0) return null;
  const column = rows[row].indexOf(from);
  const sideways = { ArrowLeft: column - 1, ArrowRight: column + 1, Home: 0, End: rows[row].length - 1 }[key];
  if (sideways !== undefined) return rows[row][sideways];
  const next = rows[{ ArrowUp: row - 1, ArrowDown: row + 1 }[key]];
  return next?.[Math.min(column, next.length - 1)];
}

/**
 * Tab reaches the button that was used last, or the first where that is not to be used now. A button
 * that goes out of use under the focus keeps it, and does nothing.
 * @param {HTMLElement} bar @param {() => Iterable<HTMLElement>} [rowsOf] between which up and down move
 */
export function rove(bar, rowsOf = () => [bar]) {
  const buttons = (row) => [...row.querySelectorAll("button")];
  const rows = () => [...rowsOf()].map((row) => buttons(row).filter((button) => usable(button) || hasFocus(button))).filter(({ length }) => length);

  function settle(chosen) {
    for (const button of buttons(bar)) button.tabIndex = button === chosen ? 0 : -1;
  }

  function mend() {
    const all = rows().flat();
    settle(all.find(({ tabIndex }) => tabIndex === 0) ?? all[0]);
  }

  bar.addEventListener("focusin", ({ target }) => settle(target));
  bar.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = neighbour(rows(), event.target, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  bar.addEventListener("focusout", () => setTimeout(mend));
  bar.addEventListener("click", (event) => event.target.closest(OFF) && event.stopPropagation(), true);
  new MutationObserver(mend).observe(bar, { childList: true, subtree: true, attributeFilter: ["aria-disabled"] });
  new ResizeObserver(mend).observe(bar);
}
