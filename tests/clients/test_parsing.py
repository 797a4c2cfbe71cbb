"""Reading answers: what is unknown is passed over, what is wrong is named."""

from datetime import UTC, datetime

import pytest
from capsite_client import AnswerInvalid, figures, models, resources
from capsite_client.models import Captioned, Image, Job
from capsite_client.parsing import parse
from capsite_client.problems import BY_CODE, error_of
from capsite_client.wire import Answer
from hypothesis import given
from hypothesis import strategies as st

from tests.clients import answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KINDS = [
    kind
    for module in (figures, models, resources)
    for kind in vars(module).values()
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")
]


def with_more(data, more):
    """Put unknown fields into every object of an answer."""
    if isinstance(data, dict):
        known = {name: with_more(value, more) for name, value in data.items()}
        return {f"new_{name}": value for name, value in more.items()} | known
    return [with_more(item, more) for item in data] if isinstance(data, list) else data


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_fields_that_the_site_adds_change_nothing(more):
    known = answers.captioned()
    assert parse(Captioned, with_more(known, more)) == parse(Captioned, known)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.dictionaries(st.sampled_from(["id", "name", "state", "image", "votes"]), JSON))
def test_any_json_is_read_or_refused_by_name(kind, data):
    problem = None
    try:
        assert isinstance(parse(kind, data), kind)
    except AnswerInvalid as error:
        problem = str(error)
    assert problem is None or kind.__name__ in problem


def test_an_answer_becomes_typed():
    result = parse(Captioned, answers.captioned())
    assert result.image.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert result.image.variants[0].width == 320
    assert result.image.best_caption.votes.up == 1
    assert result.best.text == "a dog on grass"
    assert result.ended
    assert not result.cached


def test_null_and_missing_take_the_default():
    image = parse(Image, {"id": "x", "title": None})
    assert (image.title, image.owner, image.variants) == ("", None, ())


def test_what_must_be_there_is_named():
    with pytest.raises(AnswerInvalid, match=r"Image\.id"):
        parse(Image, {})
    with pytest.raises(AnswerInvalid, match=r"Captioned\.jobs\[0\]\.num"):
        parse(Captioned, {"image": {"id": "x"}, "jobs": [{"id": "y", "num": "three"}]})


def test_new_states_are_no_error():
    assert not parse(Job, answers.job("postponed")).ended


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_each_code_has_its_class(code):
    body = b'{"code": "%s", "message": "No.", "field": "num"}' % code.encode()
    error = error_of(Answer(400, {"retry-after": "3"}, body))
    assert type(error) is BY_CODE[code]
    found = (error.code, error.status, error.field, error.retry_after, error.message)
    assert found == (code, 400, "num", 3, "No.")


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (404, b"<h1>Not Found</h1>", "NotFound", "request_refused"),
        (418, b'{"code": "teapot"}', "RequestRefused", "teapot"),
        (502, b"Bad Gateway", "ServerFailed", "server_failed"),
        (500, b'{"code": "not_found"}', "ServerFailed", "not_found"),
        (400, b'["not", "an", "object"]', "InputInvalid", "request_refused"),
        (401, b'{"error": "invalid_client"}', "SignInRequired", "invalid_client"),
        (302, b"", "AnswerInvalid", "answer_invalid"),
    ],
)
def test_other_answers_go_by_their_status(status, body, kind, code):
    error = error_of(Answer(status, {}, body))
    assert (type(error).__name__, error.code, error.status) == (kind, code, status)
