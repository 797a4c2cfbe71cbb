"""Loads the demo photos, which go the way of any other upload."""

import json
import logging
from pathlib import Path

from gallery.services.uploads import image_upload_trusted

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[1] / "demo"


def demo_load(folder: Path = FOLDER) -> int:
    """Upload every photo of ``folder/manifest.json``; return how many those are."""
    entries = json.loads((folder / "manifest.json").read_text())
    for entry in reversed(entries):  # the gallery shows the newest first
        image_upload_trusted(
            data=(folder / entry["file"]).read_bytes(),
            details={
                "title": entry["title"],
                "credit": {key: entry[key] for key in ("author", "licence", "source")},
            },
        )
    return len(entries)
