"""The page that drums with no server, opened from disk in Chromium, beside our own engine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import CLASSIC, PLACED, VOCABULARY, write_drummer
from pages import browser, until, wait
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from examples import EXAMPLES, example
from paradiddle.drummer import DEFAULT_MODEL, Drummer, Length
from paradiddle.drummer_file import read_model
from paradiddle.encoding import Vocabulary
from paradiddle.export_check import STEPS, TOLERANCE, DrummerMusic

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.browser

WEB = EXAMPLES / "web"
Page = Any
Open = Callable[[Path], Page]

# the browser's memory is its own, from zeros on
TEACHER_FORCED = """events => {
    [...drummer.h, ...drummer.c].forEach((values) => values.fill(0));
    return events.map((event) => drummer.step(event).map((field) => Array.from(field)));
}"""

PLAYED = """({h, c, first, draws, temperature}) => {
    h.forEach((values, layer) => drummer.h[layer].set(values));
    c.forEach((values, layer) => drummer.c[layer].set(values));
    Object.assign(drummer, {event: first, elapsed: 0});
    return draws.map((row) => Array.from(drummer.next(row, temperature)));
}"""


def embed(model: Path, target: Path) -> Path:
    example("web/embed.py").embed(model, target)
    return target


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Give a function that opens a page from disk; whatever goes wrong in it fails the test."""
    wrong: list[str] = []
    context = browser.new_context(offline=True)

    def note(message: Any) -> None:
        if message.type in ("error", "warning"):
            wrong.append(message.text)

    def open_it(path: Path) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", note)
        page.on("request", lambda asked: asked.url == path.as_uri() or wrong.append(asked.url))
        page.goto(path.as_uri())
        return page

    yield open_it
    context.close()
    assert not wrong, wrong


@pytest.fixture
def drumming(open_page: Open, tmp_path: Path) -> Open:
    """Give a function that opens the page with a model in it."""

    def open_model(model: Path) -> Page:
        page = open_page(embed(model, tmp_path / "drums.html"))
        assert page.inner_text("#status").startswith("Ready: ")
        return page

    return open_model


def start_of(drummer: Drummer, seed: int) -> dict[str, Any]:
    """What `Drummer.play` starts from and draws with, as its page is told it."""
    (h, c), [first] = drummer._random_start([seed], 0.1)
    draws = np.random.default_rng(seed).random((STEPS, len(first)))
    return {
        "h": h[:, 0].tolist(),
        "c": c[:, 0].tolist(),
        "first": first.tolist(),
        "draws": draws.tolist(),
    }


@pytest.mark.parametrize(
    ("vocabulary", "layers"), [(None, 1), (CLASSIC, 1), (VOCABULARY, 2), (PLACED, 3)]
)
def test_probabilities_are_ours_over_a_thousand_steps(
    drumming: Open, tmp_path: Path, vocabulary: Vocabulary | None, layers: int
) -> None:
    model = DEFAULT_MODEL
    if vocabulary:
        model = write_drummer(tmp_path / "model", vocabulary, layers=layers)
    shape, tables, file = read_model(model)
    events = DrummerMusic(shape, tables, file.tensors).events
    found = drumming(model).evaluate(TEACHER_FORCED, events.tolist())
    assert len(found) == STEPS
    session, worst, spread = Drummer.load(model).lstm.session(1), 0.0, 0.0
    for event, fields in zip(events, found, strict=True):
        for field, ours in zip(fields, session.step(event[None]), strict=True):
            worst = max(worst, np.abs(field - ours[0]).max())
            spread = max(spread, np.ptp(field))
    assert worst <= TOLERANCE
    assert spread > 0.2  # or else anything would agree


@pytest.mark.parametrize("seed", range(5))
def test_the_same_draws_give_the_same_music(drumming: Open, seed: int) -> None:
    drummer = Drummer.load()
    played = drumming(DEFAULT_MODEL).evaluate(PLAYED, start_of(drummer, seed) | {"temperature": 1})
    assert drummer.vocabulary.decode(np.array(played), drummer.qpm) == drummer.play(
        Length(notes=STEPS), seed
    )


@pytest.mark.parametrize("temperature", [0.5, 1, 1.7])
@pytest.mark.parametrize(("vocabulary", "layers"), [(CLASSIC, 1), (PLACED, 2)])
def test_the_same_draws_with_other_models_and_temperatures(
    drumming: Open, tmp_path: Path, vocabulary: Vocabulary, layers: int, temperature: float
) -> None:
    model = write_drummer(tmp_path / "model", vocabulary, layers=layers)
    drummer = Drummer.load(model)
    told = start_of(drummer, 3) | {"temperature": temperature}
    played = drumming(model).evaluate(PLAYED, told)
    ours = drummer.play(Length(notes=STEPS), 3, temperature=temperature)
    assert drummer.vocabulary.decode(np.array(played), drummer.qpm) == ours
    assert len(set(ours.notes.tolist())) > 1


def test_the_button_plays_and_stops(drumming: Open) -> None:
    page = drumming(DEFAULT_MODEL)
    page.click("#play")
    until(lambda: page.inner_text("#now") in page.evaluate("LANES.map(([name]) => name)"), "a drum")
    assert page.inner_text("#play") == "Stop"
    before = page.evaluate("due")
    until(lambda: page.evaluate("due") > before + 0.5, "more notes")
    page.click("#play")
    wait(page, "document.querySelector('#play').textContent === 'Play'")
    wait(page, "context.state === 'closed'")
    after = page.evaluate("due")
    page.wait_for_timeout(200)
    assert page.evaluate("due") == after


def test_two_clicks_at_once_stop_and_play_again(drumming: Open) -> None:
    page = drumming(DEFAULT_MODEL)
    page.click("#play")
    page.evaluate("for (const click of [1, 2, 3]) document.querySelector('#play').click()")
    assert page.inner_text("#play") == "Play"
    page.click("#play")
    before = page.evaluate("due")
    until(lambda: page.evaluate("due") > before + 0.5, "more notes")


def test_another_drummer_takes_over_while_one_plays(drumming: Open, tmp_path: Path) -> None:
    page = drumming(DEFAULT_MODEL)
    page.click("#play")
    until(lambda: page.inner_text("#now"), "a drum")
    page.set_input_files("#file", write_drummer(tmp_path / "model", CLASSIC))
    until(lambda: page.inner_text("#status") == "Ready: 8 units, 3 drums.", "ready")
    before = page.evaluate("due")
    until(lambda: page.evaluate("due") > before + 0.5, "more notes")
    (tmp_path / "text").write_text("no model at all")
    page.set_input_files("#file", tmp_path / "text")
    until(lambda: "holds no drummer" in page.inner_text("#status"), "a refusal")
    before = page.evaluate("due")
    until(lambda: page.evaluate("due") > before + 0.5, "still more notes")
    page.click("#play")
    assert page.inner_text("#play") == "Play"


def test_a_choice_taken_back_changes_nothing(drumming: Open) -> None:
    page = drumming(DEFAULT_MODEL)
    before = page.inner_text("#status")
    page.set_input_files("#file", [])
    page.evaluate("document.querySelector('#file').dispatchEvent(new Event('change'))")
    page.wait_for_timeout(100)
    assert page.inner_text("#status") == before


def test_the_display_shows_what_is_heard_and_no_sooner(drumming: Open) -> None:
    page = drumming(DEFAULT_MODEL)
    page.click("#play")
    until(lambda: page.inner_text("#now"), "a drum")
    now, heard = page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => {
            const heard = hits.filter(({ time }) => time <= context.currentTime);
            done([$("now").textContent, heard.map(({ lane }) => LANES[lane][0])]);
        }))"""
    )
    assert now in heard[-8:]
    wait(page, "hits.some(({ time }) => time > context.currentTime)")
    blank = page.evaluate(
        """() => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [$("lanes").width, $("lanes").height];
            return canvas.toDataURL() === $("lanes").toDataURL();
        }"""
    )
    assert not blank


def test_more_is_ready_in_a_tab_that_is_not_seen(drumming: Open) -> None:
    page = drumming(DEFAULT_MODEL)
    page.click("#play")
    until(lambda: page.inner_text("#now"), "a drum")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    wait(page, "due - context.currentTime > 2")


def test_the_page_names_what_the_drummer_learned_from(drumming: Open) -> None:
    assert "CC BY 4.0" in drumming(DEFAULT_MODEL).inner_text("#credit")


def test_ticks_count_as_the_model_says(drumming: Open, tmp_path: Path) -> None:
    page = drumming(write_drummer(tmp_path / "model", CLASSIC))
    gaps = [
        page.evaluate(
            """ticks_per_quarter => {
                drummer.encoding.ticks_per_quarter = ticks_per_quarter;
                [context, due, hits] = [{ currentTime: 0 }, 0, []];
                [strike, drummer.next] = [() => {}, () => [0, 3]];
                ahead();
                return hits[0].time;
            }""",
            ticks_per_quarter,
        )
        for ticks_per_quarter in (480, 48)
    ]
    assert gaps[1] == pytest.approx(10 * gaps[0])


def test_a_file_can_be_chosen(open_page: Open, tmp_path: Path) -> None:
    page = open_page(WEB / "index.html")
    assert page.inner_text("#status") == "Choose a model file, or embed one with embed.py."
    assert page.is_disabled("#play")
    page.set_input_files("#file", write_drummer(tmp_path / "model", CLASSIC))
    until(lambda: page.inner_text("#status") == "Ready: 8 units, 3 drums.", "ready")
    assert page.is_enabled("#play")


def test_other_files_are_refused(open_page: Open, tmp_path: Path) -> None:
    page = open_page(WEB / "index.html")
    backwards = write_drummer(tmp_path / "both", bidirectional=True)
    other = tmp_path / "other"
    with safe_open(backwards, "numpy") as file:
        document = json.loads(file.metadata()["paradiddle"])
    save_file(load_file(backwards), other, {"paradiddle": json.dumps(document | {"kind": "cook"})})
    (tmp_path / "text").write_text("no model at all")
    for path, reason in (
        (backwards, "it reads backwards"),
        (other, "this is a cook, not a drummer"),
        (tmp_path / "text", ""),
    ):
        page.set_input_files("#file", path)
        wanted = f"This file holds no drummer that can play here: {reason}"
        until(lambda wanted=wanted: page.inner_text("#status").startswith(wanted), wanted)
        assert page.is_disabled("#play")


def test_the_page_with_its_drummer_is_small(tmp_path: Path) -> None:
    assert embed(DEFAULT_MODEL, tmp_path / "drums.html").stat().st_size <= 2_000_000
