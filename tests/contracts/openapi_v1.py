"""What version 1 promises: the committed OpenAPI document, and the one the code makes now.

``python -m tests.contracts.openapi_v1`` writes the document anew, after a change that is meant.
"""

import json
import os
from pathlib import Path
from typing import Any

COMMITTED = Path(__file__).with_name("openapi-v1.json")
EXAMPLES = ("example", "examples")
PROSE = ("description", "summary", "title", *EXAMPLES)


def made_now() -> dict[str, Any]:
    """Return the document of version 1 as the code makes it."""
    from django.test import Client

    return json.loads(Client().get("/api/v1/openapi.json").content)


def promised(document: Any) -> Any:
    """Return the document without its prose, which may be put better at any time."""
    return _without(document, PROSE)


def _without(document: Any, keys: tuple[str, ...], *, names: bool = False) -> Any:
    """Leave ``keys`` out, except where an object's keys are names, such as those of properties."""
    if isinstance(document, list):
        return [_without(each, keys) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _without(value, keys, names=not names and key in ("properties", "schemas"))
        for key, value in document.items()
        if names or key not in keys
    }


def main() -> None:
    """Write the document."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "capsite.settings.test"
    django.setup()
    text = json.dumps(_without(made_now(), EXAMPLES), indent=1, sort_keys=True, ensure_ascii=False)
    COMMITTED.write_text(text + "\n")


if __name__ == "__main__":
    main()
