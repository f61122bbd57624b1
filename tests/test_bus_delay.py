import pytest
from jack import BACKEND, PERIOD, RATE, jack  # noqa: F401 (a fixture)

from paradiddle.bus_delay import bus_delay


@pytest.mark.jack
def test_jack_takes_about_a_period(jack: str) -> None:  # noqa: F811
    assert bus_delay(BACKEND) == pytest.approx(1.25 * PERIOD / RATE)


def test_where_the_bus_is_unknown_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "paradiddle-nowhere")
    assert bus_delay("mido.backends.rtmidi/UNIX_JACK") == 0
    assert bus_delay("mido.backends.nowhere") == 0
