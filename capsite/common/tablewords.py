"""Names tables and columns in the reader's language, for the administration.

Django derives English names from the names of classes and fields. They are made translatable here
and not one by one in the models, where each would be a migration that changes nothing.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.apps.config import AppConfig
from django.db.models import Model
from django.utils.translation import override, pgettext_lazy

CONTEXT = "administration"
NAMES = ("verbose_name", "verbose_name_plural")
OURS = ("capsite", "gallery", "captions", "annotations", "workers")


def name_tables() -> None:
    """Make the names that Django derived lazy: each is looked up when it is shown."""
    for config in _configs():
        config.verbose_name = pgettext_lazy(CONTEXT, str(config.verbose_name))
        for model in config.get_models():
            _name_table(model)


def table_words() -> Iterator[str]:
    """Return every name that ``name_tables`` made translatable, in English."""
    with override(None):
        for config in _configs():
            yield str(config.verbose_name)
            for model in config.get_models():
                yield from (str(getattr(model._meta, name)) for name in _names(model))
                yield from (str(field.verbose_name) for field in _derived(model))


def _configs() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if config.name.split(".")[0] in OURS]


def _name_table(model: type[Model]) -> None:
    for name in _names(model):
        setattr(model._meta, name, pgettext_lazy(CONTEXT, str(getattr(model._meta, name))))
    for field in _derived(model):
        field.verbose_name = pgettext_lazy(CONTEXT, str(field.verbose_name))


def _names(model: type[Model]) -> list[str]:
    """Return which names of a model are plain English."""
    given = model._meta.original_attrs
    return [name for name in NAMES if isinstance(given.get(name, ""), str)]


def _derived(model: type[Model]) -> list[Any]:
    """Return the model's own fields whose names are plain English."""
    fields: list[Any] = list(model._meta.local_fields)
    return [field for field in fields if isinstance(field._verbose_name or "", str)]
