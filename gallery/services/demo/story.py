"""What the demo shows: its photos with their credits, its members, and what they do."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gallery.models import Image

FOLDER = Path(__file__).resolve().parents[2] / "demo"


@dataclass(frozen=True)
class Story:
    """The files of a demo folder: ``manifest.json`` and ``story.json`` beside the photos."""

    folder: Path = FOLDER
    _sha256s: dict[str, str] = field(default_factory=dict)

    @cached_property
    def credits(self) -> list[dict[str, str]]:
        """Every photo with its title, author, licence and source, as the gallery shows them."""
        entries: list[dict[str, str]] = json.loads((self.folder / "manifest.json").read_text())
        return entries

    @cached_property
    def acts(self) -> dict[str, Any]:
        """Members, what they do with each photo, and their albums."""
        acts: dict[str, Any] = json.loads((self.folder / "story.json").read_text())
        return acts

    def photo(self, file: str) -> bytes:
        """Return a photo's bytes."""
        return (self.folder / file).read_bytes()

    def sha256(self, file: str) -> str:
        """Return what a photo is known by in the database."""
        if file not in self._sha256s:
            self._sha256s[file] = hashlib.sha256(self.photo(file)).hexdigest()
        return self._sha256s[file]

    def sha256s(self) -> list[str]:
        """Return what all photos are known by."""
        return [self.sha256(entry["file"]) for entry in self.credits]


def photo_of(story: Story, file: str) -> Image | None:
    """Return the row of a demo photo, which nobody owns; None when somebody deleted it."""
    return Image.objects.filter(owner=None, sha256=story.sha256(file)).first()
