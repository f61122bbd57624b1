import asyncio
import errno
import hashlib
import os
import re
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from attempts import attempts

from paradiddle import fetch as module
from paradiddle.errors import CorpusError, InvalidValueError, MissingExtraError, OutputError
from paradiddle.fetch import DATASETS, Dataset, fetch

NAMES = ("anna/one.mid", "anna/two.mid", "ben/three.mid")
CONTENTS = {name: name.encode() * 10_000 for name in NAMES}
INDEX = "style,midi_filename\n" + "".join(f"rock,{name}\n" for name in NAMES)

Pack = Callable[..., Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Write an archive like the official one, of other members if asked."""

    def write(index: str = INDEX, root: str = "toy/", **extra: bytes | None) -> Path:
        path = tmp_path / "archive.zip"
        members = {"info.csv": index.encode(), "LICENSE": b"free", **CONTENTS, **extra}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"__MACOSX/{root}._info.csv", b"what macOS leaves behind")
            for name, data in members.items():
                if data is not None:
                    archive.writestr(root + name, data)
        return path

    return write


class Server(ThreadingHTTPServer):
    """Serves one archive, with or without ranges, and breaks off when told to."""

    daemon_threads = True

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = data
        self.ranges = True
        self.break_after: int | None = None
        self.broken = threading.Event()  # never set: something to wait on
        self.asked: list[str | None] = []  # the ranges of the requests for more than one byte
        self.url = f"http://127.0.0.1:{self.server_port}/archive.zip"

    def handle_error(self, *_: object) -> None:
        """Stay quiet about connections that break."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        part = self._head()
        if len(part) > 1:
            self.server.asked.append(self.headers.get("Range"))
        self.wfile.write(part[: self.server.break_after])
        if len(part) > 1 and self.server.break_after:
            self.server.broken.wait(0.5)  # what arrives together with the end is lost
        self.close_connection = True

    def _head(self) -> bytes:
        data, wanted = self.server.data, self.headers.get("Range", "")
        if not self.path.endswith("archive.zip"):
            self.send_error(404)
            return b""
        bounds = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted) if self.server.ranges else None
        first, last = (int(bounds[1]), int(bounds[2])) if bounds else (0, len(data) - 1)
        self.send_response(206 if bounds else 200)
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if bounds:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("ETag", f'"{hashlib.md5(data).hexdigest()}"')
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        return data[first : last + 1]

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    # pypdl waits for seconds here and there
    doze, wait = time.sleep, asyncio.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: doze(seconds / 20))
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: wait(seconds / 20))
    with Server(pack().read_bytes()) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A small corpus in place of the known ones."""
    dataset = Dataset("Toy Set", "http://toy.invalid/a.zip", "0" * 64, 3, 10**6, "free", "Me, 2020")
    monkeypatch.setattr(module, "DATASETS", {"toy": dataset})
    return dataset


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


WHOLE = {"info.csv": INDEX.encode(), "LICENSE": b"free", **CONTENTS}


def test_unpacks_a_local_archive(pack: Pack, tmp_path: Path, toy: Dataset) -> None:
    fetched = fetch("toy", tmp_path / "data" / "toy", source=str(pack()))
    assert fetched == (toy, tmp_path / "data" / "toy", False)
    assert contents(fetched.path) == WHOLE
    assert [path.name for path in fetched.path.parent.iterdir()] == ["toy"]


def test_an_archive_without_a_folder_of_its_own(pack: Pack, tmp_path: Path) -> None:
    assert contents(fetch("toy", tmp_path / "toy", source=str(pack(root=""))).path) == WHOLE


def test_a_complete_target_is_left_alone(pack: Pack, tmp_path: Path) -> None:
    fetch("toy", tmp_path / "toy", source=str(pack()))
    (tmp_path / "toy" / "mine.txt").write_text("a note of the user's")
    assert fetch("toy", tmp_path / "toy", source="/nowhere.zip").already
    assert (tmp_path / "toy" / "mine.txt").exists()


def test_an_incomplete_target_is_not_touched(pack: Pack, tmp_path: Path) -> None:
    fetch("toy", tmp_path / "toy", source=str(pack()))
    (tmp_path / "toy" / NAMES[0]).unlink()
    with pytest.raises(OutputError, match=r"toy: it holds other files, such as LICENSE; choose"):
        fetch("toy", tmp_path / "toy", source=str(pack()))
    assert len(contents(tmp_path / "toy")) == 4


def test_a_target_that_is_a_file(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "toy").write_text("")
    with pytest.raises(OutputError, match=r"toy: it is a file; name a folder"):
        fetch("toy", tmp_path / "toy", source=str(pack()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"info.csv": None}, r"is not the Toy Set: it has no info\.csv"),
        ({NAMES[1]: None}, r"lists 3 files of 3, 1 of them are missing; get the whole archive"),
        ({"index": INDEX + "rock,ben/four.mid\n"}, r"lists 4 files of 3, 1 of them are missing"),
        ({"index": "style,midi_filename\n"}, r"lists 0 files of 3"),
        ({"LICENSE": bytes(10**6)}, r"would unpack to 1,\d+,\d+ bytes, the Toy Set has at most"),
    ],
)
def test_an_archive_of_something_else(
    pack: Pack, tmp_path: Path, changes: dict[str, bytes | None], message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        fetch("toy", tmp_path / "toy", source=str(pack(**changes)))
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


@pytest.mark.parametrize("name", ["../evil.mid", "/evil.mid", "a/../../evil.mid", "C:evil.mid"])
def test_a_file_that_leads_out_of_the_folder(pack: Pack, tmp_path: Path, name: str) -> None:
    index = INDEX.replace(NAMES[0], name)
    with pytest.raises(CorpusError, match=r"holds a file outside its folder, .*evil"):
        fetch("toy", tmp_path / "deep" / "toy", source=str(pack(index, **{name: b"boo"})))
    assert not list(tmp_path.rglob("evil*"))


def test_a_damaged_archive_leaves_nothing_behind(pack: Pack, tmp_path: Path) -> None:
    path = pack()
    path.write_bytes(path.read_bytes().replace(b"anna/two.midanna", b"anna/two.midXXXX", 1))
    with pytest.raises(CorpusError, match=r"is damaged or no zip archive: Bad CRC-32"):
        fetch("toy", tmp_path / "toy", source=str(path))
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.zip", r"cannot read nowhere\.zip: No such file or directory; name a \.zip"),
        ("/", r"cannot read /: Is a directory; name a \.zip"),
        (__file__, r"is damaged or no zip archive: File is not a zip file; get it anew"),
    ],
)
def test_a_source_that_is_no_archive(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        fetch("toy", tmp_path / "toy", source=source)


def test_a_source_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match=r"pipe: it is a pipe or a device; name a \.zip file"):
        fetch("toy", tmp_path / "toy", source=str(tmp_path / "pipe"))


def test_a_source_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidValueError, match=r"file or an http address, got 'ftp://x/a\.zip'; get the"
    ):
        fetch("toy", tmp_path / "toy", source="ftp://x/a.zip")


def test_an_unknown_corpus(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"no corpus is called 'poy'; choose one of: toy"):
        fetch("poy", tmp_path)


def test_a_full_disk_leaves_nothing_behind(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack()

    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(OutputError, match=r"toy: the disk is full; free some space"):
        fetch("toy", tmp_path / "toy", source=str(path))
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


def test_downloads_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fetched = fetch(
        "toy", tmp_path / "data" / "toy", source=server.url, progress=lambda *now: seen.append(now)
    )
    assert contents(fetched.path) == WHOLE
    assert seen[-1] == (len(server.data), len(server.data))
    assert [path.name for path in fetched.path.parent.iterdir()] == ["toy"]


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    def trial() -> None:
        target = Path(tempfile.mkdtemp(dir=tmp_path)) / "toy"
        server.asked.clear()
        server.break_after = 150_000
        with pytest.raises(CorpusError, match=r"the connection broke; run it again to go on from"):
            fetch("toy", target, source=server.url)
        assert not target.exists()
        server.break_after = None
        assert contents(fetch("toy", target, source=server.url).path) == WHOLE
        first, second = (str(asked).removeprefix("bytes=").split("-") for asked in server.asked)
        assert first == ["0", str(len(server.data) - 1)]
        assert 100_000 < int(second[0]) <= 150_000
        assert second[1] == first[1]

    attempts(trial)  # of what was sent, a client that is held up may lose more


def test_a_mounted_target_keeps_everything_inside(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "toy"
    target.mkdir()
    before = target.stat().st_ino
    monkeypatch.setattr(Path, "is_mount", lambda path: path == target)
    server.break_after = 150_000
    with pytest.raises(CorpusError, match="connection broke"):
        fetch("toy", target, source=server.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.zip", "toy"]
    server.break_after = None
    assert contents(fetch("toy", target, source=server.url).path) == WHOLE
    assert len(server.asked) == 2
    assert target.stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.zip", "toy"]


def test_a_run_that_died_while_noting_its_state_does_no_harm(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / ".toy-download").mkdir()
    (tmp_path / ".toy-download" / "archive.zip.json").write_text('{"url": "ht')
    assert contents(fetch("toy", tmp_path / "toy", source=server.url).path) == WHOLE


def test_a_changed_archive_is_not_mixed_with_what_came_before(
    server: Server, pack: Pack, tmp_path: Path
) -> None:
    server.break_after = 150_000
    with pytest.raises(CorpusError, match="connection broke"):
        fetch("toy", tmp_path / "toy", source=server.url)
    server.break_after = None
    server.data = pack(LICENSE=b"free for all").read_bytes()
    fetched = fetch("toy", tmp_path / "toy", source=server.url)
    assert contents(fetched.path) == WHOLE | {"LICENSE": b"free for all"}


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.break_after = 150_000
    with pytest.raises(CorpusError, match="connection broke"):
        fetch("toy", tmp_path / "toy", source=server.url)
    server.break_after = None
    assert contents(fetch("toy", tmp_path / "toy", source=server.url).path) == WHOLE
    assert server.asked.count(None) == 2


def test_the_published_archive_must_have_its_digest(
    server: Server, tmp_path: Path, toy: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = hashlib.sha256(server.data).hexdigest()
    monkeypatch.setattr(module, "DATASETS", {"toy": replace(toy, url=server.url)})
    with pytest.raises(CorpusError, match=rf"SHA-256 is {right}, not 0{{64}}; run it again"):
        fetch("toy", tmp_path / "toy")
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]
    monkeypatch.setattr(module, "DATASETS", {"toy": replace(toy, url=server.url, sha256=right)})
    assert contents(fetch("toy", tmp_path / "toy").path) == WHOLE


def test_a_wrong_address(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("archive.zip", "nothing")
    with pytest.raises(CorpusError, match=rf"^cannot download {url}: the server says 404 .*--from"):
        fetch("toy", tmp_path / "toy", source=url)
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


def test_no_server(server: Server, tmp_path: Path) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(CorpusError, match=r"127\.0\.0\.1 cannot be reached .*; go online, or get"):
        fetch("toy", tmp_path / "toy", source=server.url)


def test_a_proxy_is_taken_from_the_environment(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "")
    fetched = fetch("toy", tmp_path / "toy", source="http://far.invalid/archive.zip")
    assert contents(fetched.path) == WHOLE


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdl", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'paradiddle\[fetch\]'"):
        fetch("toy", tmp_path / "toy")
    assert not list(tmp_path.iterdir())


def test_the_groove_midi_dataset_is_known_by_its_digest() -> None:
    groove = DATASETS["groove"]
    assert groove.files == 1150
    assert re.fullmatch(r"https://storage\.googleapis\.com/.*/groove-v1.*\.zip", groove.url)
    assert re.fullmatch(r"[0-9a-f]{64}", groove.sha256)
    assert "CC BY 4.0" in groove.licence
    assert "ICML 2019" in groove.citation
