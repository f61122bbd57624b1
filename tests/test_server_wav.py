"""Sound as bytes, and how it is sent."""

import asyncio
import io
import wave
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.types import Message

from paradiddle.server.pieces import PIECE_BYTES, Pieces
from paradiddle.server.wav import wav_bytes


def plain(samples: NDArray[np.float32]) -> bytes:
    """The same in one go."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1 if samples.ndim == 1 else 2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(0, 2), (10, 2), (65_536,), (65_537, 2), (200_000, 2)])
def test_a_long_sound_is_written_as_a_short_one(shape: tuple[int, ...]) -> None:
    samples = np.random.default_rng(1).uniform(-1.2, 1.2, shape).astype(np.float32)
    assert wav_bytes(samples, 44_100) == plain(samples)


def sent(content: bytes, fails: bool = False) -> tuple[list[Message], int]:
    """What an answer sends, and how often it says that it is done."""
    messages: list[Message] = []
    done: list[int] = []

    async def send(message: Message) -> None:
        messages.append(message)
        if fails:
            raise OSError

    async def receive() -> Any:
        raise AssertionError("it has nothing to read")

    pieces = Pieces(content, {"X-Name": "drums"}, "audio/wav", lambda: done.append(1))
    try:
        asyncio.run(pieces({"type": "http"}, receive, send))
    except OSError:
        assert fails
    return messages, len(done)


@pytest.mark.parametrize("length", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES])
def test_an_answer_goes_out_whole_in_pieces(length: int) -> None:
    content = np.random.default_rng(1).bytes(length)
    (start, *pieces), done = sent(content)
    assert start["status"] == 200
    assert (b"content-length", str(length).encode()) in start["headers"]
    assert (b"x-name", b"drums") in start["headers"]
    bodies = [piece["body"] for piece in pieces]
    assert b"".join(bodies) == content
    assert max(map(len, bodies)) <= PIECE_BYTES
    assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [
        False
    ]
    assert done == 1


def test_an_answer_that_cannot_be_sent_is_done_too() -> None:
    messages, done = sent(b"drums", fails=True)
    assert (len(messages), done) == (1, 1)
