"""Who may ask, how much, and for what."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi.testclient import TestClient
from servers import ADDRESS, HOSTS, served, shipped_models

from paradiddle.server.app import create_app
from paradiddle.server.bodies import MAX_JSON, MAX_MIDI, Bodies
from paradiddle.server.guards import HEADERS, Hosts

WISH = {"bars": 1, "seed": 1}
OWN = f"http://{ADDRESS}"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small page, with files that must not be served."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "index.html").write_text("<!doctype html>" + "<p>drums</p>" * 100)
    (folder / "main.js").write_text("export const one = 1;\n")
    (folder / "sw.js").write_text("self.skip = 1;\n")
    (folder / "manifest.webmanifest").write_text("{}")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / ".hidden.js").write_text("secret")
    (folder / "notes.py").write_text("secret")
    (folder / "link.js").symlink_to(folder / "notes.py")
    (folder.parent / "outside.js").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def client(web: Path) -> Iterator[TestClient]:
    with served(web=web) as client:
        yield client


# --- names and origins ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", [ADDRESS, "localhost:8765", "LocalHost:8765", "[::1]:8765", "127.0.0.1:8765"]
)
def test_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "localhost",
        "localhost:80",
        "localhost:8765.evil.example",
        "127.0.0.1.evil.example:8765",
        "192.168.1.7:8765",
        "",
        "[::1",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/health", "/nowhere"])
def test_foreign_names_are_refused(client: TestClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "Host" in answer.json()["detail"][0]["message"]


def test_what_is_wrong_with_the_name_is_told(client: TestClient) -> None:
    for hosts, message in (
        ([ADDRESS, ADDRESS], "several Host headers"),
        (["evil"], "Host 'evil' is not served here"),
    ):
        answer = client.get("/", headers=[("Host", host) for host in hosts])
        assert answer.status_code == 421
        assert message in answer.json()["detail"][0]["message"]


def test_allowed_names_are_answered_with_and_without_a_port() -> None:
    hosts = Hosts.of("192.168.1.7", 80, ["Drums.example"])
    for name in ("drums.example", "drums.example:80", "192.168.1.7", "192.168.1.7:80", "localhost"):
        assert name in hosts
    assert "drums.example:81" not in hosts
    assert "192.168.1.8" not in hosts


def test_on_all_addresses_any_address_will_do_but_no_name() -> None:
    hosts = Hosts.of("0.0.0.0", 8765)
    assert "192.168.1.7:8765" in hosts
    assert "[fe80::1]:8765" in hosts
    assert "evil.example:8765" not in hosts


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example:8765",
        "null",
        "http://localhost:3000",
        "http://127.0.0.1",
        "file://",
        f"http://{ADDRESS}.evil.example",
        "http://[",
        "http://127.0.0.1:99999",
        "",
    ],
)
def test_posts_of_other_sites_are_refused(client: TestClient, origin: str) -> None:
    answer = client.post("/api/generate", json=WISH, headers={"Origin": origin})
    assert answer.status_code == 403


def test_the_page_itself_may_post(client: TestClient) -> None:
    headers = {"Origin": OWN, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert client.post("/api/generate", json=WISH, headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_browsers_that_say_another_site_asks_are_believed(client: TestClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.post("/api/generate", json=WISH, headers=headers).status_code == 403
    assert client.get("/api/styles", headers=headers).status_code == 403
    post = headers | {"Sec-Fetch-Mode": "navigate"}
    assert client.post("/api/generate", json=WISH, headers=post).status_code == 403


def test_a_link_from_elsewhere_opens_the_page(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_must_be_called_so(client: TestClient, kind: str) -> None:
    answer = client.post(
        "/api/generate", content=b'{"bars": 1, "seed": 1}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/api/health"),
        ("GET", "/nowhere"),
        ("POST", "/api/generate"),
        ("POST", "/api/import"),
        ("DELETE", "/api/generate"),
        ("OPTIONS", "/api/generate"),
    ],
)
def test_every_answer_tells_browsers_what_they_may_do(
    client: TestClient, method: str, path: str
) -> None:
    for headers in ({}, {"Host": "evil.example"}):
        answer = client.request(method, path, headers=headers)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "access-control-allow-origin" not in answer.headers


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html"),
        ("index.html", "text/html"),
        ("main.js", "text/javascript"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_the_files_of_the_page_are_served_by_their_kind(
    client: TestClient, name: str, kind: str
) -> None:
    answer = client.get(f"/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["cache-control"] == "no-cache"
    assert client.head(f"/{name}").headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/..%2foutside.js",
        "/../outside.js",
        "/%2e%2e/outside.js",
        "/%2e%2e%2foutside.js",
        "/..%5coutside.js",
        "/....//outside.js",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/main.js%00.html",
        "/main.js/",
        "/.hidden.js",
        "/notes.py",
        "/link.js",
        "/api/kit/..%2f..%2fkick/0.wav",
        "/api/kit/kick/..%2f0.wav",
    ],
)
def test_no_path_reaches_the_file_system(client: TestClient, path: str) -> None:
    target = httpx.URL(OWN).copy_with(raw_path=path.encode())
    answer = client.get(target, follow_redirects=False)
    assert answer.status_code in (404, 422), answer.text
    assert "secret" not in answer.text


def test_a_page_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for coding in ("gzip", "identity"):
        asked = {"Accept-Encoding": coding}
        first = client.get("/", headers=asked)
        assert first.headers.get("content-encoding") == ("gzip" if coding == "gzip" else None)
        assert first.headers["vary"] == "Accept-Encoding"
        again = client.get("/", headers=asked | {"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"]
        tag = first.headers["etag"]
        for known in ("*", f"W/{tag}", f'"other", {tag}', f' {tag} ,"other"'):
            again = client.get("/", headers=asked | {"If-None-Match": known})
            assert again.status_code == 304, known
        for other in ('"other"', f'"x{tag[1:]}', tag[1:-1], f'"a{tag}b"'):
            anew = client.get("/", headers=asked | {"If-None-Match": other})
            assert anew.status_code == 200, other
    refused = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_the_service_worker_may_serve_the_whole_page(client: TestClient) -> None:
    assert client.get("/sw.js").headers["service-worker-allowed"] == "/"


def test_files_are_read_at_the_start_alone(web: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("first")
    with served(web=tmp_path) as client:
        (tmp_path / "index.html").write_text("second")
        (tmp_path / "more.js").write_text("more")
        assert client.get("/").text == "first"
        assert client.get("/more.js").status_code == 404


def test_without_a_page_there_is_still_the_api(tmp_path: Path) -> None:
    with served(web=tmp_path / "none") as client:
        assert client.get("/").status_code == 404
        assert client.get("/api/health").status_code == 200


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "most"), [("import", MAX_MIDI), ("generate", MAX_JSON)])
def test_large_bodies_are_refused(client: TestClient, path: str, most: int) -> None:
    answer = client.post(f"/api/{path}", content=b" " * (most + 1))
    assert answer.status_code == 413
    assert str(most) in answer.text
    assert client.post(f"/api/{path}", content=b" " * most).status_code == 422


def test_large_bodies_without_a_length_are_refused_while_they_come(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64 * MAX_MIDI:
            sent += 2**16
            yield b"\0" * 2**16

    assert client.post("/api/import", content=endless()).status_code == 413


@pytest.mark.parametrize("length", ["999999999999999999999", "-1", "x", "1e9"])
def test_lengths_that_cannot_be_are_refused(client: TestClient, length: str) -> None:
    answer = client.post("/api/import", content=b"MThd", headers={"Content-Length": length})
    assert answer.status_code == 413


def test_a_body_that_is_longer_than_it_says_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/api/import", content=b"\0" * (MAX_MIDI + 1), headers={"Content-Length": "4"}
    )
    assert answer.status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    app = create_app(shipped_models(), HOSTS)

    async def slow() -> AsyncIterator[bytes]:
        yield b"MThd"
        await anyio.sleep(10)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Bodies(app, seconds=0.1))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            return await client.post("/api/import", content=slow())

    answer = anyio.run(ask)
    assert answer.status_code == 408
    assert "took over 0.1 seconds" in answer.text
