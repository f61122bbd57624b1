import pytest

from paradiddle.cli.outputs import Playing
from paradiddle.errors import InvalidValueError


@pytest.mark.parametrize(
    ("playing", "message"),
    [
        (Playing(clock_latency=5.0), "--clock-latency is for --clock in; add it"),
        (Playing(clock="in", clock_latency=-1.0), r"--clock-latency must be in .* ms, got -1; 5"),
        (Playing(clock="in", clock_latency=float("nan")), "--clock-latency must be in .* got nan"),
    ],
)
def test_a_latency_that_cannot_be(playing: Playing, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        playing.check()


@pytest.mark.parametrize("clock", ["in", "link"])
def test_a_count_in_needs_a_clock_of_our_own(clock: str) -> None:
    Playing(clock=clock, clock_latency=0.0 if clock == "in" else None).check()
    Playing(clock=clock).check_count_in(0)
    Playing(clock="out").check_count_in(2)
    with pytest.raises(InvalidValueError, match=f"--count-in 2 needs .*, got --clock {clock}"):
        Playing(clock=clock).check_count_in(2)
