"""Routes that tell: styles, models, the kit, and whether the server is well."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from paradiddle import __version__
from paradiddle.server.bounds import BOUNDS
from paradiddle.server.files import sent_as
from paradiddle.server.kit_samples import LOUDNESS, VELOCITIES
from paradiddle.server.pages import serve_page
from paradiddle.server.stage import stage_of
from paradiddle.takes import FEW_RECORDINGS

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["facts"])

_LAYER = BOUNDS["layer"]


class StyleFact(BaseModel):
    """A style, its usual tempo, and how many recordings taught it; few teach little."""

    name: str
    qpm: float
    recordings: int | None
    few: bool


class Styles(BaseModel):
    """All styles of the machine."""

    styles: list[StyleFact]


class KitVoiceFact(BaseModel):
    """A voice of the kit: play its samples at gain × velocity ** loudness."""

    name: str
    slug: str
    gain: float


class KitFact(BaseModel):
    """The voices of the kit, and at what velocities its layers were struck."""

    voices: list[KitVoiceFact]
    layers: int
    velocities: list[float]
    loudness: float


class Health(BaseModel):
    """That the server is well, and its MIDI port if it has one."""

    status: str
    version: str
    midi_port: str | None = None


@router.get("/styles")
async def styles(request: Request) -> Styles:
    """List the styles that the machine knows."""
    machine = stage_of(request).models.machine
    recordings = machine.recordings
    facts = [
        StyleFact(
            name=name,
            qpm=machine.usual_qpm(name),
            recordings=recordings.get(name),
            few=recordings.get(name, FEW_RECORDINGS) < FEW_RECORDINGS,
        )
        for name in machine.styles
    ]
    return Styles(styles=facts)


@router.get("/models")
async def models(request: Request) -> dict[str, dict[str, Any]]:
    """Say of each model where it came from and how good it is."""
    return stage_of(request).models.described()


@router.get("/health", response_model_exclude_none=True)
async def health(request: Request) -> Health:
    """Say that the server is well."""
    cable = stage_of(request).cable
    name = None if cable is None else cable.output.name
    return Health(status="ok", version=__version__, midi_port=name)


@router.get("/kit")
def kit(request: Request) -> KitFact:
    """List the voices of the kit."""
    voices = [
        KitVoiceFact(name=voice.name, slug=voice.slug, gain=voice.gain)
        for voice in stage_of(request).shelf.kit().voices
    ]
    return KitFact(
        voices=voices, layers=len(VELOCITIES), velocities=[*VELOCITIES], loudness=LOUDNESS
    )


@router.get("/kit/{slug}/{layer}.wav", response_class=Response, responses=sent_as("audio/wav"))
def sample(
    slug: Annotated[str, Path(description="Of GET /api/kit, such as closed-hi-hat.")],
    layer: Annotated[int, Path(ge=_LAYER.low, le=_LAYER.high, description="0 is the softest.")],
    request: Request,
) -> Response:
    """Send one sample of the kit: 16 bit, mono."""
    page = stage_of(request).shelf.kit().files.get((slug, layer))
    if page is None:
        raise HTTPException(404, f"no voice is called {slug[:100]!r}; see GET /api/kit")
    return serve_page(page, request)
