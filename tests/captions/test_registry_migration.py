"""The one active version of before becomes a role of each language, and comes back unharmed."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("captions", "0002_caption_immutable")]
AFTER = [("captions", "0005_drop_active")]


def migrate(target):
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    return MigrationExecutor(connection).loader.project_state(target).apps


@pytest.fixture
def old_models(transactional_db):
    """The tables as they were; afterwards they are as they should be."""
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()  # others hang on captions
    yield migrate(BEFORE).get_model("captions", "CaptionModel")
    migrate(leaves)


def test_existing_versions_survive_both_ways(old_models):
    old_models.objects.create(name="mini", revision="a", languages=["en"], levels=[0.4, 0.65])
    old_models.objects.create(name="mini", revision="b", languages=["tr", "en", "de"], active=True)

    apps = migrate(AFTER)

    roles = apps.get_model("captions", "ModelRole").objects.order_by("language")
    told = roles.values_list("language", "role", "model__revision", "chosen_by", "share")
    assert list(told) == [
        ("en", "active", "b", "default", None),
        ("tr", "active", "b", "default", None),
    ]
    assert apps.get_model("captions", "ModelEvent").objects.count() == 2
    a = apps.get_model("captions", "CaptionModel").objects.get(revision="a")
    assert (a.directory, a.metrics, a.card, a.failure) == ("", {}, "", "")

    migrate([("captions", "0003_model_registry")])  # the roles are kept, and not made twice
    assert migrate(AFTER).get_model("captions", "ModelRole").objects.count() == 2

    rows = migrate(BEFORE).get_model("captions", "CaptionModel").objects.order_by("revision")
    assert list(rows.values_list("revision", "active")) == [("a", False), ("b", True)]


def test_an_empty_registry_migrates(old_models):
    apps = migrate(AFTER)
    assert not apps.get_model("captions", "ModelRole").objects.exists()
    assert not migrate(BEFORE).get_model("captions", "CaptionModel").objects.exists()
