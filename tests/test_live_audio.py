from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from paradiddle import live_mixer
from paradiddle.errors import AudioError
from paradiddle.live_audio import AudioSink, BlockClock
from paradiddle.live_mixer import LiveMixer
from paradiddle.timed import Timed

RATE, BLOCK = 48_000, 256
HIT = Timed(1.0, "hit", voice=0, velocity=0.8, length=0.1)


class Card:
    """A sound card that asks for a block when it is told to."""

    class Stream:
        def __init__(self, callback: Callable[..., None], **_: Any) -> None:
            self.fill, self.active, self.closed = callback, False, False
            self.latency = 0.01

        def start(self) -> None:
            self.active = True

        def close(self, *, ignore_errors: bool) -> None:
            self.active, self.closed = False, True

    def __init__(self) -> None:
        self.now, self.streams = 0.0, []  # type: ignore[var-annotated]
        self.PortAudioError = OSError

    def OutputStream(self, **how: Any) -> "Card.Stream":
        self.streams.append(Card.Stream(**how))
        return self.streams[-1]

    def play(self, seconds: float) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Let time pass."""
        blocks = []
        for _ in range(round(seconds * RATE / BLOCK)):
            out = np.zeros((BLOCK, 2), np.float32)
            self.streams[-1].fill(out, BLOCK, None, None)
            self.now += BLOCK / RATE
            blocks.append(out)
        return np.concatenate(blocks)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    found = Card()
    monkeypatch.setattr("paradiddle.live_audio.sound_card", lambda: found)
    monkeypatch.setattr("paradiddle.live_audio.card_rate", lambda: RATE)
    return found


def sink_of(card: Card, **how: Any) -> AudioSink:
    return AudioSink(now=lambda: card.now, **how)


def test_a_hit_sounds_at_its_time(card: Card) -> None:
    sink = sink_of(card)
    card.play(0.5)
    sink.send(HIT)
    sound = card.play(1.0)
    onset = np.flatnonzero(sound.any(axis=1))[0] / RATE + 0.5
    assert onset == pytest.approx(1.0 + BLOCK / RATE, abs=0.002)


def test_it_tells_how_late_it_is_heard(card: Card) -> None:
    sink = sink_of(card)
    card.play(0.1)
    assert sink.latency == pytest.approx(0.01 + BLOCK / RATE)


def test_a_card_that_does_not_begin_is_let_go(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(stream: Card.Stream) -> None:
        raise card.PortAudioError("device unavailable")

    monkeypatch.setattr(Card.Stream, "start", start)
    with pytest.raises(AudioError, match="cannot play sound: device unavailable"):
        sink_of(card)
    assert card.streams[-1].closed


def test_what_sounds_rings_out_and_a_stop_cuts_it(card: Card) -> None:
    sink = sink_of(card)
    assert not sink.sounds
    sink.send(HIT._replace(voice=7, seconds=0.1))  # a crash
    sink.send(Timed(0.2, "end"))
    assert sink.sounds
    card.play(0.3)
    assert sink.sounds
    card.play(8.0)
    assert not sink.sounds
    sink.send(HIT._replace(voice=7, seconds=card.now + 0.1))
    card.play(0.3)
    sink.stop()
    assert not sink.sounds
    assert not card.play(0.1).any()


def test_nothing_is_made_in_the_callback_of_the_card(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = live_mixer.sample

    def sample(pitch: int, *rest: Any, **how: Any) -> Any:
        made.append(pitch)
        return real(pitch, *rest, **how)

    monkeypatch.setattr(live_mixer, "sample", sample)
    sink = sink_of(card, pitches=(56,))
    assert 56 in made
    made.clear()
    sink.send(HIT._replace(seconds=0.01, voice=-1, pitch=56))
    assert not made
    sink.send(HIT._replace(seconds=0.01, voice=-1, pitch=54))  # not told before
    assert set(made) == {54}
    made.clear()
    assert card.play(0.1).any()
    assert not made


def test_a_stop_forgets_how_late_the_card_was(card: Card) -> None:
    sink = sink_of(card)
    card.play(1.0)
    card.now += 0.05  # it hung for a moment, and is behind from now on
    card.play(0.02)
    sink.stop()
    card.play(0.5)
    begun = card.now
    sink.send(HIT._replace(seconds=begun + 0.1))
    onset = np.flatnonzero(card.play(0.3).any(axis=1))[0] / RATE
    assert onset == pytest.approx(0.1 + BLOCK / RATE, abs=0.002)


def test_a_lost_card_is_told_once(card: Card) -> None:
    sink, told = sink_of(card), []
    sink.tell = told.append
    sink.check()
    assert not told
    sink.send(HIT)
    card.streams[-1].active = False
    sink.check()
    sink.check()
    assert told == ["the sound card is gone, nothing is heard any more; plug it in and start again"]
    assert not sink.sounds
    sink.close()
    sink.close()
    sink.check()
    assert len(told) == 1


def test_blocks_of_any_length_add_up_to_the_same() -> None:
    rng = np.random.default_rng(1)
    hits = [
        (int(at), int(rng.choice([36, 42, 46, 51, 49])), float(rng.uniform(0.1, 1)))
        for at in np.sort(rng.integers(0, RATE, 40))
    ]

    def mixed(length: int) -> Any:
        mixer = LiveMixer()
        for at, pitch, velocity in hits:
            mixer.strike(at, pitch, velocity)
        parts = [mixer.block(first, length) for first in range(0, 2 * RATE, length)]
        return np.concatenate(parts)[: 2 * RATE]

    np.testing.assert_allclose(mixed(2 * RATE), mixed(100), atol=1e-3)


def test_the_clock_of_samples_begins_anew_after_a_pause() -> None:
    clock = BlockClock(1000)
    clock.block(0, 5.0)
    clock.block(100, 5.1)
    assert clock.sample(5.2) == 200
    clock.block(200, 9.0)
    assert clock.sample(9.1) == 300
