"""Writes a day's files: each appears whole or not at all, and may be written again."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from django.conf import settings

from annotations.exports.tables import TABLES, Table


def day_export(day: date, folder: Path | None = None) -> dict[Path, int]:
    """Write every table of one UTC day below ``folder`` and return the rows of each file.

    Files lie as `TABLE/date=YYYY-MM-DD/part.parquet`, which DuckDB, Spark and pandas read as one
    table with a column `date`.
    """
    root = folder or settings.CAPSITE_EXPORTS
    return dict(_written(table, day, root) for table in TABLES)


def days_missing(folder: Path | None = None) -> list[date]:
    """Return the days of the last week, oldest first, that have not been exported."""
    root = folder or settings.CAPSITE_EXPORTS
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(settings.CAPSITE_EXPORT_DAYS, 0, -1)]
    return [day for day in days if not all(_place(t, day, root).exists() for t in TABLES)]


def _place(table: Table, day: date, root: Path) -> Path:
    return root / table.name / f"date={day}" / "part.parquet"


def _written(table: Table, day: date, root: Path) -> tuple[Path, int]:
    place = _place(table, day, root)
    place.parent.mkdir(parents=True, exist_ok=True)
    part, rows = place.with_suffix(".part"), 0
    try:
        with pq.ParquetWriter(part, table.schema, compression="zstd") as writer:
            for batch in table.batches(day):
                writer.write_batch(batch)
                rows += batch.num_rows
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return place, rows
