"""Probes: the run timer, the CUSUM, and that missing readings are no evidence."""

from dataclasses import replace
from math import log

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import probes
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown

HOME = SignalPolicy("home", "http", critical=True)
DOWN = Bad("HTTP 503", FailureKind.STATUS)
T0 = 10_000.0


def seen(text: str, every: float = 2.0, check: Check | None = None, start: float = T0) -> tuple[Check, float]:
    """Fold in readings written as text: `x` bad, `.` good, `?` unknown, `_` none; return the check and the time."""
    check, at = check or Check("home", "http"), start
    for letter in text.replace(" ", ""):
        if letter != "_":
            reading = {"x": DOWN, ".": Good(), "?": Unknown("void")}[letter]
            check = detect.observe(check, Observed(at, "web", "home", reading), HOME, LIMITS)
        at += every
    return check, at - every


def finding(check: Check, now: float, **more: float) -> Finding | None:
    """Return what is confirmed at that moment."""
    return detect.find(check, given(HOME, now, **more))


@pytest.mark.parametrize(
    ("text", "every", "conditions", "lasted"),
    [
        ("x" * 23, 2.0, {}, None),
        ("x" * 24, 2.0, {}, "46 s (limit 45 s)"),
        ("x" * 20, 2.0, {"in_watch": True}, None),
        ("x" * 21, 2.0, {"in_watch": True}, "40 s (limit 40 s)"),
        ("x" * 10, 2.0, {"blip_share": 4e-4}, None),
        ("x" * 11, 2.0, {"blip_share": 4e-4}, "20 s (limit 20 s)"),
        ("x" * 21, 2.0, {"blip_share": 0.02}, "40 s (limit 40 s)"),
        ("x" * 18, 2.0, {"blip_share": 0.002}, None),
        ("x" * 19, 2.0, {"blip_share": 0.002}, "36 s (limit 36 s)"),
        ("xxxx", 15.0, {}, None),
        ("xxxxx", 15.0, {}, "60 s (limit 45 s)"),
    ],
)
def test_an_unbroken_run_is_confirmed_at_its_limit(
    text: str, every: float, conditions: dict, lasted: str | None
) -> None:
    """45 s; 40 s in a watch window; 20 s to 40 s where other signals agree, by how rarely blips have them.

    And with five probes, however long that takes.
    """
    result = finding(*seen(text, every), **conditions)
    if lasted is None:
        assert result is None
        return
    words = f"{len(text)} of {len(text)} probes failed for {lasted}: HTTP 503"
    assert result == Finding("home", "http", "run", T0, 1.0, words, "status", symptom="HTTP 503")


@pytest.mark.parametrize("missing", ["?" * 20, "_" * 20])
def test_time_without_readings_is_no_failure_time(missing: str) -> None:
    """Five failures, then nothing is known for 40 s: not an outage of 48 s."""
    check, _ = seen("xxxxx" + missing)
    now = T0 + 48.0
    assert finding(check, now) is None
    check, now = seen("x", check=check, start=now)
    assert check.run_probes == 1 and check.run_started_at == now, "a run with a hole in it begins anew"
    assert finding(check, now) is None
    check, now = seen("xx.xx", check=seen("xx.xx." + missing)[0], start=T0 + 52.0)
    assert finding(check, now) is None and check.troubled_since == T0, "nor does a sum outlast it, but the onset"


@pytest.mark.parametrize(("unseen", "lasted"), [(10.0, "48 s"), (13.0, "45 s"), (13.5, None)])
def test_what_was_not_seen_of_a_run_does_not_count(unseen: float, lasted: str | None) -> None:
    """30 failures are 58 s; a killed daemon saw the first, and was away for so much of them."""
    check, now = seen("x")
    check, now = seen("x" * 29, check=replace(check, unseen_seconds=unseen), start=now + 2.0)
    result = finding(check, now)
    assert result is None if lasted is None else result.text.startswith(f"30 of 30 probes failed for {lasted}")


def test_a_stale_run_or_sum_confirms_nothing() -> None:
    """What was seen more than 15 s ago is not acted on; a high sum alone, long after the last failure, is nothing."""
    check, now = seen("x" * 30)
    assert finding(check, now + 15.0) is not None and finding(check, now + 15.1) is None
    assert detect.failing(check, given(HOME, now + 15.0)) and not detect.failing(check, given(HOME, now + 15.1))
    check, now = seen("x." * 10)
    assert finding(check, now + 1.0) is not None and finding(check, now + 14.0) is None


def test_the_cusum_finds_a_partial_outage_and_says_its_sum() -> None:
    """Half of the probes fail: no run ever, but the sum rises; one success ends a run, and not the sum."""
    check, now = seen("..." + "x." * 8)
    result = finding(check, now - 2.0, in_watch=True)
    assert (result.method, result.onset_at, result.share) == ("cusum", T0 + 6.0, 0.5)
    assert result.text == "8 of 16 probes failed in 28 s (CUSUM 22.3, limit 14): HTTP 503"
    check, now = seen("x" * 20 + "." + "x" * 20)
    assert check.run_probes == 20 and check.run_started_at == T0 + 42.0 and finding(check, now).method == "cusum"


def test_evidence_must_span_twenty_seconds() -> None:
    """Many failures within seconds are one blip."""
    check, now = seen("x." * 6, every=1.0)
    assert check.cusum > LIMITS.cusum_limit and finding(check, now - 1.0) is None
    check, now = seen("x.x.x.x.x.x", every=2.0)
    assert now == T0 + 20.0 and finding(check, now) is not None
    check, now = seen("x.x.x.x.x.x", every=1.99)
    assert finding(check, now) is None


@pytest.mark.parametrize(
    ("text", "every", "method"),
    [
        ("xxxxxxx.xxxxxxx", 1.5, None),
        ("xxxxxxxxxx.xxxxxxxxxxxxxx", 1.0, None),
        ("xxxxxxxxxxxxxx.xxxxxxxxxx" + "x" * 15, 1.0, None),
        ("xxxxxxxxxxxxxx.xxxxxxxxxx" + "x" * 16, 1.0, "cusum"),
        ("xx.xxxx.xx.xxxxxxxxxxxx", 1.0, "cusum"),
        ("xxxxxxxxxxxx.xxxxxxxxxxxx", 2.0, "cusum"),
    ],
)
def test_one_lucky_probe_makes_no_outage_of_a_blip(text: str, every: float, method: str | None) -> None:
    """Where nine of ten fail the sum convicts when the timer would (40 s); where fewer do, at once."""
    result = finding(*seen(text, every), in_watch=True)
    assert (result.method if result else None) == method


def test_the_sum_confirms_and_disturbs_at_its_limit() -> None:
    """Just reached is reached; a quarter of it is no calm, and one failure is suspicious whatever the limit is."""
    check, now = seen("x.x.x.x.x.x")
    for factor, confirmed in ((1.0, True), (1.001, False)):
        limits = Detection(cusum_limit=check.cusum * factor)
        assert (detect.find(check, given(HOME, now, limits)) is not None) is confirmed
    check, now = seen("x..")
    for factor, calm in ((4.0, False), (4.001, True)):
        conditions = given(HOME, now, Detection(cusum_limit=check.cusum * factor))
        assert detect.calm(check, conditions) is calm and detect.suspicious(check, conditions) is not calm
    check, now = seen("..x")
    assert detect.suspicious(check, given(HOME, now, Detection(cusum_limit=1000.0)))


def test_the_onset_is_when_the_sum_left_zero_however_small_it_is_by_now() -> None:
    """It nearly came back: then the next failure belongs to the same stretch."""
    check, _ = seen("x" + "." * 20 + "x")
    assert check.cusum_zero_at == T0
    check, now = seen("x" + "." * 21 + "x")
    assert check.cusum_zero_at == now
    assert seen("x" + "." * 21)[0].cusum_zero_at is None


@pytest.mark.parametrize(
    ("text", "onset"),
    [
        pytest.param("xx........" + "x" * 22, 10, id="a blip, and the outage"),
        pytest.param("xxxx.............." + "x" * 22, 18, id="a longer one"),
        pytest.param("xxxxxxxxxx........" + "x" * 12, 0, id="too long for a blip"),
        pytest.param("xx.....xx......" + "x" * 12, 0, id="two of them: it comes and goes"),
        pytest.param("x........" + "x" * 22, 9, id="one failed probe"),
        pytest.param("xx.x..xx.xxx.x.xx.x.xx", 0, id="in part, all the time"),
        pytest.param("xx...xx..xxx..xx..xx..xx..xx", 0, id="for half, all the time"),
        pytest.param("x....x...x....x....x....x..x...x...x", 0, id="for a fifth, all the time"),
        pytest.param("xx......xx.x..xx.xxx.x.xx.x.xx.x.xx", 0, id="not clear: the earliest"),
    ],
)
def test_a_blip_that_healed_is_not_the_begin_of_the_outage(text: str, onset: int) -> None:
    """It would date it to before a deploy that did it; where it may as well be the begin, it is."""
    result = finding(*seen(text), in_watch=True)
    assert result is not None and result.onset_at == T0 + 2.0 * onset


@pytest.mark.parametrize(
    ("text", "confirmed"),
    [
        pytest.param("x..x." * 4, False, id="less than 20 s of its own"),
        pytest.param("x.x.................x", False, id="less than the limit of its own"),
        pytest.param("x..x." * 4 + "x", True, id="an outage after it"),
        pytest.param("x..x." * 120 + "x", True, id="for so long that the blip is forgotten"),
    ],
)
def test_the_sum_of_a_blip_minutes_ago_neither_dates_nor_hastens_the_outage(text: str, confirmed: bool) -> None:
    """In calm the probes are slow, so that sum has not run down yet."""
    check, at = seen("xxxxxx" + "." * 3)
    check, at = seen("." * 17, 10.0, check, at + 10.0)
    assert check.cusum > 0 and at - T0 > probes.RECENT_SECONDS
    check, now = seen(text, 1.0, check, at + 1.0)
    assert check.cusum >= LIMITS.cusum_limit_in_watch
    result = finding(check, now, in_watch=True)
    assert (result is not None) is confirmed
    if result is not None:
        assert result.onset_at == at + 1.0 and result.share == pytest.approx(0.4, abs=0.05)


UP, DOWNWARD = log(LIMITS.cusum_p1 / LIMITS.cusum_p0), log((1 - LIMITS.cusum_p1) / (1 - LIMITS.cusum_p0))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("....", 0.0),
        ("x", UP),
        ("x.", UP + DOWNWARD),
        ("xxxxxxxx", 2 * UP),
        ("xxx.x", 3 * UP + DOWNWARD),
        ("x" + "." * 20, UP + 20 * DOWNWARD),
        ("x" + "." * 21, 0.0),
        ("x?x??", 2 * UP),
        ("x." * 40, 1.25 * LIMITS.cusum_limit + DOWNWARD),
    ],
)
def test_the_sum_after_these_probes(text: str, value: float) -> None:
    """log(p1/p0) up, log((1-p1)/(1-p0)) down, floor at zero, two failures a run, cap at a quarter over the limit."""
    assert seen(text)[0].cusum == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("missing", "unbroken"), [(30.0, True), (30.1, False)])
def test_a_run_bears_a_hole_of_half_a_minute(missing: float, unbroken: bool) -> None:
    """Interval, timeout and freshness together: one probe was due, and was not just slow."""
    check, now = seen("x" * 10)
    check, now = seen("x", check=check, start=now + missing)
    assert (check.run_probes, check.run_started_at) == ((11, T0) if unbroken else (1, now))


@pytest.mark.parametrize(
    ("began", "run", "spell"),
    [(-1.0, (5, T0, T0), 0.0), (3.0, (3, T0 + 4, T0 + 4), 2.5), (8.0, (0, None, None), 8.0)],
)
def test_a_slow_answer_ends_no_failures_that_began_after_it(began: float, run: tuple, spell: float) -> None:
    """Dated as all readings are, by when they began: it stands before them, also where the kept outcomes are read."""
    check = seen(".", check=seen("xxxxx")[0], start=T0 + began)[0]
    assert (check.run_probes, check.run_started_at, check.failing_since) == run
    assert check.spells.down_seconds == spell, "those before it were a short outage"
    assert (T0 + began, False) in check.recent and list(check.recent) == sorted(check.recent, key=lambda one: one[0])
    assert check.cusum == pytest.approx(2 * UP + DOWNWARD)
    gone = replace(check, cusum=-DOWNWARD / 2)
    assert seen(".", check=gone, start=T0 + began)[0].cusum_zero_at is None, "a sum of zero began nowhere"


@pytest.mark.parametrize(
    ("before", "after", "began", "run", "spells", "steps"),
    [
        pytest.param(".....", "", 1.0, (0, None, None), (1, 1.0), 1, id="one of several instances hangs"),
        pytest.param(".....", "x" * 16, 1.0, (16, T0 + 10, T0 + 10), (1, 1.0), 1, id="and then all fail"),
        pytest.param("..xx.", "", 3.0, (0, None, None), (1, 4.0), 0, id="in a short outage that has ended"),
        pytest.param("..xx.", "", 7.0, (0, None, None), (1, 4.5), 0, id="at its end: it lasted longer"),
        pytest.param("....xx", "", 1.0, (2, T0 + 8, T0 + 8), (1, 1.0), 0, id="before good ones: not of that run"),
        pytest.param(
            "...xx", "", 5.0, (3, T0 + 5, T0 + 5), (0, 0.0), 0, id="before refusals only: the run is from then on"
        ),
    ],
)
def test_a_timeout_known_late_is_of_no_run_that_began_after_good_probes(
    before: str, after: str, began: float, run: tuple, spells: tuple, steps: int
) -> None:
    """Good ones that began later have ended it; it counts for the sum and as a short outage: one instance may hang."""
    known = seen(before)[0]
    check = seen("x", check=known, start=T0 + began)[0]
    failed = [at for at, bad in check.recent if bad]
    assert check.cusum - known.cusum == pytest.approx(steps * UP), "two failures of a blip count"
    assert check.last_bad_at == max(failed) and check.good_run == sum(at > max(failed) for at, _ in check.recent)
    assert list(check.recent) == sorted(check.recent) and check.cusum_zero_at == min(failed)
    check, now = seen(after, check=check, start=T0 + 10) if after else (check, T0 + 10)
    assert (check.run_probes, check.run_started_at, check.failing_since) == run
    assert (check.spells.count, check.spells.down_seconds) == spells
    assert finding(check, now, blip_share=0.002) is None, "30 s of failures are not yet the 36 s"


@pytest.mark.parametrize(("in_watch", "needed"), [(False, 2), (True, 5)])
def test_after_one_failure_calm_takes_longer_in_a_watch_window(in_watch: bool, needed: int) -> None:
    """A quarter of the lower limit is reached later."""
    for successes in range(1, 8):
        check, now = seen("x" + "." * successes)
        conditions = given(HOME, now, in_watch=in_watch)
        assert detect.calm(check, conditions) is (successes >= needed)


@pytest.mark.parametrize(
    ("text", "suspicious", "calm"),
    [
        (".", False, False),
        ("..", False, True),
        ("..x", True, False),
        ("..x.", False, False),
        ("..x..", False, True),
        ("..xx..", True, False),
    ],
)
def test_a_single_failure_is_suspicious_and_calm_needs_two_successes_and_a_low_sum(
    text: str, suspicious: bool, calm: bool
) -> None:
    """Look closer at once; calm again only when both statistics say so."""
    check, now = seen(text)
    conditions = given(HOME, now)
    assert (detect.suspicious(check, conditions), detect.calm(check, conditions)) == (suspicious, calm)
    assert detect.failing(check, conditions) is ("x" in text)


def test_what_is_remembered_is_bounded() -> None:
    """Three minutes, and never more than 256 outcomes."""
    check, _ = seen("." * 400, every=0.5)
    assert len(check.recent) == probes.RECENT_MAX
    check, now = seen("." * 200, every=2.0)
    assert check.recent[0][0] > now - probes.RECENT_SECONDS


@pytest.mark.parametrize(
    ("before", "after", "onset", "words"),
    [
        ("xxxxx", "x" * 24, 0.0, "24 of 24"),
        ("xxx.x", "x" * 24, 8.0, "24 of 24"),
        ("xxxx.", "x" * 24, 10.0, "24 of 24"),
        ("....x", "x" * 24, 8.0, "24 of 24"),
        pytest.param("x" * 150, "x" * 24, 0.0, "24 of 24", id="longer than single outcomes are remembered"),
        pytest.param("x." * 100, "..x.x.x.x.x.x", 0.0, "6 of 11", id="a partial one, whatever is read first"),
    ],
)
def test_an_outage_does_not_begin_anew_with_a_restart(before: str, after: str, onset: float, words: str) -> None:
    """The run and the sum are counted anew; the onset reaches back as far as nothing good was seen."""
    check, now = seen(before)
    result = finding(*seen(after, check=detect.interrupt(check, now), start=now + 2.0))
    assert result.onset_at == T0 + onset and result.text.startswith(words)
