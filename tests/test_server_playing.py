"""What a server plays is what the models play."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from answers import patterns_in, played, post, sent
from fastapi.testclient import TestClient
from machines import groove_of
from numpy.typing import NDArray
from servers import served, shipped_models

from paradiddle.drummer import Length
from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.events import Events, quantise
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern

PATTERN = groove_of(2, seed=4, qpm=93)
FUNK = {"style": "funk", "temperature": 1.2, "density": 1.5, "seed": 7}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.fixture(scope="module")
def machine() -> Machine:
    return shipped_models().machine


def test_generate_plays_what_the_machine_plays(client: TestClient, machine: Machine) -> None:
    answer = post(client, "generate", bars=2, qpm=90, count=3, **FUNK)
    settings = {key: FUNK[key] for key in ("style", "temperature", "density")}
    assert patterns_in(answer) == machine.generate(bars=2, qpm=90, count=3, seed=7, **settings)
    assert answer.json()["seed"] == 7
    assert answer.headers["content-type"] == "application/json"


def test_a_seed_that_was_drawn_is_told_and_plays_the_same_again(client: TestClient) -> None:
    first, second = (post(client, "generate", bars=1, count=2) for _ in range(2))
    seed = first.json()["seed"]
    assert seed != second.json()["seed"]
    assert patterns_in(first) != patterns_in(second)
    assert played(client, "generate", bars=1, seed=seed + 1)[0] == patterns_in(first)[1]


def test_a_blend_and_any_style_can_be_wished_for(client: TestClient, machine: Machine) -> None:
    blend = {"funk": 0.7, "jazz": 0.3}
    [mixed] = played(client, "generate", bars=1, style=blend, beat_type="fill", seed=1)
    assert [mixed] == machine.generate(blend, 1, beat_type="fill", seed=1)
    [free] = played(client, "generate", bars=1, style=None, beat_type=None, seed=1)
    assert [free] == machine.generate(bars=1, beat_type=None, seed=1)


def test_continue_keeps_what_it_was_given_bit_for_bit(client: TestClient) -> None:
    answers = played(client, "continue", pattern=sent(PATTERN), bars=3, count=2, **FUNK)
    assert [answer.bars for answer in answers] == [5, 5]
    assert all(answer.first(2) == PATTERN for answer in answers)
    assert answers[0] != answers[1]
    assert played(client, "continue", pattern=sent(PATTERN), bars=3, **FUNK | {"seed": 8}) == [
        answers[1]
    ]


def same_cells(first: Pattern, second: Pattern, mask: NDArray[np.bool_]) -> bool:
    return all(
        np.array_equal(getattr(first, name)[mask], getattr(second, name)[mask])
        for name in ("hits", "velocities", "offsets")
    )


def test_fill_leaves_all_that_is_not_open_bit_for_bit(client: TestClient) -> None:
    opened = [[step, voice] for step in range(8, 30) for voice in (1, 2, 8)]
    kept = np.ones(PATTERN.hits.shape, bool)
    kept[tuple(np.transpose(opened))] = False
    [filled] = played(client, "fill", pattern=sent(PATTERN), open=opened, **FUNK)
    assert same_cells(filled, PATTERN, kept)
    assert not same_cells(filled, PATTERN, ~kept)


def test_fill_takes_words_and_without_any_plays_all_anew(
    client: TestClient, machine: Machine
) -> None:
    [filled] = played(client, "fill", pattern=sent(PATTERN), keep="kick, snare in bar 2", seed=3)
    assert filled == machine.fill(PATTERN, "kick, snare in bar 2", seed=3)
    [listed] = played(client, "fill", pattern=sent(PATTERN), keep=["kick", "bar 1"], seed=3)
    assert listed == machine.fill(PATTERN, ["kick", "bar 1"], seed=3)
    [anew] = played(client, "fill", pattern=sent(PATTERN), seed=3)
    assert anew == machine.fill(PATTERN, seed=3)


def test_nothing_open_changes_nothing(client: TestClient) -> None:
    assert played(client, "fill", pattern=sent(PATTERN), open=[], seed=3) == [PATTERN]


def test_humanize_at_temperature_nought_is_steady(client: TestClient, machine: Machine) -> None:
    wish = {"pattern": sent(PATTERN), "style": "funk", "temperature": 0}
    first, again = (played(client, "humanize", **wish, seed=seed)[0] for seed in (1, 2))
    assert first == again == machine.humanize(PATTERN, style="funk", temperature=0)
    refused = client.post("/api/humanize", json={**wish, "temperature": 0.05})
    assert refused.status_code == 422
    assert "0 is steadiest" in refused.text


def test_humanize_keeps_the_hits(client: TestClient, machine: Machine) -> None:
    [half] = played(client, "humanize", pattern=sent(PATTERN), amount=0.5, style="funk", seed=1)
    assert half == machine.humanize(PATTERN, 0.5, "funk", seed=1)
    assert np.array_equal(half.hits, PATTERN.hits)


def test_tap_takes_a_pattern_or_velocities(client: TestClient, machine: Machine) -> None:
    assert played(client, "tap", rhythm=sent(PATTERN), seed=1) == [machine.tap(PATTERN, seed=1)]
    taps = [1, 0, 0, 0.25] * 4
    [kit] = played(client, "tap", velocities=taps, qpm=99, seed=1)
    assert kit == machine.tap([float(tap) for tap in taps], qpm=99, seed=1)


def test_morph_begins_and_ends_with_what_it_was_given(client: TestClient) -> None:
    other = groove_of(2, seed=9, qpm=120)
    way = played(client, "morph", a=sent(PATTERN), b=sent(other), count=4)
    assert way == shipped_models().latent.morph(PATTERN, other, 4)
    assert (way[0], way[-1]) == (PATTERN, other)


def test_drum_gives_every_note_and_the_grid(client: TestClient) -> None:
    answer = post(client, "drum", notes=200, seed=5, qpm=111).json()
    music = shipped_models().drummer.play(Length(notes=200), 5, qpm=111)
    events = answer["events"]
    assert Events(events["notes"], events["ticks"], events["velocities"], events["qpm"]) == music
    assert events["voices"] == [VOICE_OF_PITCH.get(note) for note in events["notes"]]
    assert Pattern.from_json(json.dumps(answer["pattern"])) == quantise(music).pattern
    assert answer["seed"] == 5
