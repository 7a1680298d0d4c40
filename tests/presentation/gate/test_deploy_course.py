"""The course of a deploy: each stage that CI may meet, from records built by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.presentation.gate import cases as c
from watchdog.domain.deploys import Deploy
from watchdog.domain.incident_parts import RollbackAttempt
from watchdog.domain.incidents import Incident
from watchdog.presentation.gate.deploy_course import ENDS, Course, Followed, Stage, course
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
    *deploys: Deploy, incidents: Sequence[Incident] = (), later: float = 0.0, runs: bool = True, **changes: Any
) -> Course:
    """Return where the deploy is: `later` so many seconds after ten minutes of its watch period."""
    known = {"checks": SERVES, "deploys": deploys, "watch_until": AT + WATCH, "deploys_at": c.NOW + later, **changes}
    state = c.with_service("web", **known).state
    return course(Followed("web", c.COMMIT, state, c.policy(), incidents, c.NOW + later, runs))


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


def test_a_commit_on_the_deny_list_is_bad() -> None:
    """Also when its incident is not among the newest any more."""
    known = c.with_service("web", checks=SERVES, deploys=(OURS,), watch_until=AT + WATCH).state
    found = course(Followed("web", "c0ffee1", replace(known, denied=(c.COMMIT,)), c.policy(), (), c.NOW, runs=True))
    assert (found.stage, found.deploy) == (Stage.BAD, "dep-9")


def test_a_planned_downtime_is_no_incident_of_the_deploy() -> None:
    planned = replace(incident(closed_at=AT + 300), planned=True)
    assert followed(OURS, incidents=[planned], later=WATCH).stage is Stage.GOOD


def test_a_line_of_progress_has_its_time() -> None:
    assert progress_line(c.NOW, "watched", "dep-9 is live\n") == "03:14:04  watched: dep-9 is live"
