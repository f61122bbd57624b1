import pytest

from paradiddle.cli.leading import latency_of
from paradiddle.cli.outputs import Playing
from paradiddle.errors import InvalidValueError


@pytest.mark.parametrize(
    ("playing", "message"),
    [
        (Playing(clock_latency=5.0), "--clock-latency is for --clock in or link"),
        (Playing(clock="out", clock_latency=5.0), "--clock-latency is for --clock in or link"),
        (Playing(port="a", virtual="b"), "--port a and --virtual b exclude each other; leave one"),
        (Playing(audio=True, kit_map="gm"), "--kit-map gm is for a MIDI port; add --port NAME"),
        (Playing(clock="in", clock_latency=-1.0), r"--clock-latency must be in .* ms, got -1; 5"),
        (Playing(clock="in", clock_latency=float("nan")), "--clock-latency must be in .* got nan"),
    ],
)
def test_options_that_do_not_fit(playing: Playing, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        playing.check()


@pytest.mark.parametrize("clock", ["in", "link"])
def test_a_count_in_needs_a_clock_of_our_own(clock: str) -> None:
    Playing(clock=clock, clock_latency=0.0).check()
    Playing(clock=clock).check_count_in(0)
    Playing(clock="out").check_count_in(2)
    with pytest.raises(InvalidValueError, match=f"--count-in 2 needs .*, got --clock {clock}"):
        Playing(clock=clock).check_count_in(2)


def test_how_late_music_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradiddle.bus_delay.bus_delay", lambda: 0.005)
    heard = [latency_of(Playing(clock=clock), 0.02) for clock in (None, "out", "link", "in")]
    assert heard == [0.02, 0.02, 0.02, 0.025]
    assert latency_of(Playing(clock="in", clock_latency=40.0), 0.02) == 0.04
