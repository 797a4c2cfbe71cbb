"""Pages of photos with captions, votes and authors: what is in them, in how many queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from captions.services.votes import vote_cast
from tests.factories import AnnotationFactory, CaptionFactory, ImageFactory, JobFactory, UserFactory
from tests.graphql.asking import Asker

pytestmark = pytest.mark.django_db

PAGE = """
query Page($first: Int!) {
  images(first: $first) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id title state owner { id name }
      bestCaption { text }
      annotations { text version author { name } }
      captions(first: 5) { edges { node {
        id text confidence level author { name } votes { up down mine }
        model { name }
      } } }
    } }
  }
}
"""


def gallery(count: int) -> None:
    for _ in range(count):
        image = ImageFactory(owner=UserFactory())
        JobFactory(image=image, done=True)
        captions = [CaptionFactory(image=image, confidence=0.2 * place) for place in range(1, 4)]
        vote_cast(person=UserFactory(), caption_id=captions[0].pk, value=-1)
        AnnotationFactory(image=image)


def counted(asker: Asker, first: int) -> tuple[dict, int]:
    with CaptureQueriesContext(connection) as queries:
        data = asker.ask(PAGE, first=first)
    return data, len(queries)


def test_a_page_of_50_photos_takes_as_many_queries_as_one_of_two():
    gallery(51)
    asker = Asker(UserFactory())
    small, few = counted(asker, 2)
    large, many = counted(asker, 50)
    assert (len(small["images"]["edges"]), len(large["images"]["edges"])) == (2, 50)
    node = large["images"]["edges"][0]["node"]
    assert [edge["node"]["votes"]["down"] for edge in node["captions"]["edges"]] == [0, 0, 1]
    assert node["state"] == "DONE"
    assert node["annotations"][0]["author"]["name"]
    # Session, person, role; photos; their jobs, owners, best captions, texts and captions; the
    # texts' authors; one's own votes.
    assert (few, many) == (11, 11)
