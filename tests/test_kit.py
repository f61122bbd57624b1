import hashlib
import itertools
import subprocess
import sys

import numpy as np
import pytest

from paradiddle import kit
from paradiddle.choking import Fade, fades
from paradiddle.errors import InvalidValueError
from paradiddle.limiter import CEILING, limit
from paradiddle.placing import Place, placed

RATE = 44_100


def level(sound: np.ndarray) -> float:
    """RMS in decibels."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def rock_beat() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight bars of 4/4 at 110: eighths on the hat, backbeat, ghost notes, fills, crashes."""
    step = 60 / 110 / 4
    hits = []
    for bar in range(8):
        for place in range(16):
            time = (16 * bar + place) * step
            if place % 2 == 0:
                hits.append((time, 46 if place == 14 else 42, 0.75 if place % 4 == 0 else 0.55))
            if place in (0, 7, 8, 10):
                hits.append((time, 36, 0.9 if place in (0, 8) else 0.7))
            if place in (4, 12):
                hits.append((time, 38, 0.88))
            if place in (6, 9, 15):
                hits.append((time, 38, 0.22))
            if bar % 4 == 3 and place >= 12:
                hits.append((time, (50, 48, 45, 43)[place - 12], 0.85))
        if bar % 4 == 0:
            hits.append((16 * bar * step, 49, 0.85))
    seconds, pitches, velocities = zip(*hits, strict=True)
    return np.array(seconds), np.array(pitches), np.array(velocities, np.float32)


def test_no_hits_are_a_short_silence() -> None:
    sound = kit.render([], [], [])
    assert sound.shape == (4410, 2)
    assert sound.dtype == np.float32
    assert not sound.any()


def test_hits_begin_on_their_sample() -> None:
    sound = kit.render([0.5], [36], [1.0])
    assert np.abs(sound[:22_051]).max() < 1e-6
    assert np.abs(sound[22_050:22_150]).max() > 0.1


def test_one_hit_is_a_sample() -> None:
    assert np.array_equal(kit.render([0.0], [38], [0.7]), kit.sample(38, 0.7))


def test_order_does_not_matter() -> None:
    seconds, pitches, velocities = rock_beat()
    shuffled = np.random.default_rng(1).permutation(seconds.size)
    one = kit.render(seconds, pitches, velocities)
    two = kit.render(seconds[shuffled], pitches[shuffled], velocities[shuffled])
    assert np.array_equal(one, two)


def test_another_process_renders_the_same_bytes() -> None:
    hits = "[0.0, 0.1, 0.2, 0.3, 0.4], [36, 38, 46, 49, 45], [1.0, 0.9, 0.7, 0.8, 0.5]"
    program = (
        "import hashlib; from paradiddle import kit; "
        f"print(hashlib.sha256(kit.render({hits}).tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    here = kit.render([0.0, 0.1, 0.2, 0.3, 0.4], [36, 38, 46, 49, 45], [1.0, 0.9, 0.7, 0.8, 0.5])
    assert done.stdout.decode().strip() == hashlib.sha256(here.tobytes()).hexdigest()


def test_what_is_rendered_may_be_changed_without_harm() -> None:
    before = kit.sample(36, 0.9)
    copy = before.copy()
    before[:] = 0
    assert np.array_equal(kit.sample(36, 0.9), copy)


def test_tail_sets_the_length_and_fades() -> None:
    sound = kit.render([0.0, 1.0], [49, 49], [0.9, 0.9], tail=0.25)
    assert sound.shape == (55_125, 2)
    assert not sound[-1].any()
    assert np.abs(sound[-2000:-1500]).max() > 0.01


def test_everything_rings_out_by_default() -> None:
    sound = kit.render([0.0], [49], [0.9])
    assert level(sound[-2000:]) < level(sound[:20_000]) - 50


def test_a_silent_hit_counts_for_the_length_only() -> None:
    sound = kit.render([0.0, 2.0], [36, 38], [0.0, 0.0])
    assert len(sound) == round(2.1 * RATE)
    assert not sound.any()


@pytest.mark.parametrize("pitch", [36, 38, 42, 45, 46, 48, 49, 50, 51])
def test_louder_is_louder_and_layers_do_not_jump(pitch: int) -> None:
    velocities = np.linspace(0.1, 1.0, 37)
    levels = [level(kit.sample(pitch, velocity)[:4410]) for velocity in velocities]
    steps = np.diff(levels)
    assert levels[-1] - levels[0] > 20
    assert np.all(steps > -1.5)
    assert np.all(steps < 5)


def test_at_least_four_layers_are_reached_by_velocity() -> None:
    assert kit.LAYERS >= 4
    middles = [(layer + 0.5) / kit.LAYERS for layer in range(kit.LAYERS)]
    assert [kit.layer_of(velocity) for velocity in middles] == list(range(kit.LAYERS))
    sounds = [kit.sample(38, velocity)[:2000, 0] for velocity in middles]
    shapes = [sound / np.linalg.norm(sound) for sound in sounds]
    assert all(np.dot(a, b) < 0.999 for a, b in itertools.pairwise(shapes))


@pytest.mark.parametrize("closed", [22, 42, 44])
@pytest.mark.parametrize("opened", [24, 25, 26, 46])
def test_a_closing_hat_silences_an_open_one(opened: int, closed: int) -> None:
    # the closing stroke is all but silent, so what is heard after it is the open hat
    sound = kit.render([0.0, 0.15], [opened, closed], [0.9, 0.001], tail=0.5)
    ringing = kit.render([0.0], [opened], [0.9], tail=0.65)
    closing, after = round(0.15 * RATE), round(0.19 * RATE)
    assert np.array_equal(sound[: closing - 1], ringing[: closing - 1])
    assert level(ringing[after : after + 4410]) > -60
    assert level(sound[after : after + 4410]) < level(ringing[after : after + 4410]) - 30


def test_the_choke_is_a_fade_and_not_a_click() -> None:
    choked = kit.render([0.0, 0.15], [46, 42], [0.9, 0.001])
    steps = np.abs(np.diff(choked[:, 0]))
    around = slice(round(0.149 * RATE), round(0.20 * RATE))
    assert steps[around].max() <= 1.05 * steps[round(0.10 * RATE) : round(0.149 * RATE)].max()


def test_a_hat_chokes_every_open_hat_before_it_and_none_after() -> None:
    found = fades([0, 100, 200, 300], [46, 26, 44, 46], [1.0] * 4, RATE)
    assert [fade.start for fade in found[0]] == [100, 200]
    assert found[0][-1].keep == 0
    assert found[1] == [Fade(100, round(0.035 * RATE), 0.0)]
    assert found[3] == []


def test_cymbals_and_toms_do_not_choke_each_other() -> None:
    found = fades([0, 10, 20, 30], [49, 51, 45, 48], [1.0] * 4, RATE)
    assert found == [[], [], [], []]


def test_a_ghost_note_leaves_an_accent_ringing() -> None:
    soft = fades([0, 4410], [38, 38], [1.0, 0.05], RATE)[0][0]
    hard = fades([0, 4410], [38, 38], [1.0, 1.0], RATE)[0][0]
    assert soft.keep > 0.9
    assert hard.keep < 0.2


def test_sounds_that_are_layered_all_sound() -> None:
    layered = [(35, 36), (38, 39), (37, 38), (38, 40), (42, 46), (26, 42)]
    assert all(fades([7, 7], list(pair), [1.0, 0.5], RATE) == [[], []] for pair in layered)


def test_a_kick_struck_twice_at_once_is_not_twice_as_strong() -> None:
    once = kit.render([0.0], [36], [0.5])
    twice = kit.render([0.0, 0.0], [36, 36], [0.5, 0.5])
    assert np.abs(twice).max() < 1.3 * np.abs(once).max()


def test_nothing_clips_in_a_dense_storm() -> None:
    rng = np.random.default_rng(5)
    pitches = rng.choice([36, 38, 42, 46, 45, 48, 50, 49, 51, 57, 39], 1000)
    sound = kit.render(rng.uniform(0, 5, 1000), pitches, np.ones(1000))
    assert np.abs(sound).max() <= CEILING
    assert np.mean(np.abs(sound) > 0.93) < 0.02
    assert level(sound) > -15


def test_a_beat_is_loud_enough_and_does_not_clip() -> None:
    sound = kit.render(*rock_beat())
    assert 0.7 < np.abs(sound).max() <= CEILING
    assert -20 < level(sound) < -14


def test_voices_are_in_balance() -> None:
    seconds, pitches, velocities = rock_beat()

    def heard(*chosen: int) -> float:
        """Energy in the beat, bass weighed down roughly as the ear does."""
        mask = np.isin(pitches, chosen)
        sound = kit.render(seconds[mask], pitches[mask], velocities[mask])
        hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
        ear = 1 / np.sqrt(1 + (90 / np.maximum(hertz, 1)) ** 4)
        strength = np.abs(np.fft.rfft(sound, axis=0)) ** 2 * np.square(ear)[:, None]
        return float(10 * np.log10(strength.sum()))

    kick, snare, hats, toms, crash = (
        heard(36),
        heard(38),
        heard(42, 46),
        heard(50, 48, 45, 43),
        heard(49),
    )
    assert abs(kick - snare) < 6
    assert 7 < max(kick, snare) - hats < 16
    assert hats < toms < max(kick, snare)
    assert crash < snare


def test_places_from_left_to_right() -> None:
    def lean(pitch: int) -> float:
        left, right = np.sum(np.square(kit.sample(pitch, 0.8)), axis=0)
        return float((right - left) / (right + left))

    assert lean(42) < -0.2 < 0.2 < lean(51)
    assert abs(lean(36)) < 0.02
    assert abs(lean(38)) < 0.1
    assert lean(50) < lean(48) < lean(45) < lean(43) < lean(41)


def test_cymbals_are_wide_and_the_kick_is_not() -> None:
    def width(pitch: int) -> float:
        sound = kit.sample(pitch, 0.8)
        sides = sound / np.linalg.norm(sound, axis=0)
        return float(1 - np.sum(sides[:, 0] * sides[:, 1]))

    assert width(49) > 0.1
    assert width(36) < 0.02


def test_the_width_vanishes_in_mono() -> None:
    sound = np.random.default_rng(1).standard_normal(2000).astype(np.float32)
    narrow = placed(sound, Place(0.0, 0.0, 0.0, 0.0), RATE).sum(axis=1)
    wide = placed(sound, Place(0.0, 0.0, 0.4, 0.0), RATE).sum(axis=1)
    assert np.allclose(narrow, wide, atol=1e-5)


def test_the_limiter_leaves_quiet_sound_alone() -> None:
    quiet = np.random.default_rng(2).uniform(-0.5, 0.5, (10_000, 2)).astype(np.float32)
    limited = quiet.copy()
    limit(limited, RATE)
    assert np.array_equal(limited, quiet)


@pytest.mark.parametrize("samples", [1, 63, 64, 65, 5_000, 300_000])
def test_the_limiter_holds_its_ceiling_at_any_length(samples: int) -> None:
    loud = np.random.default_rng(3).standard_normal((samples, 2)).astype(np.float32) * 4
    signs = np.sign(loud)
    limit(loud, RATE)
    assert np.abs(loud).max() <= CEILING
    assert np.array_equal(np.sign(loud), signs)


def test_the_limiter_turns_down_before_a_peak_and_recovers_after() -> None:
    sound = np.full((RATE, 2), 0.2, np.float32)
    sound[RATE // 2] = 5.0
    limit(sound, RATE)
    gain = sound[:, 0] / 0.2
    peak = RATE // 2
    assert np.all(gain[: peak - 600] == 1)
    assert gain[peak - 20] < 0.5
    assert gain[peak + 2000] < gain[peak + 4000] < 1
    assert np.all(gain[peak + 6000 :] == pytest.approx(1, abs=1e-6))


@pytest.mark.parametrize(
    ("seconds", "pitches", "velocities", "message"),
    [
        ([0.0, 1.0], [36], [1.0], r"one shape \(N,\), got \(2,\), \(1,\) and \(1,\)"),
        ([[0.0]], [[36]], [[1.0]], r"one shape \(N,\)"),
        ([-0.1], [36], [1.0], r"seconds must be in \[0, inf\], got -0\.1"),
        ([float("nan")], [36], [1.0], "seconds must be in .*, got nan"),
        ([0.0], [128], [1.0], r"pitches must be in \[0, 127\], got 128"),
        ([0.0], [36.5], [1.0], "pitches must be integers, got float64"),
        ([0.0], [36], [96], r"velocities must be in \[0, 1\], got 96; divide MIDI"),
        ([0.0], [36], [float("nan")], "velocities must be in .*, got nan"),
        ([20_000.0], [36], [1.0], "would last 20000 seconds, at most 7200"),
        ([float("inf")], [36], [1.0], "would last inf seconds"),
    ],
)
def test_bad_hits_are_refused(
    seconds: list[float], pitches: list[int], velocities: list[float], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        kit.render(seconds, pitches, velocities)


@pytest.mark.parametrize("tail", [-1.0, float("nan"), 1e9])
def test_a_bad_tail_is_refused(tail: float) -> None:
    with pytest.raises(InvalidValueError, match=r"tail must be in \[0, 7200\] seconds, got"):
        kit.render([0.0], [36], [1.0], tail=tail)


def test_a_bad_sample_rate_is_refused_even_for_silence() -> None:
    with pytest.raises(InvalidValueError, match="sample_rate must be in"):
        kit.render([], [], [], sample_rate=0)


def test_a_high_sample_rate_must_be_shorter() -> None:
    with pytest.raises(InvalidValueError, match="would last 3000 seconds, at most 1800"):
        kit.render([3000.0], [36], [1.0], sample_rate=192_000)


def test_another_sample_rate_lasts_as_long() -> None:
    one = kit.render([0.0, 1.0], [36, 38], [0.9, 0.9], tail=0.5)
    two = kit.render([0.0, 1.0], [36, 38], [0.9, 0.9], tail=0.5, sample_rate=22_050)
    assert len(one) == 2 * len(two)
    assert level(two) == pytest.approx(level(one), abs=1.5)
