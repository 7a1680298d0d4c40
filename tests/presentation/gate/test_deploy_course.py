"""The course of a deploy: each stage that CI may meet, from records built by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tests.presentation.gate import cases as c
from watchdog.domain.deploys import Deploy
from watchdog.domain.incident_parts import RollbackAttempt
from watchdog.domain.incidents import ActiveCritical, Incident, Phase
from watchdog.domain.readings import Bad, Unknown
from watchdog.domain.store_records import Minute
from watchdog.presentation.gate.deploy_course import ENDS, Course, Followed, Stage, course, watch_period
from watchdog.presentation.gate.gate_text import progress_line

WATCH = 1800.0
AT = c.NOW - 600.0
OURS = Deploy("dep-9", "live", "api", c.COMMIT, created_at=AT - 60, finished_at=AT, update_seen_at=AT)
BEFORE = replace(c.LIVE, status="deactivated")
BACK = Deploy("dep-10", "live", "rollback", c.OTHER, created_at=AT + 200, finished_at=AT + 260)
NEXT = replace(BACK, trigger="new_commit")
GONE = replace(OURS, status="deactivated")
SERVES = c.read(version=c.COMMIT)


def followed(
    *deploys: Deploy,
    incidents: Sequence[Incident] = (),
    later: float = 0.0,
    runs: bool = True,
    since: float = 0.0,
    minutes: Sequence[Minute] | None = None,
    fleet: Mapping[str, Any] = MappingProxyType({}),
    **changes: Any,
) -> Course:
    """Return where the deploy is: `later` so many seconds after ten minutes of its watch period."""
    now = c.NOW + later
    fresh = {name: replace(one, last_at=now - 4, seen_at=now - 4) for name, one in SERVES.items()}
    known = {"checks": fresh, "deploys": deploys, "watch_until": AT + WATCH, "deploys_at": now, **changes}
    state = replace(c.with_service("web", **known).state, **fleet)
    rows = minutes if minutes is not None else seen()
    return course(Followed("web", c.COMMIT, state, c.policy(), incidents, now, runs, since, rows))


def seen(*without: int) -> list[Minute]:
    """Return what the store has of the watch period's minutes, but for those."""
    return [
        Minute("web", "home", AT + 60 * one, 6, 0, 0, watched_seconds=60.0) for one in range(30) if one not in without
    ]


def incident(onset_at: float = AT + 100, closed_at: float | None = None, **changes: Any) -> Incident:
    whole: dict[str, Any] = {"to_blame": (), "suspect": "dep-9", "rollback": RollbackAttempt(), **changes}
    return c.incident("web", onset_at, closed_at, **whole)


ASKED = RollbackAttempt(requested_at=AT + 150)


@pytest.mark.parametrize(
    ("found", "stage", "why"),
    [
        (followed(OURS, BEFORE, runs=False), Stage.UNKNOWN, "no daemon runs on this store"),
        (followed(deploys_at=None), Stage.UNKNOWN, "the deploys of web were not read yet"),
        (followed(OURS, deploys_at=c.NOW - 301), Stage.UNKNOWN, "last read 5 min ago"),
        (followed(c.LIVE), Stage.EXPECTED, "no deploy of c0ffee1 is listed yet"),
        (followed(NEXT, replace(GONE, finished_at=AT - 9000, created_at=AT - 9000)), Stage.EXPECTED, "no deploy of"),
        (followed(replace(OURS, status="build_in_progress"), c.LIVE), Stage.UNDER_WAY, "dep-9: build in progress"),
        (followed(replace(OURS, status="warming"), c.LIVE), Stage.UNDER_WAY, "dep-9: warming"),
        (followed(replace(OURS, status="build_failed"), c.LIVE), Stage.BAD, "dep-9 did not go live: build failed"),
        (followed(replace(OURS, status="canceled"), c.LIVE), Stage.BAD, "dep-9 did not go live: canceled"),
        (followed(OURS, checks=c.read(version=c.OTHER)), Stage.UNDER_WAY, "no answer names its version yet"),
        (followed(OURS, checks=c.read(version="")), Stage.WATCHED, "watched for another 20 min"),
        (followed(OURS, BEFORE), Stage.WATCHED, "dep-9 is live, watched for another 20 min"),
        (followed(OURS, later=WATCH), Stage.GOOD, "its watch period ended without an incident"),
        (followed(OURS, later=WATCH, watch_until=c.NOW + 9000), Stage.WATCHED, "watched for another"),
        (followed(OURS, incidents=[incident()]), Stage.WATCHED, "web-3 is open, and not blamed on dep-9"),
        (followed(OURS, incidents=[incident(to_blame=("dep-9",))]), Stage.BAD, "web-3 is blamed on it"),
        (followed(OURS, incidents=[incident(rollback=ASKED)]), Stage.BAD, "web-3 rolled it back"),
        (followed(OURS, incidents=[incident()], later=WATCH), Stage.WATCHED, "web-3 is open"),
        (followed(OURS, incidents=[incident(closed_at=AT + 300)], later=WATCH), Stage.UNCLEAR, "began in its watch"),
        (followed(OURS, incidents=[incident(AT - 300, AT + 300)], later=WATCH), Stage.GOOD, "without an incident"),
        (followed(OURS, incidents=[incident(AT + WATCH + 9, AT + 2000)], later=WATCH + 99), Stage.GOOD, "without an"),
        (followed(BACK, GONE), Stage.BAD, "dep-9 was rolled back: dep-10 is live"),
        (followed(NEXT, GONE), Stage.UNCLEAR, "dep-10 replaced dep-9"),
        (followed(NEXT, GONE, incidents=[incident(to_blame=("dep-9",))], deploys_at=c.NOW - 999), Stage.BAD, "blamed"),
    ],
)
def test_each_stage_has_its_reason(found: Course, stage: Stage, why: str) -> None:
    """And only what is over for good ends the wait."""
    assert (found.stage, why in found.why) == (stage, True), found
    assert (found.stage in ENDS) == (stage in (Stage.GOOD, Stage.BAD, Stage.UNCLEAR))


FAILS = replace(SERVES["home"], last_at=c.NOW, seen_at=c.NOW, last=Bad("HTTP 503"))
MUTE = replace(SERVES["home"], last_at=c.NOW + WATCH, last=Unknown("no answer of DNS"))
OTHERS = {"errors": replace(SERVES["errors"], last_at=c.NOW + WATCH, seen_at=c.NOW + WATCH)}
HOUR_OF_ROWS = Minute("web", "home", AT - 600, 300, 0, 0, watched_seconds=3600.0)
PARTIAL_HOUR = replace(HOUR_OF_ROWS, watched_seconds=1200.0)
AGAIN = replace(OURS, id="dep-10", status="build_in_progress", created_at=AT + WATCH, finished_at=None)


@pytest.mark.parametrize(
    ("found", "stage", "why"),
    [
        (followed(OURS, later=WATCH, minutes=[]), Stage.UNCLEAR, "judged for less than 90 % of its watch period: home"),
        (followed(OURS, later=WATCH, minutes=seen(*range(1, 30))), Stage.UNCLEAR, "judged for less than"),
        (followed(OURS, later=WATCH, minutes=seen(7, 8, 9, 10)), Stage.UNCLEAR, "judged for less than"),
        (followed(OURS, later=WATCH, minutes=seen(7, 8, 9)), Stage.GOOD, "ended without an incident"),
        (followed(OURS, later=WATCH - 600, minutes=seen(28, 29)), Stage.GOOD, "ended without an incident"),
        (followed(OURS, later=WATCH, minutes=[HOUR_OF_ROWS]), Stage.GOOD, "ended without an incident"),
        (followed(OURS, later=WATCH, minutes=[PARTIAL_HOUR]), Stage.UNCLEAR, "judged for less than"),
        (followed(OURS, later=WATCH, watching_since=AT + 60), Stage.UNCLEAR, "not watched yet when dep-9 went live"),
        (followed(OURS, later=WATCH, checks={"home": MUTE}), Stage.UNKNOWN, "not read lately: home"),
        (followed(OURS, later=WATCH, checks={"home": MUTE, **OTHERS}), Stage.UNKNOWN, "not read lately: home"),
        (followed(OURS, later=WATCH, fleet={"blind_since": c.NOW}), Stage.UNKNOWN, "the daemon cannot see"),
        (followed(OURS, fleet={"blind_since": c.NOW}), Stage.UNKNOWN, "the daemon cannot see"),
        (followed(OURS, later=WATCH, phase=Phase.SUSPECT), Stage.WATCHED, "web fails at the moment"),
        (followed(OURS, later=WATCH, checks={"home": FAILS}), Stage.WATCHED, "web fails at the moment"),
        (
            followed(OURS, later=WATCH, fleet={"troubles": {"web": ActiveCritical("web", c.NOW)}}),
            Stage.WATCHED,
            "web is critical",
        ),
        (followed(OURS, later=WATCH, since=AT - 60), Stage.GOOD, "ended without an incident"),
        (followed(OURS, later=WATCH, since=AT + WATCH), Stage.EXPECTED, "no deploy of c0ffee1 is listed yet"),
        (followed(AGAIN, OURS, later=WATCH, since=AT + WATCH), Stage.UNDER_WAY, "dep-10: build in progress"),
    ],
)
def test_what_nobody_saw_or_what_was_there_before_is_not_good(found: Course, stage: Stage, why: str) -> None:
    """A daemon that was down or blind, a failure at the end that is no incident yet, and an older deploy of it."""
    assert (found.stage, why in found.why) == (stage, True), found


def test_without_a_critical_route_any_signal_proves_it() -> None:
    """One is enough; a service without signals is never good."""
    policy = c.policy()
    quiet = tuple(replace(one, critical=False) for one in c.SIGNALS)
    for signals, stage in ((quiet, Stage.GOOD), ((), Stage.UNKNOWN)):
        services = {**policy.services, "web": replace(policy.services["web"], signals=signals)}
        now = AT + WATCH + 150
        fresh = {"home": replace(SERVES["home"], seen_at=now, last_at=now)}
        state = c.with_service("web", checks=fresh, deploys=(OURS,), deploys_at=now).state
        case = Followed("web", c.COMMIT, state, replace(policy, services=services), (), now, runs=True, minutes=seen())
        assert course(case).stage is stage
        assert watch_period(case) == (AT, AT + WATCH) and watch_period(replace(case, now=now - 151)) is None


def test_a_commit_on_the_deny_list_is_bad() -> None:
    """Also when its incident is not among the newest any more."""
    known = c.with_service("web", checks=SERVES, deploys=(OURS,), watch_until=AT + WATCH).state
    found = course(Followed("web", "c0ffee1", replace(known, denied=(c.COMMIT,)), c.policy(), (), c.NOW, runs=True))
    assert (found.stage, found.deploy) == (Stage.BAD, "dep-9")


@pytest.mark.parametrize(
    ("deploys", "incidents", "stage", "why"),
    [
        ((OURS,), (), Stage.GOOD, "ended without an incident"),
        ((NEXT, GONE), (), Stage.UNCLEAR, "another deploy replaced dep-9"),
        ((BACK, GONE), (), Stage.UNCLEAR, "another deploy replaced dep-9"),  # a rollback from a later one, perhaps
        ((BACK, GONE), (incident(onset_at=AT + 90_000, rollback=ASKED),), Stage.BAD, "rolled it back"),
        ((BACK,), (incident(onset_at=AT + 90_000, to_blame=("dep-9",)),), Stage.BAD, "is blamed on it"),
        ((BACK,), (), Stage.UNCLEAR, "another deploy replaced dep-9"),  # not listed any more
    ],
)
def test_a_late_look_is_at_the_deploy_that_was_good(
    deploys: tuple[Deploy, ...], incidents: tuple[Incident, ...], stage: Stage, why: str
) -> None:
    """However long ago it was replaced; a rollback that is live proves nothing by itself."""
    now = c.NOW + 100_000.0
    fresh = {name: replace(one, last_at=now - 4, seen_at=now - 4) for name, one in SERVES.items()}
    state = c.with_service("web", checks=fresh, deploys=deploys, watch_until=AT + WATCH, deploys_at=now).state
    case = Followed("web", c.COMMIT, state, c.policy(), incidents, now, runs=True, minutes=seen(), deploy="dep-9")
    found = course(case)
    assert (found.stage, found.deploy) == (stage, "dep-9") and why in found.why


def test_a_planned_downtime_is_no_incident_of_the_deploy() -> None:
    planned = replace(incident(closed_at=AT + 300), planned=True)
    assert followed(OURS, incidents=[planned], later=WATCH).stage is Stage.GOOD


def test_a_line_of_progress_has_its_time() -> None:
    assert progress_line(c.NOW, "watched", "dep-9 is live\n") == "03:14:04  watched: dep-9 is live"
