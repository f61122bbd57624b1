"""What is heard: the clock, the kit, edits while it plays, and the drummer."""

import itertools
import re
from typing import Any

import pytest
from pages import (
    KICK,
    SNARE,
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
    set_range,
    set_tempo,
    until,
    visit,
    wait,
)

from paradiddle.midi import read_events

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser

# What the page plans: every sound that starts, with its place in time and its length.
LISTEN = """
window.heard = [];
for (const type of [AudioBufferSourceNode, OscillatorNode]) {
  const { start } = type.prototype;
  type.prototype.start = function (when, ...rest) {
    heard.push({ when, kind: type.name, pitch: this.frequency?.value ?? null });
    return start.call(this, when, ...rest);
  };
}
"""
LOADED = "paradiddle.kit.ready"


def playhead_of(page) -> int:
    return int(page.locator(".playhead").get_attribute("data-step") or -1)


def test_play_moves_the_playhead_and_stop_hides_it(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Play")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    seen = set()
    until(lambda: seen.add(playhead_of(page)) or len(seen - {-1}) >= 4, "four steps")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator(".playhead")).to_be_hidden()
    assert page.evaluate("paradiddle.clock.running") is False


# Sound that is let out a while after it was asked for, as on a slow machine.
SLEEPY = """
const { resume } = AudioContext.prototype;
AudioContext.prototype.resume = async function () {
  await new Promise((next) => setTimeout(next, 300));
  return resume.call(this);
};
"""


@pytest.mark.parametrize(("presses", "plays"), [(1, True), (2, False), (3, True)])
def test_the_last_press_counts_also_before_sound_is_awake(
    visit: Visit, presses: int, plays: bool
) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    for _ in range(presses):
        page.keyboard.press(" ")
    page.wait_for_timeout(600)
    assert page.evaluate("paradiddle.clock.running") is plays
    name = "Stop" if plays else "Play"
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_the_drummer_can_be_stopped_before_sound_is_awake(visit: Visit) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    page.evaluate("document.getElementById('drummer').click()")
    said(page, "A thousand new notes")
    page.evaluate("document.getElementById('drummer').click()")
    page.wait_for_timeout(600)
    assert page.evaluate("paradiddle.kit.sounding") == 0


def test_the_pattern_plays_on_if_the_drummer_stops_before_sound_is_awake(visit: Visit) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    held: list[Any] = []
    page.route("**/api/drum", lambda route: held.append(route))
    page.keyboard.press(" ")
    for _ in range(2):
        page.evaluate("document.getElementById('drummer').click()")
    page.wait_for_timeout(600)
    assert page.evaluate("paradiddle.clock.running") is True
    press(page, "Stop")
    assert page.evaluate("paradiddle.clock.running") is False
    with page.expect_response("**/api/drum"):
        held[0].continue_()
    page.unroute("**/api/drum")


def test_of_drummers_asked_for_in_haste_the_last_plays(visit: Visit) -> None:
    page = greeted(visit())
    held: list[Any] = []
    page.route("**/api/drum", lambda route: held.append(route))
    drummer = page.get_by_role("button", name="Drummer", exact=True)
    for _ in range(3):
        drummer.click()
    until(lambda: len(held) == 2 or page.wait_for_timeout(10), "two questions")
    with page.expect_response("**/api/drum"):
        held[0].continue_()
    page.wait_for_timeout(100)
    expect(page.get_by_role("status")).not_to_contain_text("A thousand new notes")
    held[1].continue_()
    said(page, "A thousand new notes")
    expect(drummer).to_have_attribute("aria-pressed", "true")
    page.unroute("**/api/drum")


# Sounds of the kit that do not come before they are let in.
HELD = """
const { fetch } = window;
const gate = new Promise((open) => (window.letIn = open));
window.fetch = async (address, ...rest) => {
  if (String(address).endsWith(".wav")) await gate;
  return fetch(address, ...rest);
};
"""


def test_sounds_that_come_while_it_plays_are_heard_at_once(visit: Visit) -> None:
    page = greeted(visit(scripts=(LISTEN, HELD)))
    set_tempo(page, 200)
    press(page, "Play")
    page.wait_for_timeout(500)
    assert page.evaluate("paradiddle.kit.sounding") == 0
    page.evaluate("letIn()")
    wait(page, LOADED)
    now = page.evaluate("paradiddle.heardAt(performance.now())")
    assert min(heard_samples(page)) < now + 0.5
    press(page, "Stop")


def test_the_graph_of_the_page_makes_a_sound_and_silence_where_nothing_is(visit: Visit) -> None:
    page = greeted(visit())
    wait(page, LOADED)
    render = """async () => {
        const heard = await paradiddle.kit.renderOffline(paradiddle.store.doc, 2);
        const samples = heard.getChannelData(0);
        const part = (seconds) => samples
            .slice(0, seconds * heard.sampleRate)
            .reduce((top, sample) => Math.max(top, Math.abs(sample)), 0);
        return { all: part(2), first: part(0.2) };
    }"""
    loud = page.evaluate(render)
    assert 0.05 < loud["all"] <= 1
    assert loud["first"] > 0.02
    press(page, "Clear")
    assert page.evaluate(render)["all"] == 0
    pad(page, 8, KICK).click()
    late = page.evaluate(render)
    assert late["all"] > 0.02
    assert late["first"] == 0


def test_hits_are_planned_where_the_grid_has_them(visit: Visit) -> None:
    page = begin_empty(visit(scripts=(LISTEN,)))
    wait(page, LOADED)
    set_tempo(page, 240)
    for step in range(0, 32, 4):
        pad(page, step, KICK).click()
    page.evaluate("heard.length = 0")
    press(page, "Play")
    times = until(lambda: len(found := heard_samples(page)) >= 6 and found, "six hits")
    gaps = [later - first for first, later in itertools.pairwise(times)]
    assert gaps == pytest.approx([0.25] * len(gaps), abs=1e-3)
    press(page, "Stop")


def heard_samples(page) -> list[float]:
    return [one["when"] for one in page.evaluate("heard") if one["pitch"] is None]


def test_edits_mutes_and_solos_are_heard_at_once(visit: Visit) -> None:
    page = begin_empty(visit(scripts=(LISTEN,)))
    wait(page, LOADED)
    set_range(page, "Swing", 50)
    set_tempo(page, 300)
    press(page, "Halve")
    press(page, "Play")
    page.evaluate("heard.length = 0")
    pad(page, 0, KICK).click()
    until(lambda: len(heard_samples(page)) >= 2, "the new hit")
    press(page, "mute kick")
    page.wait_for_timeout(200)
    page.evaluate("heard.length = 0")
    page.wait_for_timeout(300)
    assert heard_samples(page) == []
    press(page, "mute kick")
    until(lambda: heard_samples(page), "the hit again")
    press(page, "solo snare")
    pad(page, 4, SNARE).click()
    expect(pad(page, 0, KICK)).to_have_class(re.compile("silent"))
    press(page, "Stop")


def test_without_loop_it_ends_by_itself(visit: Visit) -> None:
    page = begin_empty(visit())
    set_tempo(page, 300)
    press(page, "Halve")
    loop = page.get_by_role("button", name="Loop", exact=True)
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "false")
    press(page, "Play")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator(".playhead")).to_be_hidden()


def test_the_click_track_clicks_on_the_beat_and_accents_the_one(visit: Visit) -> None:
    page = begin_empty(visit(scripts=(LISTEN,)))
    set_tempo(page, 240)
    press(page, "Play")
    press(page, "Click")
    asked = page.evaluate("paradiddle.heardAt(performance.now())")
    clicks = until(
        lambda: len(found := page.evaluate("heard")) >= 6 and found,
        "six clicks",
    )
    press(page, "Click")
    page.wait_for_timeout(150)
    assert page.evaluate("[paradiddle.kit.sounding, paradiddle.clock.running]") == [0, True]
    press(page, "Stop")
    assert clicks[0]["when"] < asked + 0.5
    gaps = [later["when"] - one["when"] for one, later in itertools.pairwise(clicks)]
    assert gaps == pytest.approx([0.25] * len(gaps), abs=1e-3)
    assert {one["pitch"] for one in clicks} == {1175, 1760}
    assert [one["pitch"] for one in clicks].count(1760) <= 2


def test_the_volume_is_that_of_the_whole_kit(visit: Visit) -> None:
    page = greeted(visit(scripts=(LEVEL,)))
    set_range(page, "Volume", 0)
    wait(page, "Math.min(...volumes) === 0")
    expect(page.get_by_role("slider", name="Volume")).to_have_attribute("aria-valuetext", "0")
    set_range(page, "Volume", 50)
    assert page.evaluate("volumes.at(-1)") == 0.25


LEVEL = """
window.volumes = [];
const { setTargetAtTime } = AudioParam.prototype;
AudioParam.prototype.setTargetAtTime = function (value, ...rest) {
  volumes.push(value);
  return setTargetAtTime.call(this, value, ...rest);
};
"""


def test_the_drummer_plays_stops_and_the_next_press_is_another_one(visit: Visit) -> None:
    page = greeted(visit(scripts=(LISTEN,)))
    wait(page, LOADED)
    drummer = page.get_by_role("button", name="Drummer", exact=True)
    with page.expect_response("**/api/drum") as first:
        drummer.click()
    said(page, "A thousand new notes")
    expect(drummer).to_have_attribute("aria-pressed", "true")
    page.evaluate("heard.length = 0")
    until(lambda: len(heard_samples(page)) >= 3, "the drummer")
    drummer.click()
    expect(drummer).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(100)
    page.evaluate("heard.length = 0")
    page.wait_for_timeout(300)
    assert heard_samples(page) == []
    with page.expect_response("**/api/drum") as second:
        drummer.click()
    assert first.value.json()["seed"] != second.value.json()["seed"]
    said(page, "A thousand new notes")
    press(page, "Play")
    expect(drummer).to_have_attribute("aria-pressed", "false")
    press(page, "Stop")


def test_a_bar_of_the_drummer_comes_to_the_grid_and_what_was_heard_is_saved(visit: Visit) -> None:
    page = begin_empty(visit())
    with page.expect_response("**/api/drum") as asked:
        press(page, "Drummer")
    take = asked.value.json()
    said(page, "A thousand new notes")
    wait(page, "paradiddle.kit.sounding > 0")
    page.wait_for_timeout(300)
    press(page, "Drummer")
    page.get_by_role("spinbutton", name="Bar of the drummer").fill("3")
    press(page, "To the grid")
    said(page, "The drummer's bar 3 is now bar 1")
    bar = [hit for hit in take["pattern"]["hits"] if hit[0] // 16 == 2]
    assert cells_of(page) == {
        (step - 32, voice): (velocity, offset, "machine") for step, voice, velocity, offset in bar
    }
    with page.expect_download() as saved:
        press(page, "Save what you heard")
    events = read_events(saved.value.path())
    assert 0 < len(events.notes) < 1000
    assert events.notes.tolist() == take["events"]["notes"][: len(events.notes)]
