"""What a server tells of itself: styles, models, the kit, its documentation."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import played
from fastapi.testclient import TestClient
from humanizers import write_humanizer
from machines import write_machine
from servers import served, shipped_models

from paradiddle import __version__
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import ModelError
from paradiddle.machine import Machine
from paradiddle.server.models import SHIPPED, load_models


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.fixture(scope="module")
def machine() -> Machine:
    return shipped_models().machine


def test_all_styles_of_the_machine_are_listed(client: TestClient, machine: Machine) -> None:
    styles = client.get("/api/styles").json()["styles"]
    assert tuple(style["name"] for style in styles) == machine.styles
    rock = next(style for style in styles if style["name"] == "rock")
    assert rock == {"name": "rock", "qpm": machine.usual_qpm("rock"), "recordings": 268} | {
        "few": False
    }
    assert sum(style["few"] for style in styles) == 8


def test_models_say_where_they_came_from(client: TestClient) -> None:
    models = client.get("/api/models").json()
    assert set(models) == {"machine", "humanizer", "latent", "drummer"}
    for model in models.values():
        assert model["source"] == SHIPPED
        assert "Groove" in json.dumps(model["training"])
        assert model["metrics"]


def test_health_tells_the_version(client: TestClient) -> None:
    assert client.get("/api/health").json() == {"status": "ok", "version": __version__}


def test_ones_own_models_are_played_and_named(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine.safetensors")
    models = load_models(tmp_path)
    own = {"machine": "machine.safetensors", "latent": SHIPPED, "drummer": SHIPPED}
    assert models.sources == own
    with served(models=models) as client:
        told = client.get("/api/models").json()
        assert {name: model["source"] for name, model in told.items()} == own
        names = [style["name"] for style in client.get("/api/styles").json()["styles"]]
        assert names == ["funk", "jazz", "rock"]
        [mine] = played(client, "generate", bars=1, seed=1)
    assert [mine] == models.machine.generate(bars=1, seed=1)


def test_ones_own_humanizer_is_asked(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine.safetensors")
    write_humanizer(tmp_path / "humanizer.safetensors")
    models = load_models(tmp_path)
    assert models.sources["humanizer"] == "humanizer.safetensors"
    with served(models=models) as client:
        assert client.get("/api/models").json()["humanizer"]["styles"] == ["funk", "jazz", "rock"]
    write_humanizer(tmp_path / "humanizer.safetensors", styles=["polka", "rumba", "tango"])
    with pytest.raises(ModelError, match="polka, rumba, tango"):
        load_models(tmp_path)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no model; name its files"):
        load_models(tmp_path)
    with pytest.raises(ModelError, match="is no folder"):
        load_models(tmp_path / "none")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "latent.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"latent\.safetensors"):
        load_models(tmp_path)


def test_the_documentation_lists_every_route_and_has_no_script(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert client.get("/docs.css").headers["content-type"].startswith("text/css")


def test_the_documentation_writes_ranges_out_and_breaks_no_name(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "integer 0 to 9007199254740991" in page
    assert "number 0.1 to 10" in page
    assert "e+" not in page
    assert "td code { white-space: nowrap }" in client.get("/docs.css").text


def test_voices_are_in_their_order(client: TestClient) -> None:
    assert [voice["name"] for voice in client.get("/api/kit").json()["voices"]] == [*VOICE_NAMES]
