"""Static files with hashed names, so that browsers may keep them for ever."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from servestatic.storage import CompressedManifestStaticFilesStorage

SITE = "css/site.css"
IMPORTED = re.compile(r'^@import url\("([\w.-]+)"\);$', re.MULTILINE)


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashes file names in templates, in style sheets and in ES module imports.

    The style sheets that ``css/site.css`` imports become one file: a browser shows nothing before
    it has them all, and asks for six at a time.
    """

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Put the imported sheets in the place of their imports before anything is hashed."""
        if SITE in paths and not dry_run:
            joined = InMemoryStorage()
            joined.save(SITE, ContentFile(_joined(paths).encode()))
            paths = paths | {SITE: (joined, SITE)}
        yield from super().post_process(paths, dry_run, **options)


def _joined(paths: dict[str, Any]) -> str:
    folder = PurePosixPath(SITE).parent
    return IMPORTED.sub(lambda found: _read(paths, f"{folder}/{found[1]}"), _read(paths, SITE))


def _read(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
