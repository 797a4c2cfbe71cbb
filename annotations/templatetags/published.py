"""The published texts of a photo."""

from django import template

from annotations.panel import PublishedText, is_published, texts_of
from captions.models import Caption
from gallery.models import Image

register = template.Library()


@register.simple_tag
def published_texts(image: Image) -> list[PublishedText]:
    """Return a place for every language; asking again for the same photo costs no query."""
    return texts_of(image)


@register.filter
def published_in(caption: Caption, texts: list[PublishedText]) -> bool:
    """Tell whether a suggestion is what is published."""
    return is_published(caption, texts)
