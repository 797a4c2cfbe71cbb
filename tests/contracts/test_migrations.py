"""Migrations run while the version before still serves: none takes away what it uses."""

import pytest
from django.apps import apps
from django.conf import settings
from django_migration_linter import MigrationLinter

# Written before there was a release, so no site has an older version running beside them.
UNRELEASED = ("0003_model_registry", "0005_drop_active", "0007_votes_moderation")


@pytest.mark.django_db(transaction=True)  # indexes made concurrently refuse a transaction
def test_no_migration_breaks_the_version_before(capsys):
    ours = [
        config.label
        for config in apps.get_app_configs()
        if str(config.path).startswith(str(settings.BASE_DIR)) and ".venv" not in config.path
    ]
    linter = MigrationLinter(
        include_apps=ours,
        ignore_name=UNRELEASED,
        no_cache=True,
        analyser_string="postgresql",
        quiet=["ok", "ignore", "warning"],
    )
    linter.lint_all_migrations()
    assert not linter.has_errors, capsys.readouterr().out
    assert linter.nb_valid > len(ours)
