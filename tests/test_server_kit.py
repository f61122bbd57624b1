import io
import wave
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from servers import served

from paradiddle.drums import VOICE_NAMES
from paradiddle.server.kit_samples import LOUDNESS, KitVoice, make_kit

LARGEST = 1_250_000  # bytes of all samples


class Sound(NamedTuple):
    rate: int
    samples: NDArray[np.float64]

    def brightness(self) -> float:
        """Centroid of the spectrum in hertz."""
        spectrum = np.abs(np.fft.rfft(self.samples))
        hertz = np.fft.rfftfreq(len(self.samples), 1 / self.rate)
        return float((spectrum * hertz).sum() / spectrum.sum())


def heard(data: bytes) -> Sound:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768
        return Sound(file.getframerate(), samples)


@pytest.fixture(scope="module")
def kit() -> tuple[KitVoice, ...]:
    return make_kit()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


def test_the_kit_is_small(kit: tuple[KitVoice, ...]) -> None:
    assert tuple(voice.name for voice in kit) == VOICE_NAMES
    assert [len(voice.samples) for voice in kit] == [3] * 9
    assert sum(len(sample.data) for voice in kit for sample in voice.samples) <= LARGEST


def test_nothing_clips_and_nothing_ends_with_a_click(kit: tuple[KitVoice, ...]) -> None:
    for voice in kit:
        peaks = []
        for sample in voice.samples:
            _, samples = heard(sample.data)
            peaks.append(np.abs(samples).max())
            assert np.abs(samples[-20:]).max() < 0.002
            assert np.abs(samples[: len(samples) // 4]).max() == peaks[-1]
        assert 0.94 < max(peaks) < 0.96
        assert min(peaks) > 0.4


def test_harder_strokes_are_brighter(kit: tuple[KitVoice, ...]) -> None:
    for voice in kit:
        bright = [heard(sample.data).brightness() for sample in voice.samples]
        assert bright == sorted(bright), voice.name
        assert bright[-1] > 1.1 * bright[0], voice.name
        for one, other in combinations([sample.data for sample in voice.samples], 2):
            assert one != other


def test_it_is_the_same_every_time(kit: tuple[KitVoice, ...]) -> None:
    assert make_kit() == kit


def test_samples_are_served_and_kept_by_browsers(
    client: TestClient, kit: tuple[KitVoice, ...]
) -> None:
    told = client.get("/api/kit").json()
    assert (told["layers"], told["loudness"]) == (3, LOUDNESS)
    for voice, about in zip(kit, told["voices"], strict=True):
        assert about == {"name": voice.name, "slug": voice.slug, "gain": voice.gain}
        for sample in voice.samples:
            answer = client.get(f"/api/kit/{voice.slug}/{sample.layer}.wav")
            assert answer.headers["content-type"] == "audio/wav"
            assert answer.headers["cache-control"] == "public, max-age=86400"
            assert answer.content == sample.data
    again = client.get(
        "/api/kit/kick/0.wav",
        headers={"If-None-Match": client.get("/api/kit/kick/0.wav").headers["etag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status"), [("cowbell/0", 404), ("kick/3", 422), ("kick/-1", 422), ("kick/x", 422)]
)
def test_other_samples_are_refused(client: TestClient, path: str, status: int) -> None:
    answer = client.get(f"/api/kit/{path}.wav")
    assert answer.status_code == status
    assert answer.json()["detail"][0]["message"]
