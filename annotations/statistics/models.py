"""The materialized views behind the dashboard, for reading; PostgreSQL fills them.

Every row belongs to one audience, so that who may see a figure is decided where it is counted:
``public`` counts what every visitor sees, ``all`` the whole site, and the id of a member what is
that member's own.
"""

from django.db import models

PUBLIC = "public"
EVERYTHING = "all"


class DayFigures(models.Model):
    """What every view has: whose figures, and of which day (UTC)."""

    audience = models.CharField(max_length=20)
    day = models.DateField()

    class Meta:
        """A view, so Django neither makes nor drops it."""

        abstract = True
        managed = False


class CaptionsOfDay(DayFigures):
    """How many captions were written."""

    pk = models.CompositePrimaryKey("audience", "day", "language", "strategy", "version")
    language = models.CharField(max_length=2)
    strategy = models.CharField(max_length=8, help_text="empty where a person wrote it")
    version = models.IntegerField(help_text="the CaptionModel; 0 where a person wrote it")
    captions = models.IntegerField()
    confidence_sum = models.FloatField()

    class Meta(DayFigures.Meta):
        """Its view."""

        db_table = "statistics_captions"

    def __str__(self) -> str:
        """Return day and number."""
        return f"{self.day}: {self.captions}"


class VotesOfDay(DayFigures):
    """How many votes captions got, by how sure the captions were."""

    pk = models.CompositePrimaryKey("audience", "day", "bucket", "version")
    bucket = models.IntegerField(help_text="tenth of confidence, 0 to 9; -1 where there is none")
    version = models.IntegerField(help_text="the CaptionModel; 0 where a person wrote it")
    up = models.IntegerField()
    down = models.IntegerField()
    confidence_sum = models.FloatField(help_text="over the votes")

    class Meta(DayFigures.Meta):
        """Its view."""

        db_table = "statistics_votes"

    def __str__(self) -> str:
        """Return day and votes."""
        return f"{self.day}: {self.up} up, {self.down} down"


class EditsOfDay(DayFigures):
    """How many versions of published texts were made; a member's own are those they made."""

    pk = models.CompositePrimaryKey("audience", "day", "language", "kind")
    language = models.CharField(max_length=2)
    kind = models.CharField(max_length=8)
    edits = models.IntegerField()

    class Meta(DayFigures.Meta):
        """Its view."""

        db_table = "statistics_edits"

    def __str__(self) -> str:
        """Return day and number."""
        return f"{self.day}: {self.edits}"


class LastRefresh(models.Model):
    """One row: when all views were filled last."""

    refreshed_at = models.DateTimeField()

    class Meta:
        """Its view."""

        managed = False
        db_table = "statistics_refresh"

    def __str__(self) -> str:
        """Return the moment."""
        return str(self.refreshed_at)
