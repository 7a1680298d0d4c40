"""The door to all methods: what is folded in for every kind, what an Unknown leaves alone, and how a check forgets."""

from dataclasses import fields, replace

import pytest

from tests.core.limits import LIMITS
from watchdog.core import detect
from watchdog.core.detect import METHODS, Conditions
from watchdog.domain.checks import Check, SlowAnswers, UsualLatency
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, MinuteCount, Unknown

NOW = 10_000.0
KINDS = sorted(METHODS)


def worn(kind: str) -> Check:
    """Return a check with something in every field."""
    return Check(
        name="it",
        kind=kind,
        last_at=NOW,
        seen_at=NOW,
        last=Good(),
        last_bad_at=NOW - 2,
        last_why="HTTP 503",
        last_kind="status",
        run_started_at=NOW - 50,
        run_probes=26,
        good_run=1,
        cusum=20.0,
        cusum_zero_at=NOW - 60,
        recent=((NOW - 2, True), (NOW, False)),
        samples=((NOW, 0.3),),
        usual=UsualLatency(stepped_at=NOW - 20, average=2000.0, steps=40, excess=2.0, excess_since=NOW - 65),
        slow=(SlowAnswers("p95", 10.0, NOW - 68, 0.8, 12, 12),),
        over_since=NOW - 70,
        counts=(MinuteCount(NOW - 120, 60.0, 3.0),),
        counts_from=1.0,
        new_issues=("TypeError",),
        crashes=((NOW - 5, "out of memory"),),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_reading_changes_no_statistic(kind: str) -> None:
    """It is remembered as the last look, and that is all: a broken ruler is no evidence."""
    before = worn(kind)
    event = Observed(NOW + 2, "web", "it", Unknown("no route"), latency_seconds=9.0)
    after = detect.observe(before, event, SignalPolicy("it", kind), LIMITS)
    assert (after.last, after.last_at) == (Unknown("no route"), NOW + 2)
    assert replace(after, last=before.last, last_at=before.last_at) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_reading_is_remembered_with_its_words_and_kind(kind: str) -> None:
    """Every kind keeps when, why and what sort; a good one afterwards leaves them as history."""
    signal = SignalPolicy("it", kind)
    check = detect.observe(
        Check("it", kind), Observed(NOW, "web", "it", Bad("HTTP 502", FailureKind.STATUS)), signal, LIMITS
    )
    check = detect.observe(check, Observed(NOW + 2, "web", "it", Good("200")), signal, LIMITS)
    assert (check.last_bad_at, check.last_why, check.last_kind) == (NOW, "HTTP 502", "status")
    assert (check.last, check.last_at) == (Good("200"), NOW + 2)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_read_is_nothing_found(kind: str) -> None:
    """A check without readings is neither suspicious, nor failing, nor found."""
    given = Conditions(NOW, SignalPolicy("it", kind), LIMITS)
    check = Check("it", kind)
    assert detect.find(check, given) is None
    assert not detect.suspicious(check, given)
    assert not detect.failing(check, given)


@pytest.mark.parametrize(
    ("bad_at", "counts_from", "interrupted_at", "for_seconds", "calm"),
    [
        (None, 0.0, 0.0, 60.0, True),
        (NOW - 59, 0.0, 0.0, 60.0, False),
        (NOW - 60, 0.0, 0.0, 60.0, True),
        (NOW - 59, 0.0, 0.0, 0.0, True),
        (NOW - 0.5, 0.0, 0.0, 0.0, True),
        (NOW - 300, NOW - 59, 0.0, 60.0, False),
        (NOW - 300, NOW - 60, 0.0, 60.0, True),
        (None, NOW - 10, 0.0, 60.0, False),
        (NOW - 600, 0.0, NOW - 59, 60.0, False),
        (NOW - 600, 0.0, NOW - 60, 60.0, True),
    ],
)
def test_calm_for_so_long_counts_from_the_last_bad_look_the_fresh_start_or_an_interruption(
    bad_at: float | None, counts_from: float, interrupted_at: float, for_seconds: float, calm: bool
) -> None:
    """A minute of calm is a minute that we watched; calm alone asks for no while."""
    since = {"last_bad_at": bad_at, "counts_from": counts_from, "interrupted_at": interrupted_at}
    check = Check("it", "http", good_run=5, **since)
    given = Conditions(NOW, SignalPolicy("it", "http"), LIMITS)
    assert detect.calm(check, given, for_seconds) is calm


def test_an_interruption_ends_runs_and_sums_and_nothing_else() -> None:
    """After a restart readings may be missing: what must be unbroken begins anew, what was seen stays."""
    before = worn("http")
    after = detect.interrupt(before, 0.0)
    changed = {field.name for field in fields(Check) if getattr(before, field.name) != getattr(after, field.name)}
    assert changed == {
        "run_started_at", "run_probes", "good_run", "cusum", "cusum_zero_at", "over_since", "troubled_since",
    }  # fmt: skip
    assert (after.run_started_at, after.run_probes, after.good_run) == (None, 0, 0)
    assert (after.cusum, after.cusum_zero_at, after.over_since) == (0.0, None, None)


def test_since_when_it_was_in_trouble_outlasts_interruptions_until_it_was_calm_for_a_minute() -> None:
    """The earliest onset of a sum or a slowness is kept, through any number of restarts; to forget clears it."""
    cut = detect.interrupt(worn("http"), NOW)
    assert cut.troubled_since == NOW - 70 == detect.interrupt(cut, NOW + 1).troubled_since
    assert detect.interrupt(Check("it", "http"), NOW).troubled_since is None
    assert detect.forget(cut, NOW).troubled_since is None
    well = replace(cut, good_run=5, slow=(), usual=UsualLatency())
    for at, since in ((NOW + 59.0, NOW - 70), (NOW + 60.0, None)):
        given = Conditions(at, SignalPolicy("it", "http"), LIMITS)
        assert detect.settle(well, given).troubled_since == since
        assert detect.settle(cut, given) is cut, "not calm: nothing good was seen"


def test_forgetting_keeps_baselines_history_and_the_last_look() -> None:
    """Evidence goes; what is usual for this service stays."""
    before = worn("latency")
    after = detect.forget(before, NOW)
    before = replace(before, usual=replace(before.usual, excess=0.0, excess_since=None))
    kept = {"name", "kind", "last", "last_at", "seen_at", "usual", "counts"}
    empty = Check("it", "latency")
    for field in fields(Check):
        if field.name in kept:
            assert getattr(after, field.name) == getattr(before, field.name), field.name
        elif field.name != "counts_from":
            assert getattr(after, field.name) == getattr(empty, field.name), field.name
    assert after.counts_from == NOW
