"""Words, figures and icons as the pages show them."""

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, pgettext
from django.utils.translation import gettext as _

from gallery.models import CaptionJob, Image
from gallery.reasons import reason_words, reasons
from gallery.ways import strategies_of

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one icon of the sprite; it is decoration, so the words stand beside it."""
    return format_html(
        '<svg class="icon" width="20" height="20" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        static("vendor/lucide/sprite.svg"),
        name,
    )


@register.filter
def whole_percent(share: float | None) -> int:
    """Turn a share between 0 and 1 into a whole number; halves go up, as in the browser."""
    return int((share or 0) * 100 + 0.5)


@register.filter
def percent(share: float | None) -> str:
    """Write a share between 0 and 1 as people read it."""
    return _("%(number)d%%") % {"number": whole_percent(share)}


@register.filter
def failure_words(job: CaptionJob | None) -> str:
    """Say why the last attempt of a job failed; a photo may have had none."""
    return reason_words(job.error_code, job.error_message) if job else ""


@register.simple_tag
def failure_sentences() -> dict[str, str]:
    """Return why photos fail, by code, for scripts that hear it in the workers' language."""
    return reasons()


@register.filter
def level_word(level: str) -> str:
    """Say how sure a caption is."""
    words = {
        "low": pgettext("confidence", "Low"),
        "medium": pgettext("confidence", "Medium"),
        "high": pgettext("confidence", "High"),
    }
    return words.get(level, "")


@register.filter
def strategy_word(strategy: str) -> str:
    """Name the way a caption was decoded."""
    words = {"beam": _("Beam"), "nucleus": _("Nucleus"), "greedy": _("Greedy")}
    return words.get(strategy, strategy)


@register.filter
def written_by(caption: Any, image: Image) -> list[str]:
    """Return the strategies that came to the sentence of a caption."""
    return strategies_of(caption, image)


@register.filter
def language_word(code: str) -> str:
    """Name a language in the language of the page."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
