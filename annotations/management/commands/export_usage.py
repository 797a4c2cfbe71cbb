"""`manage.py export_usage`: captions, votes, edits and jobs of a day as Parquet files."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Names days and folder; annotations.exports does the work."""

    help = "Writes the usage of a day (yesterday) as Parquet files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--date", help="the day, YYYY-MM-DD, in UTC (yesterday)")
        parser.add_argument("--folder", type=Path, help="where to (CAPSITE_EXPORTS)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and print a line a file."""
        from annotations.exports.write import day_export

        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        try:
            day = date.fromisoformat(options["date"]) if options["date"] else yesterday
        except ValueError as error:
            message = f"'{options['date']}' is not a day. Give it as in 2026-11-20."
            raise CommandError(message) from error
        for place, rows in day_export(day, options["folder"]).items():
            self.stdout.write(f"{place}: {rows:,} rows")
