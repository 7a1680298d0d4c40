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
T0 = 10_000.0


def lived(spans: Iterable[tuple[float, bool]], every: float = 2.0) -> tuple[Check, float, Finding | None]:
    """Probe through so many seconds of up (True) and down, in turn; return the check, the time, and what was found."""
    check, at, ends, found = Check("home", "http"), T0, T0, None
    for seconds, up in spans:
        ends += seconds
        while at < ends and found is None:
            check = detect.observe(check, Observed(at, "web", "home", Good() if up else DOWN), HOME, LIMITS)
            found = detect.find(check, given(HOME, at))
            at += every
    return check, at - every, found


def on_off(down: float, up: float, times: int = 8) -> list[tuple[float, bool]]:
    """Return a healthy half hour, then so many outages, and so long well after each."""
    return [(1800.0, True), *itertools.chain.from_iterable(((down, False), (up, True)) for _ in range(times))]


@pytest.mark.parametrize(
    ("down", "up", "every"),
    [
        (38.0, 60.0, 2.0),  # each shorter than the run timer's limit, 39 % down
        (10.0, 90.0, 2.0),
        (30.0, 90.0, 2.0),
        (16.0, 144.0, 2.0),
        (24.0, 216.0, 2.0),
        (38.0, 562.0, 2.0),
    ],
)
def test_what_comes_and_goes_is_found_with_its_fourth_spell(down: float, up: float, every: float) -> None:
    """Whatever its period; it began with the first one, and its share is one of time."""
    _, now, found = lived(on_off(down, up), every)
    assert found is not None and found.method == "intermittent" and found.fails
    assert found.onset_at == pytest.approx(T0 + 1800.0, abs=every)
    assert now - found.onset_at <= max(600.0, 4 * (down + up))
    assert found.share == pytest.approx(down / (down + up), rel=0.35)
    assert found.pause_seconds == pytest.approx(up, abs=2 * every)


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
    """A deploy that was felt for a minute is one of the four, and not all of them."""
    spells = intermittent.added(_ended(60.0), T0 + 62.0, 0.001)
    assert spells.level_seconds == pytest.approx(20.0 - 0.03 * 62.0) and spells.down_seconds == 62.0


def test_what_has_leaked_away_is_forgotten() -> None:
    """By good probes alone: the check is at rest again."""
    check, now, _ = lived(on_off(20.0, 150.0, times=2))
    assert check.spells.count == 2 and not detect.at_rest(check)
    for at in range(int(now), int(now) + 3600, 10):
        check = detect.observe(check, Observed(float(at), "web", "home", Good()), HOME, LIMITS)
    assert check.spells == Spells() and detect.at_rest(check)


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
    told = Spells(T0 - 400.0, T0 - 91.0, 4, 4.0, 40.0, 80.0, 60.0)
    for spells, count in ((told, 1), (replace(told, ended_at=T0 - 60.0), 5), (replace(told, whole=3.5), 5)):
        assert intermittent.added(replace(_ended(10.0), spells=spells), T0 + 12.0, 0.001).count == count


def test_where_many_probes_fail_by_themselves_more_leaks_away() -> None:
    """Twice the usual share: what a check always does is nothing that comes and goes."""
    strict, patient = [intermittent.added(_ended(10.0), T0 + 12.0, share) for share in (0.001, 0.05)]
    assert strict.level_seconds == pytest.approx(12.0 * 0.97)
    assert patient.level_seconds == pytest.approx(12.0 * 0.9)


@pytest.mark.parametrize(
    ("spells", "after", "returns"),
    [
        (Spells(0.0, 100.0, 1, 1.0, 18.0, 20.0, 0.0), 10.0, False),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 60.0), 89.0, True),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 60.0), 91.0, False),
        (Spells(0.0, 100.0, 2, 2.0, 30.0, 40.0, 400.0), 151.0, False),
        (Spells(0.0, 100.0, 3, 3.0, 50.0, 40.0, 400.0), 599.0, True),
        (Spells(0.0, 100.0, 3, 3.0, 50.0, 40.0, 900.0), 841.0, False),
        (Spells(0.0, 100.0, 3, 3.0, 12.25, 40.0, 400.0), 200.0, True),
        (Spells(0.0, 100.0, 3, 3.0, 12.25, 40.0, 400.0), 201.0, False),
    ],
)
def test_another_one_is_expected_for_one_and_a_half_pauses(spells: Spells, after: float, returns: bool) -> None:
    """After two spells for 150 s at most; after more for 14 min; no longer once three quarters have leaked away."""
    assert intermittent.may_return(Check("home", "http", spells=spells), 100.0 + after) is returns
