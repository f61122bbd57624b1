import itertools

import numpy as np
import pytest

from paradiddle.drums import PERCUSSION_PITCHES
from paradiddle.errors import InvalidValueError
from paradiddle.metals import Plate
from paradiddle.synthesis import DEFAULT_PITCH, SOUNDS, strike
from paradiddle.tones import Signal, envelope, hiss, ring, sweep

RATE = 44_100
FORCES = (0.0, 0.25, 0.5, 0.75, 1.0)


def power(sound: Signal) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in hertz and the power at each."""
    return np.fft.rfftfreq(sound.size, 1 / RATE), np.abs(np.fft.rfft(sound)) ** 2


def centroid(sound: Signal) -> float:
    hertz, strength = power(sound)
    return float(np.sum(hertz * strength) / np.sum(strength))


def share_above(sound: Signal, edge: float) -> float:
    hertz, strength = power(sound)
    return float(strength[hertz > edge].sum() / strength.sum())


def t60(sound: Signal) -> float:
    """Decay from 5 to 35 dB below the start of the backward-integrated energy, doubled."""
    left = np.cumsum(np.square(sound[::-1], dtype=np.float64))[::-1]
    fallen = 10 * np.log10(left / left[0] + 1e-12)
    return 2 * float(np.argmax(fallen < -35) - np.argmax(fallen < -5)) / RATE


def strongest(sound: Signal) -> float:
    hertz, strength = power(sound)
    return float(hertz[np.argmax(strength)])


def test_every_percussion_pitch_has_a_sound_of_its_own() -> None:
    assert frozenset(SOUNDS) == PERCUSSION_PITCHES


@pytest.mark.parametrize("pitch", sorted(SOUNDS))
def test_every_sound_is_clean(pitch: int) -> None:
    for force in (0.0, 1.0):
        sound = strike(pitch, force)
        peak = np.max(np.abs(sound))
        assert sound.dtype == np.float32
        assert np.all(np.isfinite(sound))
        assert sound[0] == 0
        assert abs(sound[-1]) < 1e-6 * peak
        assert abs(np.mean(sound, dtype=np.float64)) < 1e-5 * peak
        assert 0.03 < sound.size / RATE < 3.5
        assert 1.0 < peak < 8.0


@pytest.mark.parametrize("pitch", sorted(SOUNDS))
def test_harder_strokes_are_brighter(pitch: int) -> None:
    colours = [centroid(strike(pitch, force)) for force in FORCES]
    assert colours[-1] > 1.04 * colours[0]
    assert all(after > 0.98 * before for before, after in itertools.pairwise(colours))


@pytest.mark.parametrize("pitch", [36, 38, 42, 46, 49, 51])
def test_the_main_voices_brighten_at_every_step(pitch: int) -> None:
    colours = [centroid(strike(pitch, force)) for force in FORCES]
    assert all(after > 1.02 * before for before, after in itertools.pairwise(colours))


def test_the_same_stroke_gives_the_same_samples() -> None:
    assert np.array_equal(strike(49, 0.6), strike(49, 0.6))


def test_kick_falls_in_pitch_to_a_deep_tone() -> None:
    sound = strike(36, 0.8)
    crossings = np.flatnonzero(np.diff(np.signbit(sound))) / RATE
    halves = np.diff(crossings)
    assert 1 / (2 * np.median(halves[:4])) > 150
    assert strongest(sound[4410:]) == pytest.approx(51, abs=6)
    assert 0.4 < t60(sound) < 0.65
    assert share_above(sound, 200) < 0.25


def test_snare_has_two_tuned_modes_and_wires() -> None:
    sound = strike(38, 0.6)
    hertz, strength = power(sound)
    low = strength[(hertz > 170) & (hertz < 210)].max()
    between = np.median(strength[(hertz > 230) & (hertz < 290)])
    high = strength[(hertz > 310) & (hertz < 350)].max()
    assert low > 5 * between
    assert high > 2.5 * between
    assert 0.3 < share_above(sound, 1000) < 0.95
    assert share_above(strike(38, 0.0), 1000) < 0.5 * share_above(strike(38, 1.0), 1000)


def test_hats_are_metal_without_bottom_and_last_as_long_as_they_are_open() -> None:
    decays = {pitch: t60(strike(pitch, 0.7)) for pitch in (22, 24, 25, 26, 42, 44, 46)}
    assert all(share_above(strike(pitch, 0.7), 2500) > 0.9 for pitch in decays)
    assert decays[44] < decays[42] < decays[22] < decays[24] < decays[25] < decays[46] < decays[26]
    assert decays[42] < 0.2
    assert 0.7 < decays[46] < 1.3


def test_cymbals_decay_as_their_size() -> None:
    decays = {pitch: t60(strike(pitch, 0.8)) for pitch in (49, 55, 57, 51)}
    assert decays[55] < 0.8 < decays[57] < decays[49] < 2.5
    assert 1.0 < decays[51] < 2.5


def test_crash_blooms() -> None:
    sound = strike(49, 0.9)
    early, later = sound[: RATE // 100], sound[RATE // 40 : RATE // 25]
    assert np.std(later) > np.std(early)


def test_ride_pings_and_its_bell_rings() -> None:
    def ringing(sound: Signal) -> float:
        """Part of the power in the strongest hundredth of the spectrum."""
        hertz, strength = power(sound)
        band = np.sort(strength[(hertz > 600) & (hertz < 7000)])[::-1]
        return float(band[: band.size // 100].sum() / band.sum())

    bell, ride, edge, crash = (ringing(strike(pitch, 0.7)) for pitch in (53, 51, 59, 49))
    assert bell > 0.75 > ride > 0.5 > edge > 0.35 > crash


def test_toms_descend() -> None:
    tones = [strongest(strike(pitch, 0.5)) for pitch in (50, 48, 47, 45, 43, 41)]
    assert tones == sorted(tones, reverse=True)
    assert tones[0] == pytest.approx(180, rel=0.12)
    assert tones[-1] == pytest.approx(69, rel=0.12)


@pytest.mark.parametrize(("high", "low"), [(60, 61), (63, 64), (65, 66), (67, 68), (76, 77)])
def test_pairs_are_tuned_high_and_low(high: int, low: int) -> None:
    assert strongest(strike(high, 0.5)) > 1.2 * strongest(strike(low, 0.5))


@pytest.mark.parametrize(("short", "long"), [(62, 63), (71, 72), (73, 74), (78, 79), (80, 81)])
def test_muted_and_open_versions_differ_in_length(short: int, long: int) -> None:
    assert strike(long, 0.5).size > 1.7 * strike(short, 0.5).size


def test_claps_come_in_bursts() -> None:
    sound = np.abs(strike(39, 0.8))
    loud = [sound[int(at * RATE) :][:88].mean() for at in (0.001, 0.0105, 0.0215, 0.0315)]
    quiet = [sound[int(at * RATE) - 88 :][:88].mean() for at in (0.0095, 0.0205, 0.0305)]
    assert min(loud) > 1.5 * max(quiet)


@pytest.mark.parametrize("pitch", [0, 21, 23, 88, 127])
def test_other_pitches_sound_neutral(pitch: int) -> None:
    assert np.array_equal(strike(pitch, 0.5), strike(DEFAULT_PITCH, 0.5))


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
@pytest.mark.parametrize("pitch", [36, 38, 42, 49, 84])
def test_other_sample_rates_last_as_long(pitch: int, rate: int) -> None:
    sound = strike(pitch, 0.7, rate)
    assert np.all(np.isfinite(sound))
    assert sound.size / rate == pytest.approx(strike(pitch, 0.7).size / RATE, rel=0.25)


@pytest.mark.parametrize("force", [-0.1, 1.1, 96, float("nan")])
def test_a_force_out_of_range_is_refused(force: float) -> None:
    with pytest.raises(InvalidValueError, match=r"force must be in \[0, 1\], got"):
        strike(36, force)


@pytest.mark.parametrize("rate", [0, 7_999, 192_001])
def test_a_sample_rate_no_card_has_is_refused(rate: int) -> None:
    with pytest.raises(InvalidValueError, match=r"sample_rate must be in \[8000, 192000\], got"):
        strike(36, 0.5, rate)


def test_ring_is_a_sum_of_damped_sines() -> None:
    hertz, gains, decays, phases = [440.0, 1000.0], [1.0, 0.5], [0.5, 0.2], [0.0, 1.0]
    sound = ring(hertz, gains, decays, RATE, phases=phases)
    time = np.arange(sound.size) / RATE
    wanted = sum(
        g * 0.001 ** (time / d) * np.sin(2 * np.pi * f * time + p)
        for f, g, d, p in zip(hertz, gains, decays, phases, strict=True)
    )
    assert np.allclose(sound, wanted, atol=1e-5)


def test_ring_leaves_out_what_would_fold_back() -> None:
    assert not ring([30_000.0], [1.0], 0.1, RATE).any()


def test_sweep_comes_to_rest_at_its_frequency() -> None:
    sound = sweep(100.0, [(2.0, 0.01)], 2.0, RATE)
    assert strongest(sound[RATE // 2 : RATE // 2 + RATE]) == pytest.approx(100, abs=1)
    assert strongest(sound[:882]) > 130


def test_hiss_stays_in_its_band_at_unit_strength() -> None:
    noise = hiss(3, 2000.0, 4000.0, 5.0, RATE)
    assert np.std(noise[:4410]) == pytest.approx(1.0, rel=0.1)
    assert share_above(noise, 1500) - share_above(noise, 7000) > 0.8


def test_envelope_falls_60_db_in_its_time() -> None:
    assert envelope(RATE + 1, 1.0, RATE)[-1] == pytest.approx(0.001, rel=1e-3)
    risen = envelope(RATE, 1.0, RATE, attack=0.01)
    assert risen[0] == 0
    assert np.argmax(risen) == pytest.approx(0.027 * RATE, rel=0.2)


def test_a_plate_is_a_value() -> None:
    assert Plate(t60=1.0) == Plate(t60=1.0)
