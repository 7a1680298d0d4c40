"""Outages that come and go: counted by the time they take, whatever their period."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import intermittent
from watchdog.domain.checks import Check, Spells
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good

HOME = SignalPolicy("home", "http", critical=True)
DOWN = Bad("HTTP 503", FailureKind.STATUS)
T0, EVERY = 10_000.0, 2.0


def lived(spans: Iterable[tuple[float, bool]]) -> tuple[Check, float, Finding | None]:
    """Probe through so many seconds of up (True) and down, in turn; return the check, the time, and what was found."""
    check, at, ends, found = Check("home", "http"), T0, T0, None
    for seconds, up in spans:
        ends += seconds
        while at < ends and found is None:
            check = detect.observe(check, Observed(at, "web", "home", Good() if up else DOWN), HOME, LIMITS)
            found = detect.find(check, given(HOME, at))
            at += EVERY
    return check, at - EVERY, found


def on_off(down: float, up: float, times: int = 8) -> list[tuple[float, bool]]:
    """Return a healthy half hour, then so many outages, and so long well after each."""
    return [(1800.0, True), *itertools.chain.from_iterable(((down, False), (up, True)) for _ in range(times))]


@pytest.mark.parametrize(
    ("down", "up"),
    # The first is down 39 % of the time, in spells that are each shorter than the run timer's limit.
    [(38.0, 60.0), (10.0, 90.0), (30.0, 90.0), (16.0, 144.0), (24.0, 216.0), (38.0, 562.0)],
)
def test_what_comes_and_goes_is_found_with_its_fourth_spell(down: float, up: float) -> None:
    """Whatever its period; it began with the first one, and its share is one of time."""
    _, now, found = lived(on_off(down, up))
    assert found is not None and found.method == "intermittent" and found.fails
    assert found.onset_at == pytest.approx(T0 + 1800.0, abs=EVERY)
    assert now - found.onset_at <= max(600.0, 4 * (down + up))
    assert found.share == pytest.approx(down / (down + up), rel=0.35)
    assert found.pause_seconds == pytest.approx(up, abs=2 * EVERY)


def test_it_says_how_often_how_long_and_how_much() -> None:
    """The arithmetic, in words."""
    _, _, found = lived(on_off(30.0, 90.0))
    assert found is not None
    assert found.text == "intermittent failures: down 4 times in 6 min, 25 s each on average, 27% of it: HTTP 503"


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        (on_off(40.0, 600.0, times=3), "three are not enough, however long"),
        (
            [*on_off(20.0, 150.0, times=2), (4.0, False), (120.0, True), (20.0, False), (60.0, True)],
            "a stray one is no fourth",
        ),
        (on_off(4.0, 600.0), "four seconds of ten minutes are a blip"),
        (on_off(10.0, 3600.0), "what was an hour ago has leaked away"),
    ],
)
def test_blips_are_none(spans: list[tuple[float, bool]], why: str) -> None:
    """What a healthy service has."""
    assert lived(spans)[2] is None, why


def test_a_long_blip_counts_for_no_more_than_twenty_seconds() -> None:
    """A deploy that was felt for a minute is one of the four, and not all of them. It lasts from one good probe to the
    next by half; where none is known, from and to its failures.
    """
    spells = intermittent.added(_ended(60.0), T0 + 62.0, 0.001)
    assert spells == Spells(T0 - 1.0, T0 + 61.0, 1, 1.0, 20.0 - 0.03 * 62.0, 62.0)
    alone = intermittent.added(replace(_ended(60.0), recent=()), None, 0.001)
    assert alone == Spells(T0, T0 + 60.0, 1, 1.0, 20.0 - 0.03 * 60.0, 60.0)


@pytest.mark.parametrize(("level", "whole", "enough"), [(8.75, 3.0, True), (8.74, 3.0, False), (8.75, 2.9, False)])
def test_four_whole_spells_and_twenty_five_seconds_are_enough(level: float, whole: float, enough: bool) -> None:
    """Of a bucket that leaks: this one lost 3.75 s, and the fourth spell fills in 20."""
    check = replace(_ended(25.0), recent=(), spells=Spells(T0 - 400.0, T0 - 100.0, 3, whole, level, 60.0, 60.0))
    assert (intermittent.confirmed(check, 0.001) is not None) is enough


def test_what_has_leaked_away_is_forgotten() -> None:
    """By good probes alone: the check is at rest again."""
    check, now, _ = lived(on_off(20.0, 150.0, times=2))
    assert check.spells.count == 2 and not detect.at_rest(check)
    for at in range(int(now), int(now) + 3600, 10):
        check = detect.observe(check, Observed(float(at), "web", "home", Good()), HOME, LIMITS)
    assert check.spells == Spells() and detect.at_rest(check)
    two = Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 60.0)
    assert [intermittent.settled(two, 100.0 + after) for after in (999.0, 1000.0)] == [two, Spells()]
    for count, level, suspicious in ((1, 18.0, False), (2, 6.25, True), (2, 6.24, False)):
        assert intermittent.is_suspicious(replace(two, count=count, level_seconds=level)) is suspicious


def test_an_hour_of_it_is_over_when_it_stayed_away() -> None:
    """The bucket has a brim: one failed probe an hour later is one failed probe."""
    check, at = Check("home", "http"), T0
    for _ in range(33):
        for seconds, reading in ((50.0, DOWN), (60.0, Good())):
            for _ in range(int(seconds / 2)):
                check = detect.observe(check, Observed(at, "web", "home", reading), HOME, LIMITS)
                at += 2.0
    assert check.spells.count == 33 and check.spells.level_seconds <= 50.0
    for _ in range(50):
        check = detect.observe(check, Observed(at, "web", "home", Good()), HOME, LIMITS)
        at += 2.0
    assert check.spells == Spells(), "a pause and a half without another one"
    check = detect.observe(check, Observed(at, "web", "home", DOWN), HOME, LIMITS)
    assert detect.find(check, given(HOME, at)) is None


def _ended(lasted: float) -> Check:
    recent = ((T0 - 2.0, False), (T0, True), (T0 + lasted, True))
    return Check("home", "http", last_bad_at=T0 + lasted, run_started_at=T0, run_probes=9, recent=recent)


def test_the_longest_pause_counts_and_what_was_over_begins_anew() -> None:
    """However short the pauses after it; and though no probe was good in between, as none was made."""
    check, now, _ = lived([*on_off(20.0, 90.0, 1), (20.0, False), (30.0, True), (20.0, False), (9.0, True)])
    assert check.spells.count == 3 and check.spells.pause_seconds == pytest.approx(90.0, abs=4.0)
    assert not intermittent.is_in_a_pause(check, now), "three are no outage of that kind yet"
    four = Spells(T0 - 400.0, T0 - 60.0, 4, 4.0, 40.0, 80.0, 60.0)
    level = 40.0 - 0.03 * 59.0 + (12.0 - 0.03 * 12.0)
    fifth = intermittent.added(replace(_ended(10.0), spells=four), T0 + 12.0, 0.001)
    assert fifth == Spells(T0 - 400.0, T0 + 11.0, 5, 5.0, level, 92.0, 60.0)
    paused = replace(four, ended_at=T0 - 91.0)
    for spells, count, pause in (
        (paused, 1, 0.0),
        (replace(paused, whole=3.5, ended_at=T0 - 101.0, level_seconds=3.0), 1, 0.0),
        (replace(paused, whole=3.5, ended_at=T0 - 101.0, level_seconds=3.5), 5, 100.0),
    ):
        more = intermittent.added(replace(_ended(10.0), spells=spells), T0 + 12.0, 0.001)
        assert (more.count, more.pause_seconds) == (count, pause)


def test_where_many_probes_fail_by_themselves_more_leaks_away() -> None:
    """Twice the usual share: what a check always does is nothing that comes and goes."""
    assert intermittent.added(_ended(10.0), T0 + 12.0, 0.05).level_seconds == pytest.approx(12.0 * 0.9)


@pytest.mark.parametrize(
    ("spells", "after", "returns"),
    [
        (Spells(0.0, 100.0, 1, 1.0, 18.0, 20.0, 0.0), 10.0, False),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 60.0), 89.0, True),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 60.0), 90.0, False),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 400.0), 150.0, False),
        (Spells(0.0, 100.0, 3, 3.0, 50.0, 40.0, 400.0), 599.0, True),
        (Spells(0.0, 100.0, 3, 3.0, 50.0, 40.0, 900.0), 840.0, False),
        (Spells(0.0, 100.0, 3, 3.0, 12.25, 40.0, 400.0), 200.0, True),
        (Spells(0.0, 100.0, 3, 3.0, 12.25, 40.0, 400.0), 201.0, False),
    ],
)
def test_another_one_is_expected_for_one_and_a_half_pauses(spells: Spells, after: float, returns: bool) -> None:
    """After two spells for 150 s at most; after more for 14 min; no longer once three quarters have leaked away."""
    assert intermittent.may_return(Check("home", "http", spells=spells), 100.0 + after) is returns
    confirmed = Check("home", "http", spells=replace(spells, whole=4.0))
    assert intermittent.is_in_a_pause(confirmed, 100.0 + after) is returns
