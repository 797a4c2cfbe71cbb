"""The views of the dashboard. Each has a unique index, without which they could not be refreshed
while they are read. To change a column that they read, drop and make them in the same migration.
"""

import django.db.models.fields.composite
from django.db import migrations, models

# Whose figures a row counts for; what is private or hidden is never among the public ones.
CAPTIONS = """
CREATE MATERIALIZED VIEW statistics_captions AS
SELECT counted.audience,
       (caption.created_at AT TIME ZONE 'UTC')::date AS day,
       caption.language,
       caption.strategy,
       coalesce(caption.model_id, 0)::integer AS version,
       count(*)::integer AS captions,
       coalesce(sum(caption.confidence), 0) AS confidence_sum
FROM captions_caption AS caption
JOIN gallery_image AS image ON image.id = caption.image_id
CROSS JOIN LATERAL (VALUES
    ('all', true),
    ('public', image.visibility = 'public' AND caption.hidden_at IS NULL),
    (image.owner_id::text, image.owner_id IS NOT NULL AND caption.hidden_at IS NULL)
) AS counted (audience, counts)
WHERE counted.counts
GROUP BY 1, 2, 3, 4, 5;
CREATE UNIQUE INDEX statistics_captions_once
    ON statistics_captions (audience, day, language, strategy, version);
"""
VOTES = """
CREATE MATERIALIZED VIEW statistics_votes AS
SELECT counted.audience,
       (vote.created_at AT TIME ZONE 'UTC')::date AS day,
       coalesce(least(floor(caption.confidence * 10), 9), -1)::integer AS bucket,
       coalesce(caption.model_id, 0)::integer AS version,
       count(*) FILTER (WHERE vote.value > 0)::integer AS up,
       count(*) FILTER (WHERE vote.value < 0)::integer AS down,
       coalesce(sum(caption.confidence), 0) AS confidence_sum
FROM captions_vote AS vote
JOIN captions_caption AS caption ON caption.id = vote.caption_id
JOIN gallery_image AS image ON image.id = caption.image_id
CROSS JOIN LATERAL (VALUES
    ('all', true),
    ('public', image.visibility = 'public' AND caption.hidden_at IS NULL),
    (image.owner_id::text, image.owner_id IS NOT NULL AND caption.hidden_at IS NULL)
) AS counted (audience, counts)
WHERE counted.counts
GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX statistics_votes_once
    ON statistics_votes (audience, day, bucket, version);
"""
EDITS = """
CREATE MATERIALIZED VIEW statistics_edits AS
SELECT counted.audience,
       (revision.created_at AT TIME ZONE 'UTC')::date AS day,
       annotation.language,
       revision.kind,
       count(*)::integer AS edits
FROM annotations_revision AS revision
JOIN annotations_annotation AS annotation ON annotation.id = revision.annotation_id
JOIN gallery_image AS image ON image.id = annotation.image_id
CROSS JOIN LATERAL (VALUES
    ('all', true),
    ('public', image.visibility = 'public'),
    (revision.author_id::text, revision.author_id IS NOT NULL)
) AS counted (audience, counts)
WHERE counted.counts
GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX statistics_edits_once ON statistics_edits (audience, day, language, kind);
"""
REFRESH = """
CREATE MATERIALIZED VIEW statistics_refresh AS
SELECT 1::bigint AS id, transaction_timestamp() AS refreshed_at;
CREATE UNIQUE INDEX statistics_refresh_once ON statistics_refresh (id);
"""


def view(name, sql):
    return migrations.RunSQL(sql, f"DROP MATERIALIZED VIEW {name}")


def key(*fields):
    return django.db.models.fields.composite.CompositePrimaryKey(
        *fields, blank=True, editable=False, primary_key=True, serialize=False
    )


def figures(name, table, fields):
    """Return a model of a view whose every row has an audience and a day."""
    audience_day = [
        ("audience", models.CharField(max_length=20)),
        ("day", models.DateField()),
    ]
    options = {"managed": False, "abstract": False, "db_table": table}
    return migrations.CreateModel(name, [fields[0], *audience_day, *fields[1:]], options)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("gallery", "0002_albums_batches"),
        ("captions", "0010_caption_newest"),
        ("annotations", "0001_initial"),
    ]
    operations = [
        view("statistics_captions", CAPTIONS),
        view("statistics_votes", VOTES),
        view("statistics_edits", EDITS),
        view("statistics_refresh", REFRESH),
        figures(
            "CaptionsOfDay",
            "statistics_captions",
            [
                ("pk", key("audience", "day", "language", "strategy", "version")),
                ("language", models.CharField(max_length=2)),
                (
                    "strategy",
                    models.CharField(help_text="empty where a person wrote it", max_length=8),
                ),
                (
                    "version",
                    models.IntegerField(help_text="the CaptionModel; 0 where a person wrote it"),
                ),
                ("captions", models.IntegerField()),
                ("confidence_sum", models.FloatField()),
            ],
        ),
        figures(
            "VotesOfDay",
            "statistics_votes",
            [
                ("pk", key("audience", "day", "bucket", "version")),
                (
                    "bucket",
                    models.IntegerField(
                        help_text="tenth of confidence, 0 to 9; -1 where there is none"
                    ),
                ),
                (
                    "version",
                    models.IntegerField(help_text="the CaptionModel; 0 where a person wrote it"),
                ),
                ("up", models.IntegerField()),
                ("down", models.IntegerField()),
                ("confidence_sum", models.FloatField(help_text="over the votes")),
            ],
        ),
        figures(
            "EditsOfDay",
            "statistics_edits",
            [
                ("pk", key("audience", "day", "language", "kind")),
                ("language", models.CharField(max_length=2)),
                ("kind", models.CharField(max_length=8)),
                ("edits", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            "LastRefresh",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("refreshed_at", models.DateTimeField()),
            ],
            {"managed": False, "db_table": "statistics_refresh"},
        ),
    ]
