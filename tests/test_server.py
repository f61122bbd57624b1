import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from humanizers import write_humanizer
from machines import groove_of, write_machine
from numpy.typing import NDArray
from servers import served, shipped_models

from paradiddle import __version__, midi, smf
from paradiddle.drummer import Length
from paradiddle.drums import VOICE_NAMES, VOICE_OF_PITCH
from paradiddle.errors import ModelError
from paradiddle.events import Events, quantise
from paradiddle.kit_maps import KIT_MAPS
from paradiddle.machine import Machine
from paradiddle.midi import read_pattern, to_bytes
from paradiddle.pattern import Pattern
from paradiddle.saving import sound_of
from paradiddle.server.models import SHIPPED, load_models
from paradiddle.server.wav import wav_bytes

PATTERN = groove_of(2, seed=4, qpm=93)
FUNK = {"style": "funk", "temperature": 1.2, "density": 1.5, "seed": 7}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.fixture(scope="module")
def machine() -> Machine:
    return shipped_models().machine


def sent(pattern: Pattern) -> Any:
    return json.loads(pattern.to_json())


def post(client: TestClient, name: str, **body: Any) -> Response:
    answer = client.post(f"/api/{name}", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def played(client: TestClient, name: str, **body: Any) -> list[Pattern]:
    return patterns_in(post(client, name, **body))


def patterns_in(answer: Response) -> list[Pattern]:
    return [Pattern.from_json(json.dumps(one)) for one in answer.json()["patterns"]]


# --- play -----------------------------------------------------------------------------------------


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


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kit_map", ["gm", "roland-td"])
def test_a_midi_file_reads_back_as_the_pattern(
    client: TestClient, tmp_path: Path, kit_map: str
) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2, qpm=120)
    answer = post(client, "midi", pattern=sent(human), kit_map=kit_map)
    assert answer.headers["content-type"] == "audio/midi"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content == to_bytes(human, KIT_MAPS[kit_map])
    (tmp_path / "x.mid").write_bytes(answer.content)
    read = read_pattern(tmp_path / "x.mid").pattern
    assert np.array_equal(read.hits, human.hits)
    assert np.allclose(read.velocities, human.velocities, atol=0.5 / 127 + 1e-6)
    assert np.allclose(read.offsets, human.offsets, atol=0.5 / 120 + 1e-6)
    again = post(client, "midi", pattern=sent(read), kit_map=kit_map)
    (tmp_path / "y.mid").write_bytes(again.content)
    assert read_pattern(tmp_path / "y.mid").pattern == read


def test_events_are_written_and_played(client: TestClient) -> None:
    events = post(client, "drum", notes=50, seed=5).json()["events"]
    music = shipped_models().drummer.play(Length(notes=50), 5)
    assert post(client, "midi", events=events).content == to_bytes(music)
    seconds = float(music.seconds()[-1])
    assert length_of(post(client, "wav", events=events).content) > seconds


def length_of(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        return file.getnframes() / 44_100


@pytest.mark.parametrize("swing", [0.54, 0.66, 0.75])
def test_a_swung_download_is_imported_as_the_grid(client: TestClient, swing: float) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2, qpm=101)
    data = post(client, "midi", pattern=sent(human), swing=swing).content
    answer = client.post("/api/import", content=data)
    [found] = patterns_in(answer)
    told = answer.json()
    assert (told["swing"], told["qpm"], told["collided"]) == (swing, 101, 0)
    assert found.qpm == 101
    assert np.array_equal(found.hits, human.hits)
    assert np.abs(found.offsets - human.offsets).max() <= 0.5 / 120 + 1e-6


def test_swing_reaches_the_midi_file(client: TestClient) -> None:
    hits = np.zeros((16, 9), bool)
    hits[:4, 0] = True
    straight = Pattern(hits, hits * 0.5, hits * 0.0)
    data = post(client, "midi", pattern=sent(straight), swing=0.75).content
    assert midi.events_of(smf.parse(data)).onsets.tolist() == [0, 180, 240, 420]
    assert data == to_bytes(straight, swing=0.75)


def test_a_wav_file_repeats_and_does_not_clip(client: TestClient) -> None:
    loud = Pattern(PATTERN.hits, PATTERN.hits * 1.0, PATTERN.offsets, 120)
    once, twice = (post(client, "wav", pattern=sent(loud), repeat=n).content for n in (1, 2))
    assert length_of(twice) - length_of(once) == pytest.approx(4, abs=0.02)
    with wave.open(io.BytesIO(twice)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert 10_000 < np.abs(samples.astype(int)).max() < 32_767


def test_a_wav_file_sounds_as_the_midi_file_does(client: TestClient) -> None:
    hits = np.zeros((16, 9), bool)
    hits[1:3, 0] = hits[5, 2] = hits[8, 4] = True
    velocities, offsets = hits * np.float32(100 / 127), np.zeros(hits.shape)
    velocities[1, 0] = 64 / 127
    offsets[1, 0], offsets[2, 0], offsets[5, 2] = 0.25, -0.24, 0.1  # the kicks all but meet
    music = {"pattern": sent(Pattern(hits, velocities, offsets, 120)), "swing": 0.75}
    events = midi.events_of(smf.parse(post(client, "midi", **music).content))
    assert events.onsets[:2].tolist() == [210, 211]
    assert post(client, "wav", **music).content == wav_bytes(sound_of(events), 44_100)


def test_what_was_written_can_be_imported(client: TestClient) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2)
    data = to_bytes(human)
    answer = client.post("/api/import", content=data)
    assert answer.status_code == 200, answer.text
    [read] = patterns_in(answer)
    assert read == midi.pattern_of(smf.parse(data)).pattern
    told = answer.json()
    assert (told["collided"], told["qpm"], told["swing"]) == (0, human.qpm, 0.5)
    assert told["notes"] == ["drums: channel 10"]


@pytest.mark.parametrize("bars", [1, 2, 4, 8])
def test_bars_that_are_silent_at_the_end_come_back(client: TestClient, bars: int) -> None:
    hits = np.zeros((16 * bars, 9), bool)
    hits[3, 1] = True
    written = Pattern(hits, hits * 0.5, hits * 0.0)
    [read] = patterns_in(client.post("/api/import", content=to_bytes(written)))
    assert read.bars == bars
    assert np.array_equal(read.hits, hits)


def test_a_long_file_comes_in_pieces_without_the_silent_ones(client: TestClient) -> None:
    hits = np.zeros((16 * 20, 9), bool)
    hits[16 * 9, 1] = hits[16 * 19, 0] = True
    data = to_bytes(Pattern(hits, hits * 0.5, hits * 0.0))
    first, second = patterns_in(client.post("/api/import", content=data))
    assert (first.bars, second.bars) == (8, 4)
    assert np.argwhere(first.hits).tolist() == [[16, 1]]
    [whole] = patterns_in(client.post("/api/import?piece=64", content=data))
    assert np.array_equal(whole.hits, hits)


def test_what_an_import_leaves_out_is_told(client: TestClient) -> None:
    events = Events([36, 36, 100], [0, 10, 240], [0.5, 0.4, 0.5])
    told = client.post("/api/import", content=to_bytes(events)).json()
    assert told["collided"] == 1
    assert told["notes"][1:] == [
        "1 note belongs to none of the nine voices and was left out",
        "1 note fell on a hit of the same drum and was left out",
    ]
    roll = Events([36, 38, 38, 38, 100, 101], [0, 10, 5, 5, 240, 0])
    told = client.post("/api/import", content=to_bytes(roll)).json()
    assert told["notes"][1:] == [
        "2 notes belong to none of the nine voices and were left out",
        "2 notes fell on a hit of the same drum and were left out",
    ]


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF" * 20, b"\xff" * 1000])
def test_what_is_no_midi_file_is_refused(client: TestClient, data: bytes) -> None:
    assert client.post("/api/import", content=data).status_code == 422


def test_a_file_of_hours_is_refused_before_it_costs_memory(client: TestClient) -> None:
    events = Events([36, 36], [0, 480 * 4 * 4999], qpm=300)
    answer = client.post("/api/import", content=to_bytes(events))
    assert answer.status_code == 422
    assert "5000 bars long, at most 4096" in answer.text


def bars_of_64_quarters(*events: int) -> bytes:
    """A file in 64/1: bars of a thousand steps."""
    track = bytes([0, 0xFF, 0x58, 4, 64, 0, 24, 8, *events])
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(track).to_bytes(4) + track


def test_silence_after_the_last_hit_costs_no_memory(client: TestClient) -> None:
    data = bars_of_64_quarters(0, 0x99, 36, 100, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x2F, 0)
    answer = client.post("/api/import?piece=4096", content=data)
    [pattern] = answer.json()["patterns"]
    assert len(data) == 41
    assert (pattern["quarters_per_bar"], pattern["steps"]) == (256, 65_536)


@pytest.mark.parametrize(("delta", "status"), [((0x8C, 0x80, 0), 200), ((0xE0, 0x80, 0), 422)])
def test_of_long_bars_a_file_may_have_fewer(
    client: TestClient, delta: tuple[int, ...], status: int
) -> None:
    hasty = 0, 0xFF, 0x51, 3, 3, 0x0D, 0x40  # 300 quarters a minute
    data = bars_of_64_quarters(*hasty, 0, 0x99, 36, 100, *delta, 36, 100, 0, 0xFF, 0x2F, 0)
    answer = client.post("/api/import?piece=4096", content=data)
    assert answer.status_code == status
    assert status == 200 or "65 bars long, at most 64" in answer.text


def test_sound_of_many_minutes_is_refused(client: TestClient) -> None:
    slow = Pattern(PATTERN.hits, PATTERN.velocities, PATTERN.offsets, 10)
    answer = client.post("/api/wav", json={"pattern": sent(slow), "repeat": 8})
    assert answer.status_code == 422
    assert "would last 384 seconds, at most 300" in answer.text


# --- facts ----------------------------------------------------------------------------------------


def test_all_styles_of_the_machine_are_listed(client: TestClient, machine: Machine) -> None:
    styles = client.get("/api/styles").json()["styles"]
    assert tuple(style["name"] for style in styles) == machine.styles
    rock = next(style for style in styles if style["name"] == "rock")
    assert rock == {"name": "rock", "qpm": machine.usual_qpm("rock"), "recordings": 268} | {
        "few": False
    }
    assert sum(style["few"] for style in styles) == 8


def test_models_say_where_they_came_from(client: TestClient) -> None:
    models = client.get("/api/models").json()
    assert set(models) == {"machine", "humanizer", "latent", "drummer"}
    for model in models.values():
        assert model["source"] == SHIPPED
        assert "Groove" in json.dumps(model["training"])
        assert model["metrics"]


def test_work_for_seconds_is_refused(client: TestClient) -> None:
    pattern = json.loads(Pattern.empty(64).to_json()) | {"hits": [[0, 0, 0.5, 0.0]]}
    for name, wish in {
        "generate": {"bars": 64, "count": 5},
        "continue": {"pattern": pattern, "bars": 64, "count": 3},
        "fill": {"pattern": pattern, "count": 5},
        "humanize": {"pattern": pattern, "count": 5},
        "tap": {"rhythm": pattern, "count": 5},
    }.items():
        answer = client.post(f"/api/{name}", json=wish)
        assert answer.status_code == 422, name
        assert "count must be at most" in answer.text


def test_health_tells_the_version(client: TestClient) -> None:
    assert client.get("/api/health").json() == {"status": "ok", "version": __version__}


def test_ones_own_models_are_played_and_named(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine.safetensors")
    models = load_models(tmp_path)
    own = {"machine": "machine.safetensors", "latent": SHIPPED, "drummer": SHIPPED}
    assert models.sources == own
    with served(models=models) as client:
        told = client.get("/api/models").json()
        assert {name: model["source"] for name, model in told.items()} == own
        names = [style["name"] for style in client.get("/api/styles").json()["styles"]]
        assert names == ["funk", "jazz", "rock"]
        [mine] = played(client, "generate", bars=1, seed=1)
    assert [mine] == models.machine.generate(bars=1, seed=1)


def test_ones_own_humanizer_is_asked(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine.safetensors")
    write_humanizer(tmp_path / "humanizer.safetensors")
    models = load_models(tmp_path)
    assert models.sources["humanizer"] == "humanizer.safetensors"
    with served(models=models) as client:
        assert client.get("/api/models").json()["humanizer"]["styles"] == ["funk", "jazz", "rock"]
    write_humanizer(tmp_path / "humanizer.safetensors", styles=["polka", "rumba", "tango"])
    with pytest.raises(ModelError, match="polka, rumba, tango"):
        load_models(tmp_path)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no model; name its files"):
        load_models(tmp_path)
    with pytest.raises(ModelError, match="is no folder"):
        load_models(tmp_path / "none")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "latent.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"latent\.safetensors"):
        load_models(tmp_path)


def test_the_documentation_lists_every_route_and_has_no_script(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert client.get("/docs.css").headers["content-type"].startswith("text/css")


def test_voices_are_in_their_order(client: TestClient) -> None:
    assert [voice["name"] for voice in client.get("/api/kit").json()["voices"]] == [*VOICE_NAMES]
