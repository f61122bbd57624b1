import math
import random

import pytest

from paradiddle.pulse_fit import PulseFit


def test_a_fit_evens_out_jitter_and_follows_a_drift() -> None:
    draws, fit, at, qpm = random.Random(1), PulseFit(), 0.0, 80.0
    errors = []
    for n in range(2_000):
        fit.add(at + draws.uniform(0, 0.00533))
        if n > 48:
            errors.append(abs(fit.seconds - at - 0.00267))
        qpm += 80 / 60 * 60 / qpm / 24
        at += 60 / qpm / 24
    assert sorted(errors)[int(0.99 * len(errors))] < 0.003
    assert fit.qpm == pytest.approx(qpm, rel=0.02)


def jittery(qpms: list[float], lost: int = -1, doubled: int = -1) -> tuple[PulseFit, float]:
    """A fit of pulses that a bus hands over once in 5.33 ms, and when the last was sent."""
    fit, at = PulseFit(), 0.0
    for pulse, qpm in enumerate(qpms):
        at += 60 / qpm / 24
        for _ in range(1 + (pulse == doubled) - (pulse == lost)):
            fit.add(math.ceil(at / 0.00533) * 0.00533)
    return fit, at + 0.00267


@pytest.mark.parametrize("qpm", [60.0, 120.0, 180.0])
def test_a_pulse_that_is_lost_or_comes_twice_is_told(qpm: float) -> None:
    for where in range(40, 80):
        for lost, doubled in [(where, -1), (-1, where), (where, where + 1), (where, where + 9)]:
            fit, at = jittery([qpm] * 120, lost, doubled)
            assert fit.count == 120
            assert fit.seconds == pytest.approx(at, abs=0.003)


@pytest.mark.parametrize("after", [50, 60, 80, 100, 140, 160, 200, 240])
def test_another_tempo_is_no_lost_pulse(after: float) -> None:
    fit, at = jittery([120.0] * 100 + [after] * 12)
    assert fit.count == 112
    assert fit.qpm == pytest.approx(after, rel=0.06)
    assert fit.seconds == pytest.approx(at, abs=0.006)


@pytest.mark.parametrize("held", [0.01, 0.03, 0.06, 0.1, 0.3])
def test_pulses_that_are_held_up_come_in_a_bunch(held: float) -> None:
    fit = PulseFit()
    for pulse in range(200):
        at = pulse / 48
        fit.add(max(at, 2 + held) if at >= 2 else at)
    assert fit.count == 200
    assert fit.seconds == pytest.approx(199 / 48, abs=1e-6)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("frames", [256, 512, 1024, 2048])
@pytest.mark.parametrize("qpm", [80, 100, 120, 140, 174])
def test_a_sender_with_long_blocks_is_followed(rate: int, frames: int, qpm: float) -> None:
    block, bus, fit, worst = frames / rate, 256 / 48_000, PulseFit(), 0.0
    for pulse in range(1500):
        at = pulse * 60 / qpm / 24
        sent = math.ceil(at / block + 1e-9) * block
        fit.add(math.ceil(sent / bus + 1e-9) * bus)
        if pulse > 500:
            worst = max(worst, abs(fit.seconds - at - block / 2 - bus / 2))
    assert fit.count == 1500
    assert worst < 0.55 * (block + bus)
