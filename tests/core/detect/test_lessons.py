"""Lessons: what ended by itself teaches how long a blip of this check lasts, and a slow time; never too much."""

from dataclasses import replace

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import Conditions, baseline, latency, probes
from watchdog.domain.checks import Check, UsualLatency
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown

HOME = SignalPolicy("home", "http", critical=True)
API = SignalPolicy("api", "latency", limits_seconds={"p95": 0.8}, window_seconds=60.0)
DOWN = Bad("HTTP 503", FailureKind.STATUS)
T0 = 10_000.0
MONTH = baseline.HALF_LIFE_SECONDS


def told(
    text: str, signal: SignalPolicy = HOME, check: Check | None = None, start: float = T0, **more: bool
) -> tuple[Check, float]:
    """Fold in readings, 2 s apart, and let the check learn: `x` bad, `.` good, `s` slow, `?` unknown, `_` none."""
    check, at = check or Check(signal.name, signal.kind), start
    for letter in text:
        if letter != "_":
            reading = {"x": DOWN, "?": Unknown("void")}.get(letter, Good())
            event = Observed(at, "web", signal.name, reading, 1.2 if letter == "s" else 0.2)
            after = detect.observe(check, event, signal, LIMITS)
            check = detect.learn(check, after, given(signal, at, **more), in_incident=False)
        at += 2.0
    return check, at - 2.0


# --- blips ---


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("." + "x" * 11 + ".", 20.0, id="it healed"),
        pytest.param(".x.", 0.0, id="a single failure has no length"),
        pytest.param(".xx.", 2.0, id="two have"),
        pytest.param("." + "x" * 23 + ".", 44.0, id="just not an outage"),
        pytest.param("." + "x" * 24 + ".", 0.0, id="an outage"),
        pytest.param("." + "x" * 11, 0.0, id="it fails still"),
        pytest.param("." + "x" * 6 + "?" * 3 + "x" * 3 + ".", 22.0, id="a short hole is none"),
        pytest.param("." + "x" * 6 + "_" * 16 + "x" * 3 + ".", 0.0, id="we saw a part of it"),
        pytest.param("xx." + "." * 100 + "x" * 5 + ".", 8.0, id="the longer one"),
        pytest.param("." + "x" * 8 + "." * 100 + "xx.", 14.0, id="a shorter one changes nothing"),
    ],
)
def test_a_run_that_ended_by_itself_teaches_how_long_a_blip_lasts(text: str, seconds: float) -> None:
    """From its first failure to its last; one that was confirmed was an outage and teaches nothing."""
    check, _ = told(text)
    assert check.healed_seconds == seconds and (check.healed_at > 0) is (seconds > 0)


def test_an_interrupted_run_teaches_nothing() -> None:
    """Whoever took over in the middle has not seen how long it was."""
    check, now = told("." + "x" * 10)
    after, _ = told("x" * 5 + ".", check=detect.interrupt(check, now), start=now + 2.0)
    assert after.healed_seconds == 0.0
    for unseen in (detect.interrupt(check, now), detect.go_on_unseen(check, 30.0)):
        after, _ = told("x.", check=unseen, start=now + 2.0)
        assert after.healed_seconds == 0.0


def test_a_run_of_a_partial_outage_teaches_nothing() -> None:
    """What the sum has confirmed is an outage as well, although no run of it was long enough."""
    stumbling = ".".join(["x" * 20] * 6) + "."
    check, now = told(stumbling)
    assert check.cusum > LIMITS.cusum_limit and check.healed_seconds == 38.0, (
        "the first runs were blips, for all we knew"
    )
    after, _ = told("x" * 22 + ".", check=check, start=now + 2.0)
    assert after.healed_seconds == 38.0


def test_the_run_timer_outlasts_the_blips_of_this_check() -> None:
    """A tenth longer than the longest; the finding says which limit it was that held."""
    check, now = told("." + "x" * 23 + "." * 50)
    assert probes.run_limit_seconds(check, given(HOME, now)) == pytest.approx(1.1 * 44.0, rel=1e-4)
    for failures, words in (
        (25, ""),
        (26, "26 of 26 probes failed for 50 s (limit 48 s, as its blips last up to 44 s): HTTP 503"),
    ):
        failed, at = told("x" * failures, check=check, start=now + 2.0)
        result = detect.find(failed, given(HOME, at))
        assert (result.text if result else "").startswith(words) and (result is not None) is bool(words)


FELT, UNANSWERED = ", as its restarts are felt for up to 80 s", ", as the new deploy has not answered yet"


@pytest.mark.parametrize(
    ("lesson", "conditions", "limit", "why"),
    [
        ({"healed_seconds": 40.0}, {}, 45.0, ""),
        ({"healed_seconds": 44.0}, {}, 48.4, ", as its blips last up to 44 s"),
        ({"healed_seconds": 60.0}, {}, 56.25, ", as its blips last up to 60 s"),
        ({"healed_seconds": 40.0}, {"in_watch": True}, 44.0, ", as its blips last up to 40 s"),
        ({"healed_seconds": 1e6}, {"in_watch": True}, 50.0, ", as its blips last up to 11 d 13 h"),
        ({"healed_seconds": 1e6}, {"blip_share": 4e-4}, 20.0, ""),
        ({"healed_seconds": 1e6}, {"blip_share": 0.002}, 56.25, ", as its blips last up to 11 d 13 h"),
        ({"healed_seconds": 40.0}, {"blip_share": 0.002}, 44.0, ""),
        ({"healed_seconds": 14.0}, {"blip_share": 0.002}, 36.0, ""),
        ({"restart_seconds": 80.0}, {}, 45.0, ""),
        ({"restart_seconds": 40.0}, {"restarting": True}, 45.0, ""),
        ({"restart_seconds": 80.0}, {"restarting": True}, 88.0, FELT),
        ({"restart_seconds": 80.0}, {"restarting": True, "in_watch": True}, 88.0, FELT),
        ({"restart_seconds": 1e6}, {"restarting": True}, 120.0, ", as its restarts are felt for up to 11 d 13 h"),
        ({"restart_seconds": 1e6}, {"restarting": True, "blip_share": 4e-4}, 20.0, ""),
        ({"restart_seconds": 40.0}, {"restarting": True, "blip_share": 0.02}, 44.0, ""),
        ({"restart_seconds": 40.0}, {"restarting": True, "unanswered": True}, 120.0, UNANSWERED),
        ({}, {"unanswered": True, "in_watch": True}, 120.0, UNANSWERED),
        ({}, {"unanswered": True, "blip_share": 4e-4}, 20.0, ""),
    ],
)
def test_the_lesson_is_bounded(lesson: dict, conditions: dict, limit: float, why: str) -> None:
    """A quarter longer at most, whatever was learnt; where enough other signals agree it does not count.

    That of restarts counts as a deploy takes traffic: two minutes at most. The finding says why it waited.
    """
    check = Check("home", "http", **{"healed_seconds": 30.0, "healed_at": T0, "restart_at": T0, **lesson})
    assert probes.run_limit_seconds(check, given(HOME, T0, **conditions)) == pytest.approx(limit)
    assert probes.learnt_words(check, given(HOME, T0, **conditions)) == why


@pytest.mark.parametrize(
    ("lasted", "conditions", "limit", "why"),
    [
        (55.0, {}, 45.0, ""),
        (55.0, {"in_watch": True}, 60.5, ", as outages of up to 55 s ended by themselves"),
        (64.0, {"in_watch": True}, 64.0, ", as outages of up to 64 s ended by themselves"),
        (55.0, {"in_watch": True, "blip_share": 0.02}, 60.5, ", as outages of up to 55 s ended by themselves"),
        (55.0, {"in_watch": True, "blip_share": 4e-4}, 20.0, ""),
        (30.0, {"in_watch": True}, 40.0, ""),
    ],
)
def test_the_lesson_of_short_outages_counts_in_a_watch_window(
    lasted: float, conditions: dict, limit: float, why: str
) -> None:
    """There it spares a needless rollback; at other times such an outage is told of as before."""
    check = replace(Check("home", "http"), **baseline.outlasted(Check("home", "http"), lasted, LIMITS, T0))
    assert probes.run_limit_seconds(check, given(HOME, T0, **conditions)) == pytest.approx(limit)
    assert probes.learnt_words(check, given(HOME, T0, **conditions)) == why
    assert baseline.outlasted(check, lasted / 1.2, LIMITS, T0) == {} == baseline.outlasted(check, 64.1, LIMITS, T0)
    assert baseline.outlasted(replace(check, outage_seconds=44.0), 40.0, LIMITS, T0)["outage_seconds"] == 44.0


@pytest.mark.parametrize(("months", "left"), [(-1.0, 1.0), (2.0, 1.0), (3.0, 0.5), (14.0, 0.5**12)])
def test_the_lesson_of_restarts_fades_after_two_months(months: float, left: float) -> None:
    """The longest counts until then, and so of outages; a shorter one is learnt once that has faded below it."""
    check = Check("home", "http", restart_seconds=80.0, restart_at=T0, outage_seconds=60.0, outage_at=T0)
    now = T0 + months * MONTH
    assert baseline.restart_seconds(check, now) == pytest.approx(80.0 * left)
    assert baseline.outage_seconds(check, now) == pytest.approx(60.0 * left)
    assert baseline.restarted(check, 50.0, now) == ({"restart_seconds": 50.0, "restart_at": now} if left < 0.6 else {})
    if left == 1.0:
        fresh = {"restart_seconds": pytest.approx(80.0), "restart_at": now}
        assert baseline.restarted(check, 75.0, now) == fresh, "one of about its length keeps it"
        assert baseline.restarted(replace(check, restart_seconds=44.0), 40.0, now)["restart_seconds"] == 44.0


@pytest.mark.parametrize(("months", "left"), [(-1.0, 1.0), (0.0, 1.0), (1.0, 0.5), (2.0, 0.25), (12.0, 0.5**12)])
def test_the_lesson_fades_over_months(months: float, left: float) -> None:
    """A half is left each month; one from our future is one of now."""
    learnt = Check("home", "http", healed_seconds=44.0, healed_at=T0, slow_healed_seconds=600.0, slow_healed_at=T0)
    assert baseline.blip_seconds(learnt, T0 + months * MONTH) == 44.0 * left
    assert latency.healed_seconds(learnt, T0 + months * MONTH) == 600.0 * left


def test_a_shorter_blip_counts_once_the_longer_one_has_faded() -> None:
    """Not before."""
    check, _ = told("." + "x" * 21 + "." * 60)
    for later, seconds in ((0.5 * MONTH, 40.0), (1.5 * MONTH, 20.0)):
        after, _ = told("x" * 11 + ".", check=check, start=T0 + later)
        assert after.healed_seconds == seconds


def test_what_is_shipped_bears_a_minute_and_a_quarter_at_most() -> None:
    """Of the longest blip that may be."""
    shipped = Conditions(T0, HOME, Detection())
    assert probes.run_limit_seconds(Check("home", "http"), shipped) == 60.0
    assert probes.run_limit_seconds(Check("home", "http", healed_seconds=1e6, healed_at=T0), shipped) == 75.0
    assert probes.run_limit_seconds(Check("home", "http"), shipped._replace(in_watch=True)) == 56.0


def test_a_check_that_does_not_fail_has_nothing_confirmed() -> None:
    """Whatever its state holds."""
    assert not probes.confirmed(Check("home", "http", run_probes=3), given(HOME, T0))
    assert not probes.confirmed(Check("home", "http", run_started_at=T0), given(HOME, T0))


# --- the usual share of failures ---

WEEK, HALF_AN_HOUR = baseline.STRAYS_SECONDS, baseline.SETTLES_SECONDS


@pytest.mark.parametrize(
    ("text", "strays"),
    [
        (".x.", [1]),
        (".xx.", [2]),
        (".xxxxxx.", [2]),
        (".x.x.", [1, 1]),
        ("....", []),
        ("." + "x" * 24 + ".", []),
        ("x." * 6, [1, 1, 1]),
    ],
    ids=["one", "two", "a run counts as the sum does", "apart", "none", "an outage", "a partial outage, confirmed"],
)
def test_failures_that_came_to_nothing_are_remembered(text: str, strays: list[int]) -> None:
    """When each run began, and how many of its failures the sum had counted."""
    check, _ = told(text, in_watch=True)
    assert [failed for _, failed in check.strays] == strays


def test_what_is_remembered_of_them_is_bounded() -> None:
    """Sixty-four, and those of less than a week ago: the next but last is a week old as the new one ends."""
    check, _ = told(("x" + "." * 30) * 80)
    assert len(check.strays) == baseline.STRAYS_MAX
    new = check.strays[-2][0] + WEEK - 2.0
    after, _ = told("x.", check=check, start=new)
    assert [at for at, _ in after.strays] == [check.strays[-1][0], new]


def strays(failed: int, *, ago: float = 3600.0) -> tuple[tuple[float, int], ...]:
    """Return so many single failures, an hour ago."""
    return tuple((T0 - ago, 1) for _ in range(failed))


@pytest.mark.parametrize(
    ("failed", "watched", "p0", "p1"),
    [
        pytest.param((), WEEK, 0.002, 0.2, id="none"),
        pytest.param(strays(2), HALF_AN_HOUR + 2500.0, 2.5 / 500, 0.2, id="few"),
        pytest.param(strays(10), HALF_AN_HOUR + 2500.0, 10.5 / 500, 0.21, id="more"),
        pytest.param(strays(20), HALF_AN_HOUR + 2500.0, 20.5 / 500, 0.41, id="many"),
        pytest.param(strays(60), HALF_AN_HOUR + 2500.0, 0.05, 0.5, id="never more than one in twenty"),
        pytest.param(strays(10), HALF_AN_HOUR, 0.002, 0.2, id="before it was watched for long enough"),
        pytest.param(strays(10), 60.0, 0.002, 0.2, id="just begun"),
        pytest.param(strays(10), WEEK, 0.002, 0.2, id="few for a week"),
        pytest.param(strays(10, ago=HALF_AN_HOUR), HALF_AN_HOUR + 2500.0, 10.5 / 500, 0.21, id="old enough"),
        pytest.param(strays(10, ago=HALF_AN_HOUR), HALF_AN_HOUR, 10.5 / 250, 0.42, id="watched since they began"),
        pytest.param(strays(10, ago=HALF_AN_HOUR - 1.0), HALF_AN_HOUR + 2500.0, 0.002, 0.2, id="a fresh deploy's"),
        pytest.param(strays(10, ago=-HALF_AN_HOUR), HALF_AN_HOUR + 2500.0, 0.002, 0.2, id="ahead of us"),
    ],
)
def test_the_share_of_probes_that_usually_fails_is_learnt(
    failed: tuple[tuple[float, int], ...], watched: float, p0: float, p1: float
) -> None:
    """A posterior mean, never under what is assumed; what must be found is ten times that."""
    check = Check("home", "http", watched_from=T0 - watched, strays=failed)
    signal = replace(HOME, every_seconds=10.0)
    assert baseline.rates(check, T0, signal, LIMITS) == (pytest.approx(p0), pytest.approx(p1))


def test_where_not_all_failures_are_remembered_the_share_is_that_since_the_first() -> None:
    """The time before it had failures that are forgotten."""
    full = tuple((T0 - 50_000.0 + at, 1) for at in range(baseline.STRAYS_MAX))
    check = Check("home", "http", watched_from=T0 - WEEK, strays=full)
    probed = (50_000.0 - HALF_AN_HOUR) / 10.0
    expected = (0.5 + baseline.STRAYS_MAX) / (250.0 + probed)
    assert baseline.rates(check, T0, replace(HOME, every_seconds=10.0), LIMITS)[0] == pytest.approx(expected)


def test_a_check_that_often_fails_takes_more_to_be_an_outage_and_says_so() -> None:
    """One in fifty is usual: the same failures sum up to less."""
    often = Check("home", "http", watched_from=T0 - HALF_AN_HOUR - 2500.0, strays=strays(10))
    often = replace(often, last=Good(), last_at=T0 - 2.0, recent=((T0 - 2.0, False),))
    (usually, at), (new, _) = told("x.x.x.x.x.x.x.x.x.x", check=often), told("x.x.x.x.x.x.x.x.x.x")
    assert 0 < usually.cusum < new.cusum
    result = detect.find(usually, given(HOME, at, Detection(cusum_limit=10.0)))
    assert result.text.endswith("limit 10, 2.1% is usual): HTTP 503"), result
    unusual = detect.find(new, given(HOME, at, Detection(cusum_limit=10.0)))
    assert unusual is not None and "usual" not in unusual.text


# --- slow times ---


def slow(seconds: float) -> str:
    """Return readings of a time over the limit that lasts so long: the last slow answer keeps it up for 14 s more."""
    return "." + "s" * int((seconds - 14.0) / 2 + 1) + "." * 20


@pytest.mark.parametrize(("lasted", "seconds"), [(20.0, 20.0), (100.0, 100.0), (900.0, 900.0), (902.0, 0.0)])
def test_slow_times_that_pass_teach_patience(lasted: float, seconds: float) -> None:
    """Also those a human was told of; not one of more than a quarter of an hour: that is none that comes and goes."""
    check, _ = told(slow(lasted), API)
    assert check.slow_healed_seconds == seconds and (check.slow_healed_at > 0) is (seconds > 0)


def test_slowness_is_told_only_when_it_lasts_longer_than_its_slow_times_do() -> None:
    """A fifth longer; the finding says which limit it was that held."""
    known = Check("api", "latency", usual=UsualLatency(average=2000.0, steps=10))
    check, now = told(slow(100.0), API, check=known)
    for answers, words in (
        (60, ""),
        (61, "p95 1200 ms > 800 ms (objective) for 2 min (limit 120 s, as its slow times last up to 100 s)"),
    ):
        again, at = told("s" * answers, API, check=check, start=now + 2.0)
        result = detect.find(again, given(API, at))
        assert (result.text if result else "").startswith(words) and (result is not None) is bool(words)


@pytest.mark.parametrize("missing", ["?", "_"])
def test_what_was_not_seen_of_a_slow_time_teaches_nothing(missing: str) -> None:
    """Slow for ten seconds, nothing read for ten minutes, then well: ten seconds are what is known."""
    check, _ = told("." + "s" * 6 + missing * 300 + "..", API)
    assert check.over_since is None and check.slow_healed_seconds == 10.0
    check, now = told("." + "s" * 20, API)
    check, _ = told("s" * 10 + "." * 20, API, check=detect.interrupt(check, now), start=now + 2.0)
    assert check.over_since is None and check.slow_healed_seconds == 0.0, (
        "its begin was seen by another person or program"
    )
    check, now = told(slow(100.0), API)
    after, _ = told(slow(60.0), API, check=check, start=now + 2.0)
    kept = (check.slow_healed_seconds, check.slow_healed_at)
    assert (after.slow_healed_seconds, after.slow_healed_at) == kept, "the longest one counts"


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (4, True)])
def test_a_slow_time_in_an_hour_with_a_history_renews_the_lesson_from_before_it(days: int, renewed: bool) -> None:
    """What is usual does not explain it: the slow times of the first days still come."""
    first = {"slow_healed_seconds": 600.0, "slow_healed_at": T0, "watched_from": T0}
    usual = UsualLatency(average=2000.0, steps=10, hour=int(T0 // 3600.0), days=days, around=(2e3, 2e3, 2e3))
    after, _ = told(slow(100.0), API, check=Check("api", "latency", usual=usual, **first))
    assert (after.slow_healed_at > T0) is renewed and 599.0 < after.slow_healed_seconds <= 600.0


def test_forgetting_keeps_the_lessons() -> None:
    """They are what is usual, and no evidence."""
    learnt = Check("api", "latency", healed_seconds=44.0, healed_at=1.0, slow_healed_seconds=600.0, slow_healed_at=2.0)
    assert detect.forget(learnt, T0) == replace(learnt, counts_from=T0)
