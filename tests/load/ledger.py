"""Counts, after load or faults, whether everything that was accepted is still there, once."""

from pathlib import Path
from typing import Any, Protocol

# Each asks for what must not be: the number that comes back has to be 0.
WRONG = {
    "jobs that have not ended": """
        SELECT count(*) FROM gallery_captionjob WHERE state NOT IN ('done', 'failed')""",
    "failed jobs without a reason": """
        SELECT count(*) FROM gallery_captionjob WHERE state = 'failed' AND error_code = ''""",
    "done jobs without captions": """
        SELECT count(*) FROM gallery_captionjob j WHERE state = 'done'
        AND NOT EXISTS (SELECT FROM captions_caption c WHERE c.image_id = j.image_id)""",
    "photos without a job": """
        SELECT count(*) FROM gallery_image i
        WHERE NOT EXISTS (SELECT FROM gallery_captionjob j WHERE j.image_id = i.id)""",
    "captions written twice": """
        SELECT count(*) FROM (SELECT 1 FROM captions_caption WHERE job_id IS NOT NULL
        GROUP BY job_id, rank HAVING count(*) > 1) twice""",
    "captions whose votes do not add up": """
        SELECT count(*) FROM captions_caption c
        WHERE up_votes <> (SELECT count(*) FROM captions_vote WHERE caption_id = c.id AND value = 1)
        OR down_votes <> (SELECT count(*) FROM captions_vote WHERE caption_id = c.id AND value = -1)
        """,
    "texts whose versions have gaps": """
        SELECT count(*) FROM annotations_annotation a WHERE version <> (SELECT count(*)
        FROM annotations_revision WHERE annotation_id = a.id) OR version <> (SELECT max(number)
        FROM annotations_revision WHERE annotation_id = a.id)""",
}
IDS = "SELECT id, format, variants FROM gallery_image"


class Books(Protocol):
    """A site whose database and folder can be looked into."""

    var: Path

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question."""
        ...


def accounts(site: Books, accepted: set[str]) -> dict[str, int]:
    """Return how often each thing that must not be is the case; ``accepted`` are photos' ids."""
    found = {name: int(site.query(sql)[0][0]) for name, sql in WRONG.items()}
    rows = {str(key): (kind, variants) for key, kind, variants in site.query(IDS)}
    folders = {path.name: path for path in (site.var / "media" / "photos").glob("*/*")}
    found["accepted photos that are gone"] = len(accepted - rows.keys())
    found["files of photos that are gone"] = sum(
        not _has_files(folders.get(key), *row) for key, row in rows.items()
    )
    return found


def orphans(site: Books) -> int:
    """Return how many folders belong to no photo; the hourly sweep removes what outages left."""
    rows = {str(key) for (key,) in site.query("SELECT id FROM gallery_image")}
    return sum(path.name not in rows for path in (site.var / "media" / "photos").glob("*/*"))


def _has_files(folder: Path | None, kind: str, variants: list[dict[str, Any]]) -> bool:
    if folder is None:
        return False
    names = [f"original.{kind}", *(f"{variant['name']}.webp" for variant in variants)]
    return all((folder / name).is_file() for name in names)
