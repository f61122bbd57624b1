"""The page on a phone and under fingers."""

import pytest
from pages import (
    KICK,
    SNARE,
    Page,
    Visit,
    begin_empty,
    browser,
    cells_of,
    expect,
    greeted,
    pad,
    press,
    said,
    server,
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const { right, left, width } = element.getBoundingClientRect();
    const inside = element.closest(".lanes") || getComputedStyle(element).position === "fixed";
    const skip = element.closest(".skip");
    return width && !inside && !skip && (right > innerWidth + 0.5 || left < -0.5);
}).map((element) => element.outerHTML.slice(0, 80))"""


def test_on_a_phone_nothing_overflows_and_controls_are_large_enough(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(WIDE) == []
    main = page.locator(
        "button.play, button.primary, button.verb, button.round, .edits button, .flip button,"
        " .transport button, .out button, select, input[type=range], .arrow-handle"
    )
    small = main.evaluate_all("""elements => elements
        .map((element) => [element.getBoundingClientRect(), element])
        .filter(([box]) => box.height && Math.min(box.height, box.width) < 39.5)
        .map(([box, { id, className }]) => `${id || className}: ${box.width} x ${box.height}`)""")
    assert small == []
    for name in ("Tap", "Morph"):
        press(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


# Keeps a finger that a busy machine lifts late from holding the pad.
NO_HOLD = """
const { setTimeout } = window;
window.setTimeout = (call, ms, ...rest) => setTimeout(call, ms === 320 ? 20_000 : ms, ...rest);
"""


def test_a_finger_taps_pads_and_reaches_every_row(visit: Visit) -> None:
    page = begin_empty(visit(scripts=(NO_HOLD,), **PHONE))
    pad(page, 0, KICK).tap()
    assert set(cells_of(page)) == {(0, KICK)}
    pad(page, 0, KICK).tap()
    assert cells_of(page) == {}
    lock = page.get_by_role("button", name="lock kick")
    assert lock.bounding_box()["width"] >= 24
    lock.tap()
    pad(page, 0, KICK).tap()
    said(page, "locked")
    assert cells_of(page) == {}
    expect(page.get_by_role("button", name="mute kick")).to_be_hidden()
    page.get_by_role("button", name="Mute, solo").tap()
    page.get_by_role("button", name="mute kick").tap()
    lanes = page.locator(".lanes").bounding_box()["width"]
    assert lanes > 5 * page.evaluate("document.querySelector('drum-grid').shape.pitch")


def test_the_help_fits_a_phone_and_says_no_attribution_twice(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    press(page, "Help")
    expect(page.get_by_role("heading", name="Who plays")).to_be_visible()
    dialog = page.locator("#help-dialog")
    assert dialog.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
    rows = page.locator("section", has=page.get_by_role("heading", name="Who plays"))
    told = rows.locator("dd").all_inner_texts()
    assert told
    assert len(told) == len(set(told))


def test_the_help_opens_at_its_beginning(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    press(page, "Help")
    heading = page.get_by_role("heading", name="How to play it")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert page.locator("#help-dialog").evaluate("dialog => dialog.scrollTop") == 0


def test_more_of_the_grid_is_hinted_at_and_its_end_can_be_grabbed(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    grid = page.locator("drum-grid")
    expect(grid).to_have_class("more")
    end = page.get_by_role("slider", name="Pattern length in bars")
    arrow = page.get_by_role("slider", name="Seed ends here")
    one, two = arrow.bounding_box(), end.bounding_box()
    assert one["x"] + 36 <= two["x"]
    assert two["x"] + two["width"] <= 360
    end.tap()
    expect(grid).not_to_have_class("more")
    assert page.evaluate("paradiddle.store.doc.steps") == 32
    page.locator(".lanes").evaluate("lanes => { lanes.scrollLeft = 0; }")
    expect(grid).to_have_class("more")
    grown = "parseInt(document.querySelector('.bubble').textContent) >= 3"
    hold_at_the_edge(page, "Pattern length in bars", grown)
    assert page.evaluate("paradiddle.store.doc.steps") >= 3 * 16


def hold_at_the_edge(page: Page, name: str, goal: str) -> None:
    """Drag a handle to the screen's edge, never over it, until something is true."""
    box = page.get_by_role("slider", name=name).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert 0 < x < 360
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=2)
    page.mouse.move(352, y, steps=4)
    wait(page, goal)
    page.mouse.up()


def test_handles_are_dragged_to_the_end_without_leaving_a_phone(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    hold_at_the_edge(page, "Seed ends here", "paradiddle.store.doc.split === 32")
    arrow = page.get_by_role("slider", name="Seed ends here")
    arrow.press("Home")
    page.locator(".lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth; }")
    wait(page, "document.querySelector('.arrow-handle').getBoundingClientRect().left > 80")
    grown = "parseInt(document.querySelector('.bubble').textContent) >= 5"
    hold_at_the_edge(page, "Pattern length in bars", grown)
    assert page.evaluate("paradiddle.store.doc.steps") >= 5 * 16


def test_an_arrow_out_of_sight_waits_at_the_edge_and_a_tap_leads_to_it(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    arrow = page.get_by_role("slider", name="Seed ends here")
    box = arrow.bounding_box()
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.querySelector('.arrow-handle').matches('.away')")
    arrow.tap()
    wait(page, "!document.querySelector('.arrow-handle').matches('.away')")
    assert page.evaluate("paradiddle.store.doc.split") == 16


# Timers that tick, and fingers that only a script has.
FINGERS = """
window.ticking = new Set();
const { setInterval, clearInterval } = window;
window.setInterval = (...how) => { const id = setInterval(...how); ticking.add(id); return id; };
window.clearInterval = (id) => { ticking.delete(id); clearInterval(id); };
Element.prototype.setPointerCapture = () => {};
"""


def test_a_second_finger_on_a_handle_changes_nothing(visit: Visit) -> None:
    page = greeted(visit(scripts=(FINGERS,)))
    arrow = page.get_by_role("slider", name="Seed ends here")
    before = page.evaluate("ticking.size")

    def finger(kind: str, number: int) -> int:
        arrow.dispatch_event(f"pointer{kind}", {"pointerId": number, "pointerType": "touch"})
        return page.evaluate("ticking.size") - before

    sizes = [finger(*one) for one in (("down", 5), ("down", 6), ("up", 6), ("up", 5))]
    assert sizes == [1, 1, 1, 0]


def finger(page: Page, start: Page, *ways: tuple[float, float], held: bool = False) -> None:
    """Put a finger on the middle of an element, hold it there if told, move it, and lift it."""
    hand = page.context.new_cdp_session(page)
    start.scroll_into_view_if_needed()
    box = start.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": right, "y": down} for right, down in points]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": places})

    touch("Start", (x, y))
    if held:
        expect(page.locator(".tip")).to_be_visible()
    for right, down in ways:
        for part in (0.25, 0.5, 0.75, 1):
            touch("Move", (x + part * right, y + part * down))
    touch("End")


@pytest.mark.parametrize("lit", [False, True])
def test_a_held_pad_takes_timing_sideways_and_velocity_up_and_down(visit: Visit, lit: bool) -> None:
    page = begin_empty(visit(**PHONE))
    if lit:
        pad(page, 3, SNARE).tap()
    finger(page, pad(page, 3, SNARE), (-14, 2), held=True)
    velocity, offset, _ = cells_of(page)[3, SNARE]
    assert velocity == pytest.approx(0.8)
    assert -0.5 < offset < -0.1
    finger(page, pad(page, 3, SNARE), (2, 56), held=True)
    softer, same, _ = cells_of(page)[3, SNARE]
    assert softer < 0.6
    assert same == offset
    assert set(cells_of(page)) == {(3, SNARE)}
    press(page, "Undo")
    press(page, "Undo")
    assert set(cells_of(page)) == ({(3, SNARE)} if lit else set())


def test_a_finger_selects_when_select_is_on(visit: Visit) -> None:
    page = begin_empty(visit(**PHONE))
    select = page.get_by_role("button", name="Select", exact=True)
    select.tap()
    said(page, "Drag over the pads")
    pitch = page.evaluate("document.querySelector('drum-grid').shape.pitch")
    row = pad(page, 0, KICK).bounding_box()["y"] - pad(page, 0, SNARE).bounding_box()["y"]
    finger(page, pad(page, 1, KICK), (2 * pitch, -row))
    said(page, "Selected kick and snare, 3 steps")
    said(page, "Select lets go")
    assert cells_of(page) == {}
    finger(page, pad(page, 2, SNARE))
    said(page, "Selected snare, 1 step.")
    select.tap()
    expect(page.locator(".selection")).to_be_hidden()
    pad(page, 1, KICK).tap()
    assert set(cells_of(page)) == {(1, KICK)}


def test_with_a_mouse_there_is_no_select_button(visit: Visit) -> None:
    page = greeted(visit())
    expect(page.get_by_role("button", name="Select", exact=True)).to_be_hidden()


def test_the_help_tells_of_every_gesture_of_a_finger(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    press(page, "Help")
    dialog = page.get_by_role("dialog", name="How to play it")
    for words in ("sideways for earlier or later", "drags select", "tap a rhythm", "Humanizer"):
        expect(dialog).to_contain_text(words)
