"""What a card says: people's words before the model's, and the reader's language before both."""

import pytest
from django.utils.translation import override

from annotations.models import Annotation
from gallery.cards import card_of
from gallery.models import Image
from gallery.selectors import with_words
from tests.factories.rows import AnnotationFactory, CaptionFactory, ImageFactory, JobFactory

pytestmark = pytest.mark.django_db


def card(image, language="en"):
    with override(language):
        return card_of(with_words(Image.objects.filter(pk=image.pk)).get())


def published(image, language, text) -> Annotation:
    return AnnotationFactory(image=image, language=language, text=text)


def test_words_in_their_order():
    image = ImageFactory()
    assert (card(image).words, card(image).alt) == ("", "Photo without a caption yet")
    CaptionFactory(image=image, text="a bird", confidence=0.9)
    assert (card(image).words, card(image).published) == ("a bird", False)
    CaptionFactory(image=image, text="bir kuş", language="tr", confidence=0.2)
    assert card(image, "tr").words == "bir kuş"
    published(image, "en", "A dandelion in the sun.")
    assert (card(image).words, card(image).published) == ("A dandelion in the sun.", True)
    # A Turkish reader understands the Turkish caption better than what was published in English.
    assert (card(image, "tr").words, card(image, "tr").published) == ("bir kuş", False)
    published(image, "tr", "Güneşte bir karahindiba.")
    shown = card(image, "tr")
    assert (shown.alt, shown.language, shown.published) == ("Güneşte bir karahindiba.", "tr", True)


def test_the_gallery_says_who_wrote(client):
    image = JobFactory(done=True).image
    CaptionFactory(image=image, text="a bird", confidence=0.9)
    assert "Written by people" not in client.get("/").content.decode()
    published(image, "en", "A dandelion in the sun.")
    page = client.get("/").content.decode()
    assert "Written by people" in page
    assert 'alt="A dandelion in the sun."' in page
    assert "a bird" not in page
