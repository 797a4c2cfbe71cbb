"""The registry grows: where a version lies, its figures and card, what it serves, and a log."""

import django.db.models.deletion
from django.db import migrations, models

LANGUAGES = [("en", "English"), ("tr", "Turkish")]
EVENTS = [
    ("activated", "Activated"),
    ("promoted", "Promoted"),
    ("rolled_back", "Rolled back to"),
    ("withdrawn", "Withdrawn"),
    ("candidate", "Made candidate"),
    ("cleared", "No longer candidate"),
]
KEY = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)
PROTECT = django.db.models.deletion.PROTECT

FORWARDS = """
CREATE FUNCTION model_log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The log of the model registry never changes.'
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER model_log_append_only
    BEFORE UPDATE OF language, event, model_id, previous_id, reason, created_at OR DELETE
    ON captions_modelevent FOR EACH ROW
    EXECUTE FUNCTION model_log_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER model_log_append_only ON captions_modelevent;
DROP FUNCTION model_log_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("captions", "0002_caption_immutable")]

    operations = [
        migrations.RenameField("captionmodel", "created_at", "registered_at"),
        migrations.AddField("captionmodel", "card", models.TextField(blank=True)),
        migrations.AddField(
            "captionmodel",
            "directory",
            models.TextField(blank=True, help_text="where workers load it from"),
        ),
        migrations.AddField(
            "captionmodel",
            "failure",
            models.TextField(blank=True, help_text="why it could not be loaded last"),
        ),
        migrations.AddField(
            "captionmodel",
            "metrics",
            models.JSONField(blank=True, default=dict, help_text="by language"),
        ),
        migrations.CreateModel(
            name="ModelRole",
            fields=[
                ("id", KEY.clone()),
                ("language", models.CharField(choices=LANGUAGES, max_length=2)),
                (
                    "role",
                    models.CharField(
                        choices=[("active", "Active"), ("candidate", "Candidate")], max_length=9
                    ),
                ),
                (
                    "share",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="percent of the photos that a candidate captions",
                        null=True,
                    ),
                ),
                (
                    "chosen_by",
                    models.CharField(
                        choices=[("default", "Default"), ("operator", "Operator")], max_length=8
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="roles", to="captions.captionmodel"
                    ),
                ),
            ],
            options={
                "ordering": ["language", "role"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["language", "role"], name="role_once_per_language"
                    ),
                    models.UniqueConstraint(
                        fields=["language", "model"], name="role_one_per_model"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(language__in=["en", "tr"]), name="role_language_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(chosen_by__in=["default", "operator"]),
                        name="role_chooser_known",
                    ),
                    models.CheckConstraint(
                        condition=(
                            models.Q(role="active", share__isnull=True)
                            | models.Q(role="candidate", share__isnull=False, share__gte=1, share__lte=99)
                        ),
                        name="role_share_of_candidate",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelEvent",
            fields=[
                ("id", KEY.clone()),
                ("language", models.CharField(choices=LANGUAGES, max_length=2)),
                ("event", models.CharField(choices=EVENTS, max_length=11)),
                (
                    "by",
                    models.CharField(help_text="a person's name, or worker", max_length=150),
                ),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="events", to="captions.captionmodel"
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=PROTECT,
                        related_name="+",
                        to="captions.captionmodel",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["language", "-id"], name="model_log_of_language")
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
