"""What is heard: the clock, the kit, edits while it plays, and the drummer."""

import itertools
import re
from contextlib import closing
from typing import Any

import pytest
from attempts import attempts
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
    set_range,
    set_tempo,
    until,
    visit,
    wait,
)

from paradiddle.midi import read_events

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser

# What the page plans: every sound that starts, when, and how far ahead of that it was planned.
LISTEN = """
window.heard = [];
for (const type of [AudioBufferSourceNode, OscillatorNode]) {
  const { start } = type.prototype;
  type.prototype.start = function (when, ...rest) {
    const ahead = when - this.context.currentTime;
    heard.push({ when, ahead, pitch: this.frequency?.value ?? null });
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
const woken = new Promise((wake) => (window.wake = wake));
window.asleep = 0;
AudioContext.prototype.resume = async function () {
  asleep += 1;
  await woken;
  await resume.call(this);
  asleep -= 1;
};
"""


def wake(page: Page) -> None:
    """Let out the sound that was asked for."""
    assert page.evaluate("asleep") > 0
    page.evaluate("wake()")
    wait(page, "asleep === 0")


@pytest.mark.parametrize(("presses", "plays"), [(1, True), (2, False), (3, True)])
def test_the_last_press_counts_also_before_sound_is_awake(
    visit: Visit, presses: int, plays: bool
) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    for _ in range(presses):
        page.keyboard.press(" ")
    wake(page)
    assert page.evaluate("paradiddle.clock.running") is plays
    name = "Stop" if plays else "Play"
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_the_drummer_can_be_stopped_before_sound_is_awake(visit: Visit) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    wait(page, LOADED)
    page.evaluate("document.getElementById('drummer').click()")
    said(page, "A thousand new notes")
    page.evaluate("document.getElementById('drummer').click()")
    wake(page)
    assert page.evaluate("paradiddle.kit.sounding") == 0


def test_the_pattern_plays_on_if_the_drummer_stops_before_sound_is_awake(visit: Visit) -> None:
    page = greeted(visit(scripts=(SLEEPY,)))
    held: list[Any] = []
    page.route("**/api/drum", lambda route: held.append(route))
    page.keyboard.press(" ")
    for _ in range(2):
        page.evaluate("document.getElementById('drummer').click()")
    wake(page)
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
    def trial() -> None:
        with closing(greeted(visit(scripts=(LISTEN, HELD)))) as page:
            set_tempo(page, 200)
            press(page, "Play")
            wait(page, "paradiddle.clock.position() > 4")
            assert page.evaluate("paradiddle.kit.sounding") == 0
            page.evaluate("letIn()")
            wait(page, LOADED)
            assert page.evaluate("Math.min(...heard.map(({ ahead }) => ahead))") < 0.5

    attempts(trial)


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
    until(lambda: len(heard_samples(page)) == 8, "the sounds of the clicks")
    page.evaluate("heard.length = 0")
    press(page, "Play")
    times = until(lambda: len(found := heard_samples(page)) >= 6 and found[:6], "six hits")
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
    for step in range(0, 16, 4):
        pad(page, step, KICK).click()
    until(lambda: len(heard_samples(page)) >= 8, "the new hits")
    press(page, "mute kick")
    page.evaluate("heard.length = 0")
    page.wait_for_timeout(500)
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
    page.evaluate(LABELS)  # it may be over before anybody looks
    press(page, "Play")
    wait(page, "labels.length > 1")
    assert page.evaluate("labels") == ["Stop", "Play"]
    expect(page.locator(".playhead")).to_be_hidden()


# What the button is called, one after the other.
LABELS = """() => {
    window.labels = [];
    const button = document.getElementById("play");
    const note = () => labels.push(button.getAttribute("aria-label"));
    new MutationObserver(note).observe(button, { attributeFilter: ["aria-label"] });
}"""


def test_the_click_track_clicks_on_the_beat_and_accents_the_one(visit: Visit) -> None:
    page = begin_empty(visit(scripts=(LISTEN,)))
    wait(page, LOADED)
    set_tempo(page, 240)
    press(page, "Play")
    wait(page, "paradiddle.clock.running")
    press(page, "Click")
    clicks = until(lambda: clicked(page), "six clicks at once")
    press(page, "Click")
    wait(page, "paradiddle.kit.sounding === 0")
    assert page.evaluate("paradiddle.clock.running")
    gaps = [later["when"] - one["when"] for one, later in itertools.pairwise(clicks)]
    assert gaps == pytest.approx([0.25] * len(gaps), abs=1e-3)
    assert {one["pitch"] for one in clicks} == {1175, 1760}
    accents = [beat for beat, one in enumerate(clicks) if one["pitch"] == 1760]
    assert accents in ([0, 4], [1, 5], [2], [3])
    press(page, "Stop")


def clicked(page: Page) -> list[dict] | None:
    """Turn the click off and on; give the first six that come of it.

    None where they are not heard at once: after a stall, for a while, what
    comes soon has been said already.
    """
    found = page.evaluate("""() => {
        const click = document.getElementById("click");
        click.click();
        heard.length = 0;
        click.click();
        return heard;
    }""")
    return found[:6] if len(found) >= 6 and found[0]["ahead"] < 0.5 else None


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
    page = begin_empty(visit(scripts=(LISTEN,)))
    wait(page, LOADED)
    with page.expect_response("**/api/drum") as asked:
        press(page, "Drummer")
    take = asked.value.json()
    said(page, "A thousand new notes")
    wait(page, "heard.length && paradiddle.heardAt(performance.now()) > heard[0].when + 0.2")
    page.evaluate("new Promise(requestAnimationFrame)")  # it notes in every frame what was heard
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
