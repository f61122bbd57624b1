"""The grid under hands: mouse, keys, undo and redo, and every button that edits."""

import re

import pytest
from pages import (
    CLOSED_HAT,
    KICK,
    SNARE,
    Cells,
    Page,
    Visit,
    begin_empty,
    browser,
    cells_of,
    drag,
    expect,
    greeted,
    pad,
    pattern_of,
    press,
    said,
    server,
    set_range,
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser

HIT = (pytest.approx(0.8), 0, "you")


def draw(page: Page, *places: tuple[int, int]) -> Cells:
    for step, voice in places:
        pad(page, step, voice).click()
    return cells_of(page)


def test_a_click_lights_a_pad_and_another_darkens_it(visit: Visit) -> None:
    page = begin_empty(visit())
    assert draw(page, (4, SNARE)) == {(4, SNARE): HIT}
    expect(pad(page, 4, SNARE)).to_have_attribute("data-by", "you")
    assert draw(page, (4, SNARE)) == {}
    draw(page, (4, SNARE))
    pad(page, 4, SNARE).click(button="right")
    assert cells_of(page) == {}


def test_undo_and_redo_take_back_and_bring_back_everything(visit: Visit) -> None:
    page = greeted(visit())
    begin = pattern_of(page)
    states = [begin]
    for change in (
        lambda: pad(page, 1, KICK).click(),
        lambda: press(page, "mute snare"),
        lambda: set_range(page, "Swing", 60),
        lambda: press(page, "Double"),
        lambda: press(page, "Clear"),
        lambda: page.get_by_role("slider", name="Seed ends here").press("ArrowLeft"),
    ):
        change()
        states.append(pattern_of(page))
        assert states[-1] != states[-2]
    for state in reversed(states[:-1]):
        press(page, "Undo")
        assert pattern_of(page) == state
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    for state in states[1:]:
        page.keyboard.press("Control+Shift+Z")
        assert pattern_of(page) == state
    expect(page.get_by_role("button", name="Redo", exact=True)).to_be_disabled()


def test_a_stroke_paints_or_erases_and_is_one_edit(visit: Visit) -> None:
    page = begin_empty(visit())
    width = pad(page, 1, 2).bounding_box()["x"] - pad(page, 0, 2).bounding_box()["x"]
    drag(page, pad(page, 0, CLOSED_HAT), (7 * width, 0))
    assert cells_of(page) == {(step, CLOSED_HAT): HIT for step in range(8)}
    drag(page, pad(page, 2, CLOSED_HAT), (3 * width, 0))
    assert {step for step, _ in cells_of(page)} == {0, 1, 6, 7}
    press(page, "Undo")
    press(page, "Undo")
    assert cells_of(page) == {}


def test_a_vertical_stroke_sets_velocity_and_alt_drags_the_timing(visit: Visit) -> None:
    page = begin_empty(visit())
    draw(page, (4, SNARE))
    drag(page, pad(page, 4, SNARE), (0, 56))
    velocity, offset, _ = cells_of(page)[4, SNARE]
    assert (velocity, offset) == (pytest.approx(0.4, abs=0.02), 0)
    loud = pad(page, 4, SNARE).evaluate("pad => pad.style.getPropertyValue('--v')")
    assert float(loud) == pytest.approx(velocity, abs=1e-3)
    page.keyboard.down("Alt")
    drag(page, pad(page, 4, SNARE), (-12, 0))
    page.keyboard.up("Alt")
    assert -0.5 <= cells_of(page)[4, SNARE][1] < -0.05
    place = pad(page, 4, SNARE).evaluate("pad => pad.style.getPropertyValue('--o')")
    assert float(place) < 0


def test_copy_and_paste_take_a_part_elsewhere(visit: Visit) -> None:
    page = begin_empty(visit())
    draw(page, (0, KICK), (4, SNARE), (10, KICK))
    press(page, "Select bar 1")
    press(page, "Copy")
    said(page, "Copied 3 hits")
    page.keyboard.press("Escape")
    pad(page, 16, KICK).focus()
    press(page, "Paste")
    both = {(0, KICK), (4, SNARE), (10, KICK)}
    assert set(cells_of(page)) == both | {(step + 16, voice) for step, voice in both}
    page.keyboard.press("Control+Z")
    assert set(cells_of(page)) == both


def test_shift_falls_off_and_rotate_comes_back(visit: Visit) -> None:
    page = begin_empty(visit())
    draw(page, (0, KICK), (31, SNARE))
    press(page, "Rotate right")
    assert set(cells_of(page)) == {(1, KICK), (0, SNARE)}
    press(page, "Rotate left")
    assert set(cells_of(page)) == {(0, KICK), (31, SNARE)}
    press(page, "Shift right")
    assert set(cells_of(page)) == {(1, KICK)}
    press(page, "Undo")
    press(page, "Shift left")
    assert set(cells_of(page)) == {(30, SNARE)}


def test_double_halve_and_the_number_of_bars(visit: Visit) -> None:
    page = begin_empty(visit())
    draw(page, (0, KICK), (20, SNARE))
    press(page, "Double")
    assert set(cells_of(page)) == {(0, KICK), (20, SNARE), (32, KICK), (52, SNARE)}
    expect(page.locator("#bars")).to_have_text("4 bars")
    press(page, "Halve")
    press(page, "Halve")
    assert (set(cells_of(page)), pattern_of(page)["steps"]) == ({(0, KICK)}, 16)
    expect(page.get_by_role("button", name="Halve")).to_be_disabled()
    press(page, "One bar more")
    assert pattern_of(page)["steps"] == 32
    for _ in range(2):
        press(page, "Double")
    expect(page.get_by_role("button", name="Double")).to_be_disabled()
    expect(page.get_by_role("button", name="One bar more")).to_be_disabled()
    assert pad(page, 127, KICK).count() == 1


def test_swing_and_tempo_are_edits(visit: Visit) -> None:
    page = greeted(visit())
    set_range(page, "Swing", 66)
    assert pattern_of(page)["swing"] == 0.66
    expect(page.get_by_role("slider", name="Swing")).to_have_attribute("aria-valuetext", "66 %")
    tempo = page.get_by_role("spinbutton", name="Tempo in bpm")
    tempo.fill("999")
    tempo.press("Enter")
    expect(tempo).to_have_value("300")
    press(page, "Undo")
    press(page, "Undo")
    assert (pattern_of(page)["swing"], pattern_of(page)["qpm"]) == (0.5, 101)


def test_tapping_sets_the_tempo(visit: Visit) -> None:
    page = greeted(visit())
    before = pattern_of(page)["qpm"]
    page.evaluate("""() => {
        let now = performance.now();
        performance.now = () => now;
        for (let tap = 0; tap < 5; tap += 1) {
            document.getElementById("tempo").click();
            now += 250;
        }
        delete performance.now;
    }""")
    assert pattern_of(page)["qpm"] == 240 != before


def test_a_whole_session_by_keyboard(visit: Visit) -> None:
    page = greeted(visit())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the pads")).to_be_focused()
    page.keyboard.press("Enter")
    expect(pad(page, 0, KICK)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    assert cells_of(page) == {}
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    for _ in range(3):
        page.keyboard.press("-")
    page.keyboard.press("Alt+ArrowRight")
    cells = cells_of(page)
    assert cells[0, KICK] == HIT
    assert cells[4, SNARE] == (pytest.approx(0.65), pytest.approx(0.05), "you")
    assert page.evaluate("paradiddle.clock.running") is False
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="lock snare")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("g")
    said(page, "Generate: candidate 1 of 4")
    assert [place for place in cells_of(page) if place[1] == SNARE] == [(4, SNARE)]
    tab_to(page, page.get_by_role("button", name="Generate", exact=True))
    page.keyboard.press("Enter")
    said(page, "Generate: candidate 1 of 4")
    tab_to(page, page.get_by_role("button", name="Play", exact=True), "Shift+Tab")
    page.keyboard.press(" ")
    wait(page, "paradiddle.clock.running")
    page.keyboard.press("Enter")
    wait(page, "!paradiddle.clock.running")


STOPS = """() => {
    const { activeElement: at, body } = document;
    return at === body ? null : at.getAttribute("aria-label") ?? at.id;
}"""


def test_few_tab_stops_lead_to_everything(visit: Visit) -> None:
    page = greeted(visit())
    stops = []
    while len(stops) < 60:
        page.keyboard.press("Tab")
        if (stop := page.evaluate(STOPS)) is None:
            break
        stops.append(stop)
    assert len(stops) == len(set(stops)) <= 26
    assert stops.index("Seed ends here") <= 10
    buttons = page.evaluate("document.querySelectorAll('button:not(dialog *)').length")
    assert buttons > 300


def test_arrow_keys_move_within_a_group_and_tab_comes_back_to_where_they_led(visit: Visit) -> None:
    page = greeted(visit())
    tab_to(page, page.get_by_role("button", name="audition ride"))
    for key, name in ROWS:
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press(" ")
    assert pattern_of(page)["locked"][CLOSED_HAT] is True
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Seed ends here")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="lock closed hi-hat")).to_be_focused()


ROWS = (
    ("ArrowRight", "mute ride"),
    ("ArrowDown", "mute crash"),
    ("End", "lock crash"),
    ("ArrowRight", "lock crash"),
    *(("ArrowDown", f"lock {voice}") for voice in ("high tom", "mid tom", "low tom")),
    ("ArrowDown", "lock open hi-hat"),
    ("ArrowDown", "lock closed hi-hat"),
)


def test_a_group_whose_first_button_is_off_is_still_reached(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Halve")
    less = page.get_by_role("button", name="One bar less")
    expect(less).to_be_disabled()
    toolbar = page.get_by_role("toolbar", name="Edit")
    expect(toolbar.locator('button[tabindex="0"]:enabled')).to_have_count(1)
    tab_to(page, page.get_by_role("button", name="One bar more"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Double")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(less).to_be_enabled()
    page.keyboard.press("ArrowLeft")
    expect(less).to_be_focused()


def test_a_button_that_goes_out_of_use_keeps_the_focus(visit: Visit) -> None:
    page = greeted(visit())
    pad(page, 1, KICK).click()
    begin = pattern_of(page)
    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.press("Enter")
    expect(undo).to_be_disabled()
    expect(undo).to_be_focused()
    after = pattern_of(page)
    assert after != begin
    page.keyboard.press("Enter")
    assert pattern_of(page) == after
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Redo")).to_be_focused()
    page.keyboard.press("Enter")
    assert pattern_of(page) == begin
    expect(page.get_by_role("button", name="Redo")).to_be_focused()
    halve = page.get_by_role("button", name="Halve")
    halve.press("Enter")
    page.keyboard.press("Enter")
    expect(halve).to_be_focused()
    assert pattern_of(page)["steps"] == 16
    page.keyboard.press("Tab")
    usable = page.get_by_role("toolbar", name="Edit").locator('[tabindex="0"]')
    expect(usable).to_have_attribute("aria-label", "One bar more")


def tab_to(page: Page, target: Page, key: str = "Tab") -> None:
    """Press Tab until an element has the focus, as who cannot use a mouse does."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{key} never reaches {target}")


def test_the_arrow_and_the_end_move_by_key(visit: Visit) -> None:
    page = greeted(visit())
    arrow = page.get_by_role("slider", name="Seed ends here")
    for key, split in (("ArrowLeft", 12), ("Alt+ArrowRight", 13), ("Home", 0), ("End", 32)):
        arrow.press(key)
        assert pattern_of(page)["split"] == split
    expect(arrow).to_have_attribute("aria-valuetext", "after 2 bars")
    page.get_by_role("slider", name="Pattern length in bars").press("ArrowRight")
    assert pattern_of(page)["steps"] == 48


def test_the_help_lists_the_keys_and_says_who_plays(visit: Visit) -> None:
    page = greeted(visit())
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="How to play it")
    expect(dialog).to_contain_text("Arrow keys")
    expect(dialog).to_contain_text("Who plays")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_everything_on_the_page_has_a_name(visit: Visit) -> None:
    page = greeted(visit())
    tree = page.locator("body").aria_snapshot()
    controls = "button|slider|textbox|combobox|spinbutton|checkbox|link"
    assert len(re.findall(rf"^ *- (?:{controls}) \"", tree, re.M)) > 300
    nameless = re.findall(rf"^ *- (?:{controls})(?:[:\[\n].*|)$", tree, re.M)
    assert nameless == []
