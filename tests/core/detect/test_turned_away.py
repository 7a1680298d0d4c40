"""Turned away since a deploy: asked about, as nobody can see from here whether visitors are, too."""

from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, NOW, given
from tests.core.world import World, make_policy
from tests.core.worlds import hear, web
from watchdog.core import detect
from watchdog.core.detect import turned_away
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import SignalPolicy, Stakeholders
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown, Unread

AWAY = Unknown("the site limits our probes: HTTP 429", Unread.TURNED_AWAY)
DOWN = Bad("HTTP 503", FailureKind.STATUS)


def watched(since_deploy: float) -> World:
    """Return a world whose service was deployed so long ago, and is well."""
    world = World(make_policy(), [replace(HISTORY[1], status="live")])
    world.ship(60.0, "c0ffee00c0ffee00")
    return world.run(80.0 + since_deploy)


def probe(world: World, seconds: float, *readings: Reading, every: float = 5.0) -> World:
    """Let time pass, its home page answering with these readings in turn."""
    until = world.now + seconds
    number = 0
    while world.now < until:
        world.time += every
        hear(world, e.Observed(world.now, "web", "home", readings[number % len(readings)], latency_seconds=0.1))
        for target in world.policy.control:
            hear(world, e.ControlChecked(world.now, target, Good()))
        hear(world, e.DeploysListed(world.now, "web", tuple(world.deploys), world.facts))
        number += 1
    return world


def test_case_45_turned_away_since_a_fresh_deploy_is_asked_about() -> None:
    """From the first minute after the deploy on, for as long as confirms an outage then; it is over with an answer.

    Stakeholders hear nothing of it: whether visitors are turned away is not known.
    """
    world = watched(10.0)
    world.policy = replace(world.policy, stakeholders=(Stakeholders("support", ("support",)),))
    probe(world, 60.0, AWAY)
    incident = web(world).incident
    assert incident is not None and web(world).phase is Phase.ASKING
    (finding,) = incident.findings
    assert (finding.signal, finding.kind, finding.method, finding.share) == ("home", "http", turned_away.METHOD, 1.0)
    assert finding.text == "9 probes in a row turned away for 40 s: the site limits our probes: HTTP 429"
    assert finding.symptom == "the site limits our probes: HTTP 429"
    assert incident.severity == "high" and incident.informed == () and not finding.fails
    probe(world, 600.0, AWAY)
    assert incident.closed_at is None and web(world).phase is not Phase.CALM, "nobody saw it well"
    probe(world, 120.0, Good("HTTP 200"))
    assert web(world).phase is Phase.CALM


@pytest.mark.parametrize(
    ("since_deploy", "readings", "why"),
    [
        (7200.0, (AWAY,), "no deploy is fresh: it is told as an integration that does not work"),
        (10.0, (AWAY, AWAY, Good()), "some are let in"),
        (10.0, (Unknown("void"),), "our own trouble"),
    ],
)
def test_what_is_none_of_a_deploy_s_doing_is_not(since_deploy: float, readings: tuple[Reading, ...], why: str) -> None:
    """No incident, no closer look that would only be limited more."""
    world = probe(watched(since_deploy), 300.0, *readings)
    assert web(world).incident is None, why


def test_a_limiter_that_lets_some_in_is_not_provoked() -> None:
    """Twenty requests a minute, or nobody is let in for 40 s: at the pace of a watch window it never comes to that, and
    whoever was turned away once asks less often.
    """
    world = watched(10.0)
    probe(world, 10.0, AWAY)
    assert web(world).phase is Phase.CALM and web(world).pace_seconds == world.policy.pace.idle_seconds
    probe(world, 10.0, Good())
    assert web(world).pace_seconds == world.policy.pace.watch_seconds


@pytest.mark.parametrize(
    ("probes", "lasted", "ago", "found"),
    [(5, 40.0, 0.0, True), (4, 40.0, 0.0, False), (5, 39.9, 0.0, False), (5, 40.0, 15.0, True), (5, 40.0, 15.1, False)],
)
def test_how_often_how_long_and_how_lately(probes: int, lasted: float, ago: float, found: bool) -> None:
    """Five in a row in forty seconds, the last one a quarter of a minute ago at most."""
    check = Check("home", "http", last=AWAY, last_at=NOW - ago, turned_since=NOW - ago - lasted, turned_probes=probes)
    assert (detect.find(check, given(SignalPolicy("home", "http"), NOW)) is not None) is found


@pytest.mark.parametrize(
    ("before", "begins"),
    [
        (Check("home", "http", last=Good()), True),
        (Check("home", "http", last=AWAY), False),
        (Check("home", "http", last=DOWN), False),
        (Check("errors", "sentry", last=Good()), False),
    ],
)
def test_it_begins_with_a_probe_that_was_let_in_before(before: Check, begins: bool) -> None:
    """Else it did not begin with the deploy; and a feed that is limited says nothing of the site."""
    after = turned_away.observed(before, replace(before, last=AWAY, last_at=11.0), 11.0, in_watch=True)
    assert (after.turned_since is not None) is begins


def test_a_probe_that_answers_ends_it_whatever_it_says() -> None:
    """An outage that follows is one of its own; what our own loop voids ends nothing."""
    well = Check("home", "http", last=Good(), last_at=1.0)
    began = turned_away.observed(well, replace(well, last=AWAY, last_at=11.0), 11.0, in_watch=True)
    assert (began.turned_since, began.turned_probes) == (11.0, 1) and not detect.at_rest(began)
    void = turned_away.observed(began, replace(began, last=Unknown("void"), last_at=21.0), 21.0, in_watch=True)
    assert (void.turned_since, void.turned_probes) == (11.0, 1)
    for reading in (Good(), DOWN):
        ended = turned_away.observed(void, replace(void, last=reading, last_at=31.0), 31.0, in_watch=True)
        assert (ended.turned_since, ended.turned_probes) == (None, 0)
