"""What an address needs, by what the journal knows of it."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Outcome
from hum_async._purchases.records import Entry
from hum_async._purchases.resume_rules import ResumeAction, ResumeRules

TIMES = st.sampled_from(["2026-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00", None])
ENTRIES = st.builds(
    Entry,
    token=st.none() | st.just("token"),
    outcome=st.none() | st.sampled_from(Outcome),
    run=st.integers(1, 3),
    requests=st.integers(0, 9),
    observed_at=TIMES,
    packed=st.just(b""),
    copied=st.booleans(),
    asked_at=st.sampled_from(["2026-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"]),
)
RULES = st.builds(
    ResumeRules,
    run=st.integers(1, 3),
    retry=st.frozensets(st.sampled_from(Outcome)),
    since=TIMES,
)


def test_what_nothing_is_known_of_is_bought() -> None:
    assert ResumeRules(1).action(None) == (ResumeAction.BUY, None)


@given(ENTRIES, RULES)
def test_nothing_that_is_known_is_bought_again_without_a_reason(
    entry: Entry, rules: ResumeRules
) -> None:
    need, reason = rules.action(entry)
    assert (need is ResumeAction.BUY and not entry.copied) == (reason is not None)


@given(ENTRIES, RULES)
def test_what_only_another_journal_holds_is_not_superseded(
    entry: Entry, rules: ResumeRules
) -> None:
    _, reason = rules.action(attrs.evolve(entry, copied=True))
    assert reason is None


@given(ENTRIES, st.integers(1, 3))
def test_without_retry_or_age_what_is_known_is_used(entry: Entry, run: int) -> None:
    need, _ = ResumeRules(run).action(entry)
    if entry.outcome is not None:
        assert need is ResumeAction.TAKE
    else:
        assert need is (ResumeAction.ADOPT if entry.token else ResumeAction.WRITE_OFF)


@given(ENTRIES, RULES)
def test_what_this_run_asked_for_is_never_asked_for_again(entry: Entry, rules: ResumeRules) -> None:
    ours = attrs.evolve(entry, run=rules.run, copied=False)
    assert rules.action(ours)[0] is not ResumeAction.BUY


@given(ENTRIES, RULES)
def test_an_uncertain_purchase_is_repeated_only_when_that_is_asked_for(
    entry: Entry, rules: ResumeRules
) -> None:
    uncertain = entry.outcome == Outcome.UNCERTAIN or (entry.outcome is None and not entry.token)
    if uncertain and Outcome.UNCERTAIN not in rules.retry:
        assert rules.action(entry)[0] is not ResumeAction.BUY


@given(ENTRIES, RULES)
def test_an_open_session_is_never_given_up_for_a_new_one(entry: Entry, rules: ResumeRules) -> None:
    running = attrs.evolve(entry, token="token", outcome=None)
    assert rules.action(running) == (ResumeAction.ADOPT, None)


def test_a_result_that_is_too_old_is_bought_anew_and_an_uncertain_purchase_never_is() -> None:
    rules = ResumeRules(2, since="2026-01-02T00:00:00+00:00")
    then = "2026-01-01T00:00:00+00:00"
    old = Entry("token", Outcome.SERVED, 1, 3, None, b"", asked_at=then)
    assert rules.action(old) == (ResumeAction.BUY, "too old")
    fresh = attrs.evolve(old, asked_at="2026-01-02T00:00:00+00:00")
    assert rules.action(fresh) == (ResumeAction.TAKE, None)
    uncertain = attrs.evolve(old, outcome=Outcome.UNCERTAIN, token=None)
    assert rules.action(uncertain) == (ResumeAction.TAKE, None)
