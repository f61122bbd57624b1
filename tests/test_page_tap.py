"""Tap: a rhythm on one key, played by the whole kit."""

from contextlib import closing

import pytest
from attempts import attempts
from pages import (
    KICK,
    Page,
    Visit,
    browser,
    cells_of,
    expect,
    greeted,
    lock_all,
    pattern_of,
    press,
    said,
    server,
    set_tempo,
    visit,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


LIT = """[...document.querySelectorAll(".lamps i")]
    .flatMap((lamp, step) => (lamp.matches(".on") ? [step] : []))"""
TAP = 'document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }))'


def tap(page: Page, *gaps: float) -> None:
    """Tap a rhythm, given the ms between its taps, by a clock that nothing holds up."""
    page.evaluate(
        f"""(gaps) => {{
            let now = performance.now();
            performance.now = () => now;
            for (const gap of [0, ...gaps]) {{
                now += gap;
                {TAP};
            }}
            delete performance.now;
        }}""",
        gaps,
    )


def test_a_tapped_rhythm_comes_back_on_a_whole_kit(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Tap")
    press(page, "Kit")
    said(page, "Tap a rhythm first")
    tap(page, 240, 120, 120, 240, 240, 240, 120, 120)
    assert page.evaluate(LIT) == [0, 2, 3, 4, 6, 8, 10, 11, 12]
    page.get_by_role("textbox", name="Seed").fill("2026")
    press(page, "Kit")
    said(page, "Your rhythm, on a kit")
    assert len({voice for _, voice in cells_of(page)}) >= 3


def test_a_tapped_rhythm_keeps_the_length_and_the_locked_rows(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Double")
    press(page, "lock kick")
    kicks = pattern_of(page)["cells"][KICK::9]
    press(page, "Tap")
    tap(page, 240, 240, 240, 240)
    press(page, "Kit")
    said(page, "Your rhythm, on a kit")
    doc = pattern_of(page)
    assert doc["steps"] == 64
    assert doc["cells"][KICK::9] == kicks
    rest = [[bool(cell) for cell in doc["cells"][voice::9]] for voice in range(1, 9)]
    assert all(row[:32] == row[32:] for row in rest)
    assert any(map(any, rest))


# Sound is heard one step of the slowest tempo after it is made.
LATE_SOUND = """
AudioContext.prototype.getOutputTimestamp = () => ({});
Object.defineProperty(AudioContext.prototype, "outputLatency", { get: () => 0.75 });
"""


# Taps as the playhead moves on; gives where it is, and what that lit.
FOLLOW = f"""() => new Promise((done) => {{
    const column = document.querySelector(".playhead");
    const moved = () => {{
        const step = Number(column.dataset.step);
        if (!(step >= 2)) return;
        observer.disconnect();
        {TAP};
        done([step, {LIT}]);
    }};
    const observer = new MutationObserver(moved);
    observer.observe(column, {{ attributeFilter: ["data-step"] }});
}})"""


def test_a_tap_lies_where_the_playhead_is_seen(visit: Visit) -> None:
    def trial() -> None:
        with closing(greeted(visit(scripts=(LATE_SOUND,)))) as page:
            set_tempo(page, 20)
            press(page, "Tap")
            press(page, "Play")
            step, lit = page.evaluate(FOLLOW)
            assert lit == [step]

    attempts(trial)


@pytest.mark.parametrize("keys", ["Control+j", "Alt+j", "Meta+j"])
def test_a_shortcut_of_the_browser_is_no_tap(visit: Visit, keys: str) -> None:
    page = greeted(visit())
    press(page, "Tap")
    page.evaluate(
        """([key, modifier]) => document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key, [`${modifier}Key`]: true, bubbles: true }))""",
        ["j", keys.partition("+")[0].lower().replace("control", "ctrl")],
    )
    expect(page.locator(".lamps i.on")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator(".lamps i.on")).to_have_count(1)


def test_with_every_row_locked_nothing_is_asked(visit: Visit) -> None:
    page = greeted(visit())
    lock_all(page)
    before = pattern_of(page)
    press(page, "Tap")
    page.keyboard.press("j")
    press(page, "Kit")
    said(page, "Every row is locked")
    assert pattern_of(page) == before
