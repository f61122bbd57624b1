"""Put a drummer into the page: python embed.py drummer.safetensors drums.html."""

import base64
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "index.html"
EMPTY = '<script id="model" type="text/plain"></script>'


def embed(model, target):
    """Write the page with a model file inside, so that it plays from any disk or static host."""
    page = PAGE.read_text(encoding="utf-8")
    if EMPTY not in page:
        raise SystemExit(f"{PAGE} has no empty place for a model")
    inside = base64.b64encode(Path(model).read_bytes()).decode()
    whole = page.replace(EMPTY, EMPTY.replace("><", f">{inside}<"))
    Path(target).write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    embed(*sys.argv[1:])
