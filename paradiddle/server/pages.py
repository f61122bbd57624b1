"""The page and the documentation: files that were read at the start, and nothing else.

A request picks an entry of a table by its name; no path of a request is ever opened.
"""

import gzip
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request, Response

__all__ = ["DOCS_STYLE", "WEB", "Page", "docs_page", "pages_of", "serve_page"]

WEB = Path(__file__).parents[1] / "web"

DOCS_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1rem; margin: 2rem 0 0 }
code, pre { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; overflow-wrap: anywhere }
td code { white-space: nowrap }
td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
:root { color-scheme: light dark }
"""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
_SMALLER = 0.9  # a compressed file must be below this share of the plain one
_SERVICE_WORKER = "sw.js"
_INDEX = "index.html"


@dataclass(frozen=True)
class Page:
    """A file as it is sent: its type, its bytes, and compressed where that helps."""

    media_type: str
    data: bytes
    packed: bytes | None
    tag: str
    cache: str
    headers: Mapping[str, str]

    @classmethod
    def of(
        cls,
        media_type: str,
        data: bytes,
        cache: str = "no-cache",
        headers: Mapping[str, str] | None = None,
        *,
        pack: bool = True,
    ) -> "Page":
        """Compress a file, if asked to, and work out its tag, which changes with the content."""
        packed = gzip.compress(data, 9, mtime=0) if pack else data
        small = len(packed) < _SMALLER * len(data)
        tag = hashlib.sha256(data).hexdigest()[:20]
        return cls(media_type, data, packed if small else None, tag, cache, headers or {})


def pages_of(folder: Path) -> dict[str, Page]:
    """Read every file of a folder whose kind is known; names are as in addresses."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        media_type = _TYPES.get(path.suffix.lower())
        if media_type and not hidden and path.is_file() and not path.is_symlink():
            more = {"Service-Worker-Allowed": "/"} if name == _SERVICE_WORKER else {}
            found[name] = Page.of(media_type, path.read_bytes(), headers=more)
    if _INDEX in found:
        found[""] = found[_INDEX]
    return found


def serve_page(page: Page, request: Request) -> Response:
    """Send a file, or say that it has not changed."""
    packed = page.packed if _takes_gzip(request) else None
    tag = f'"{page.tag}{"-gz" if packed else ""}"'
    headers = {"ETag": tag, "Cache-Control": page.cache, **page.headers}
    if page.packed:
        headers["Vary"] = "Accept-Encoding"
    if _has(request, tag):
        return Response(None, 304, headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(packed or page.data, 200, headers, page.media_type)


def _has(request: Request, tag: str) -> bool:
    """Whether the client has a file with this tag, or has it whatever its tag is."""
    known = request.headers.get("if-none-match", "").split(",")
    return not {"*", tag}.isdisjoint(one.strip().removeprefix("W/") for one in known)


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "")
    return any(
        part.partition(";")[0].strip() == "gzip" and "q=0" not in part.replace(" ", "").split(";")
        for part in accepted.lower().split(",")
    )


def docs_page(openapi: Mapping[str, Any]) -> str:
    """Write the documentation of the API, without any script."""
    info, esc = openapi["info"], html.escape
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{esc(info['title'])}</title>",
        '<link rel="stylesheet" href="/docs.css"></head><body>',
        f"<h1>{esc(info['title'])} {esc(info['version'])}</h1><p>{esc(info['description'])}</p>",
        '<p>For tools: <a href="/openapi.json">openapi.json</a>. <a href="/">The page</a>.</p>',
    ]
    schemas = openapi.get("components", {}).get("schemas", {})
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            parts += [
                f"<h2><code>{method.upper()} {esc(path)}</code></h2>",
                f"<p>{esc(operation.get('description') or operation.get('summary', ''))}</p>",
                *_fields(operation, schemas),
            ]
    return "\n".join([*parts, "</body></html>"])


def _fields(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    """List what a request takes."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    fields = schemas.get(name, {}).get("properties", {})
    rows = [
        f"<tr><td><code>{html.escape(field)}</code></td>"
        f"<td>{html.escape(_kind(about))}</td>"
        f"<td>{html.escape(about.get('description', ''))}</td></tr>"
        for field, about in fields.items()
    ]
    return ["<table>", *rows, "</table>"] if rows else []


def _kind(about: Mapping[str, Any]) -> str:
    """Say in a few words what a field may be."""
    if "$ref" in about:
        return str(about["$ref"]).rpartition("/")[2]
    if "anyOf" in about:
        text = " or ".join(_kind(one) for one in about["anyOf"])
    elif "enum" in about:
        text = ", ".join(map(str, about["enum"]))
    else:
        text = str(about.get("type", "")) + _range(about)
    default = about.get("default")
    return text if default is None else f"{text}, default {default}"


def _range(about: Mapping[str, Any]) -> str:
    top = about.get("maximum", about.get("exclusiveMaximum"))
    if "minimum" not in about or top is None:
        return ""
    return f" {about['minimum']:.16g} to {top:.16g}"
