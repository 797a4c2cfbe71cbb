"""The policy: a pure function, checked over every kind of count."""

from hypothesis import given
from hypothesis import strategies as st

from captions.policy import DOWNVOTED, REPORTED, Counts, Policy, reason_for_case

votes = st.integers(0, 10_000)
policies = st.builds(
    Policy, down_votes=st.integers(1, 100), down_share=st.floats(0, 1), reports=st.integers(1, 100)
)
counts = st.builds(
    lambda up, down, part: Counts(up, down, harmful=int(down * part)), votes, votes, st.floats(0, 1)
)


@given(counts, policies)
def test_the_reason_says_which_rule_holds(now, policy):
    reason = reason_for_case(now, policy)
    reported = now.harmful >= policy.reports
    share = now.down / (now.up + now.down) if now.up + now.down else 0
    assert (reason == REPORTED) == reported
    if reason == DOWNVOTED:
        assert now.down >= policy.down_votes
        assert share >= policy.down_share - 1e-9
    if not reason:
        assert now.down < policy.down_votes or share < policy.down_share + 1e-9


@given(policies, votes)
def test_praise_alone_never_calls_a_moderator(policy, up):
    assert reason_for_case(Counts(up, 0, 0), policy) == ""


@given(counts, policies)
def test_one_more_vote_against_never_closes_a_question(now, policy):
    worse = Counts(now.up, now.down + 1, now.harmful)
    if reason_for_case(now, policy):
        assert reason_for_case(worse, policy) == reason_for_case(now, policy)


@given(counts, policies)
def test_one_more_vote_for_never_opens_one(now, policy):
    better = Counts(now.up + 1, now.down, now.harmful)
    if not reason_for_case(now, policy):
        assert reason_for_case(better, policy) == ""


def test_the_edges_of_the_default_policy():
    policy = Policy(down_votes=3, down_share=0.6, reports=1)
    assert reason_for_case(Counts(0, 2, 0), policy) == ""
    assert reason_for_case(Counts(2, 3, 0), policy) == DOWNVOTED
    assert reason_for_case(Counts(3, 3, 0), policy) == ""
    assert reason_for_case(Counts(90, 1, 1), policy) == REPORTED
