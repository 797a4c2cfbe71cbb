"""`manage.py models ...`: list, register, activate, compare and roll back versions."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from capsite.common.errors import CapsiteError
from capsite.common.outage import OUTAGES, outage_error
from captions import figures, registry
from captions.models import CaptionModel
from captions.selectors import model_log, versions_with_use
from gallery.models.job import Language
from workers.pipeline.errors import ModelError

BY = "command line"
USAGE_EXIT = 2
VERSION_HELP = "NAME@REVISION (its first digits will do) or a registered directory"


class Command(BaseCommand):
    """Parses the arguments; `captions.registry` decides."""

    help = "Show and change which version of the captioner serves each language."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare one sub-command per deed."""
        deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
        listing = deeds.add_parser("list", help="versions, what they serve, how they do")
        listing.add_argument("--json", action="store_true", dest="as_json")
        register = deeds.add_parser("register", help="enter a model directory")
        register.add_argument("directory", type=Path, metavar="DIR")
        activate = deeds.add_parser("activate", help="let a version caption a language")
        activate.add_argument("version", help=VERSION_HELP)
        candidate = deeds.add_parser("candidate", help="give a version a share of the photos")
        candidate.add_argument("version", help=VERSION_HELP)
        candidate.add_argument("--share", type=int, default=10, help="percent, 1 to 99 (10)")
        clear = deeds.add_parser("clear", help="end the comparison with the candidate")
        promote = deeds.add_parser("promote", help="make the candidate active")
        rollback = deeds.add_parser("rollback", help="return to the version before")
        log = deeds.add_parser("log", help="what happened, newest first")
        for deed in (activate, candidate, clear, promote, rollback, log):
            deed.add_argument("--language", choices=Language.values, required=deed is not log)
        for deed in (activate, clear, promote, rollback):
            deed.add_argument("--reason", default="", help="for the log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the deed; bad input ends with one line and exit code 2."""
        try:
            getattr(self, f"_{options['deed']}")(options)
        except (CapsiteError, ModelError) as error:
            raise CommandError(error.message, returncode=USAGE_EXIT) from error
        except OUTAGES as error:
            raise CommandError(outage_error().message, returncode=USAGE_EXIT) from error

    def _list(self, options: dict[str, Any]) -> None:
        rows = list(versions_with_use())
        if options["as_json"]:
            return self.stdout.write(json.dumps([_facts(row) for row in rows], indent=2))
        if not rows:
            return self.stdout.write("No version is registered; a worker registers its own.")
        for model in rows:
            self.stdout.write(f"{model.name}@{model.revision}  ({', '.join(model.languages)})")
            for word, line in _lines(model):
                self.stdout.write(f"  {word:<10}{line}")
        return None

    def _register(self, options: dict[str, Any]) -> None:
        from workers.versions import directory_register

        model = directory_register(options["directory"])
        spoken = ", ".join(model.languages)
        self.stdout.write(f"{model.name}@{model.revision} is registered; languages: {spoken}.")

    def _activate(self, options: dict[str, Any]) -> None:
        model, language = find_version(options["version"]), options["language"]
        registry.model_activate(model=model, language=language, by=BY, reason=options["reason"])
        self._say_active(language, model)

    def _candidate(self, options: dict[str, Any]) -> None:
        model, language = find_version(options["version"]), options["language"]
        registry.candidate_set(model=model, language=language, share=options["share"], by=BY)
        self.stdout.write(f"{model} captions {options['share']} % of the photos in '{language}'.")

    def _clear(self, options: dict[str, Any]) -> None:
        language = options["language"]
        model = registry.candidate_clear(language=language, by=BY, reason=options["reason"])
        self.stdout.write(f"{model} is no longer candidate for '{language}'.")

    def _promote(self, options: dict[str, Any]) -> None:
        language, reason = options["language"], options["reason"]
        role = registry.candidate_promote(language=language, by=BY, reason=reason)
        self._say_active(language, role.model)

    def _rollback(self, options: dict[str, Any]) -> None:
        language, reason = options["language"], options["reason"]
        role = registry.model_rollback(language=language, by=BY, reason=reason)
        self._say_active(language, role.model)

    def _log(self, options: dict[str, Any]) -> None:
        for event in model_log(options["language"] or ""):
            when = event.created_at.strftime("%Y-%m-%d %H:%M:%S %Z")
            before = f" (before: {event.previous})" if event.previous else ""
            reason = f": {event.reason}" if event.reason else ""
            self.stdout.write(f"{when}  {event}{before}, by {event.by}{reason}")

    def _say_active(self, language: str, model: CaptionModel) -> None:
        self.stdout.write(f"{model} is active for '{language}'; workers load it within moments.")


def find_version(text: str) -> CaptionModel:
    """Return the version that NAME@REVISION or a directory means; raises CapsiteError."""
    name, at, revision = text.rpartition("@")
    if at and not Path(text).is_dir():
        rows = CaptionModel.objects.filter(name=name, revision__startswith=revision)
    else:
        rows = CaptionModel.objects.filter(directory=str(Path(text).resolve()))
    found = list(rows.order_by("pk")[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise CapsiteError("version_unclear", f"More than one version begins with {text}.")
    hint = "see: manage.py models list" if at else f"first: manage.py models register {text}"
    raise CapsiteError("version_unknown", f"No registered version is {text}; {hint}.")


def _facts(model: CaptionModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "revision": model.revision,
        "directory": model.directory,
        "languages": model.languages,
        "roles": [str(role) for role in model.roles.all()],
        "metrics": model.metrics,
        "captions": figures.use_of(model),
        "failure": model.failure,
    }


def _lines(model: CaptionModel) -> list[tuple[str, str]]:
    lines = [
        ("serves", figures.roles_line(model)),
        ("metrics", figures.metrics_line(model)),
        ("wrote", figures.use_line(model)),
        ("directory", model.directory),
        ("failure", model.failure),
    ]
    return [(word, line) for word, line in lines if line]
