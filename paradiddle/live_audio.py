"""The drum kit through the sound card, led by a transport; sounddevice, loaded on use."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from paradiddle.audio import card_rate, sound_card
from paradiddle.drums import VOICES
from paradiddle.errors import AudioError
from paradiddle.live_mixer import LiveMixer
from paradiddle.live_sounds import soundfont_sounds
from paradiddle.output import CLICK_PITCHES, pitch_of
from paradiddle.placing import Stereo
from paradiddle.stopping import signals_wait
from paradiddle.timed import Timed

__all__ = ["AudioSink", "BlockClock"]

_SHARE = 0.02  # of the error that the estimate of the sample clock takes up with each block
_FIRST_BLOCK_SECONDS = 0.2  # longest wait for it
_LOST_SECONDS = 0.1  # an error so large is a pause of the card


class BlockClock:
    """Which sample plays at which second, evened out: blocks are asked for with jitter.

    Parameters
    ----------
    rate : float
        Samples per second.

    Examples
    --------
    >>> clock = BlockClock(48_000)
    >>> clock.block(0, 10.0)
    >>> clock.sample(10.5)
    24000
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._zero: float | None = None  # second of sample 0

    def block(self, first: int, seconds: float) -> None:
        """Learn that a block, from sample `first` on, was asked for at a second."""
        zero = seconds - first / self._rate
        if self._zero is None or abs(zero - self._zero) > _LOST_SECONDS:
            self._zero = zero
        else:
            self._zero += _SHARE * (zero - self._zero)

    def sample(self, seconds: float) -> int:
        """Find the sample to play at a second."""
        return round((seconds - (self._zero or 0.0)) * self._rate)


class AudioSink:
    """Plays the kit through the sound card.

    All hits come later by the same time, the card's own and one block: its `latency`.

    Parameters
    ----------
    soundfont : Path, optional
        Play its drums instead of the kit.
    pitches : sequence of int
        What will be played beside the nine voices; made before, or a first hit would be late.
    sample_rate : int, optional
        Samples per second; the card's own if left out.
    now : callable
        Clock of the transport.

    Attributes
    ----------
    tell : callable
        Called with one line for people when the sound card is lost.

    Raises
    ------
    MissingExtraError
        If sounddevice is not installed.
    AudioError
        If there is no PortAudio or no sound card, or the SoundFont cannot be played.
    """

    ahead = True

    def __init__(
        self,
        soundfont: Path | None = None,
        pitches: Sequence[int] = (),
        sample_rate: int | None = None,
        *,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.tell: Callable[[str], None] = lambda text: None
        self._driver = sound_card()
        self._now, self._lock = now, threading.RLock()
        rate = card_rate() if sample_rate is None else sample_rate
        self._mixer, self._clock = LiveMixer(rate), BlockClock(rate)
        needed = tuple(dict.fromkeys((*(one.pitch for one in VOICES), CLICK_PITCHES[0], *pitches)))
        if soundfont is not None:
            self._mixer.load(soundfont_sounds(soundfont, needed, rate))
        self._mixer.prepare(needed)
        self._waiting: list[Timed] = []
        self._played = self._block = 0  # samples: so far, and at once
        self._asked = threading.Event()
        self._lost = self._closed = False
        self._stream = self._opened(rate)

    def _opened(self, sample_rate: int) -> Any:
        """Open the sound card."""
        opened = ExitStack()
        try:
            stream = self._driver.OutputStream(
                samplerate=sample_rate,
                channels=2,
                dtype="float32",
                latency="low",
                callback=self._fill,
            )
            opened.callback(stream.close, ignore_errors=True)
            stream.start()
            opened.pop_all()
        except self._driver.PortAudioError as error:
            opened.close()
            raise AudioError(
                f"cannot play sound: {error}; is a sound card there? Play to a MIDI port instead,"
                " with --port or --virtual"
            ) from error
        return stream

    def _fill(self, out: Stereo, count: int, _: object, __: object) -> None:
        """Give the card its next block."""
        self._block = count
        self._asked.set()
        with self._lock:
            self._clock.block(self._played, self._now())
            for timed in self._waiting:
                start = max(self._played, self._clock.sample(timed.seconds) + count)
                pitch = _pitch_of(timed)
                if pitch is not None:
                    self._mixer.strike(start, pitch, timed.velocity)
            self._waiting.clear()
            out[:] = self._mixer.block(self._played, count)
            self._played += count

    @property
    def latency(self) -> float:
        """Seconds after its time that a hit is heard, by what the card says of itself."""
        with signals_wait():
            self._asked.wait(_FIRST_BLOCK_SECONDS)
        return float(self._stream.latency) + self._block / self._mixer.sample_rate

    @property
    def sounds(self) -> bool:
        """Whether something still rings, on a card that plays."""
        with self._lock:
            return not self._lost and bool(self._waiting or self._mixer.sounds)

    def send(self, timed: Timed) -> None:
        """Take a hit or a click ahead of its time."""
        if timed.kind not in ("hit", "click"):
            return
        pitch = _pitch_of(timed)
        if pitch is not None and not self._mixer.knows(pitch):
            self._mixer.prepare((pitch,))  # here: the card itself waits for nothing
        with self._lock:
            self._waiting.append(timed)

    def pause(self) -> None:
        """Fall silent; what plays next is put in time anew."""
        with self._lock:
            self._waiting.clear()
            self._mixer.clear()
            self._clock = BlockClock(self._mixer.sample_rate)

    def stop(self) -> None:
        """End the music."""
        self.pause()

    def check(self) -> None:
        """Tell when the sound card is lost."""
        if not self._lost and not self._closed and not self._stream.active:
            self._lost = True
            self.tell(
                "the sound card is gone, nothing is heard any more; plug it in and start again"
            )

    def close(self) -> None:
        """Let go of the sound card; again does nothing."""
        self._closed = True
        self.stop()
        self._stream.close(ignore_errors=True)


def _pitch_of(timed: Timed) -> int | None:
    """Which sound a hit or a click is."""
    return CLICK_PITCHES[0] if timed.kind == "click" else pitch_of(timed, None)
