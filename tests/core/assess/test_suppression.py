"""Quiet: which silence and which action hold is in force, as tables."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import NOW, a_blame, a_service, a_state, an_incident, found
from tests.core.world import make_policy
from watchdog.core.assess import suppression
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.deploys import Downtime
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Suppression, Weekly
from watchdog.domain.severity import Severity

ALL_DAYS = Weekly((0, 1, 2, 3, 4, 5, 6), 0, 24 * 60, "UTC")
ONE = Suppression("silence-1", "web", "ann", "moving", NOW - 60.0, NOW + 60.0)
OPEN = an_incident(severity=Severity.HIGH)
ROLLED_BACK = an_incident(tried=True)
DECIDED = an_incident(
    decision=Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", None, 1.0, "autonomous", blame=a_blame())
)


@pytest.mark.parametrize(
    ("fields", "incident", "mutes"),
    [
        ({}, OPEN, True),
        ({"service": None}, OPEN, True),
        ({"service": "shop"}, OPEN, False),
        ({"begins_at": NOW}, OPEN, True),
        ({"begins_at": NOW + 0.1}, OPEN, False),
        ({"ends_at": NOW}, OPEN, False),
        ({"ends_at": NOW + 0.1}, OPEN, True),
        ({"weekly": ALL_DAYS, "ends_at": None}, OPEN, True),
        ({"weekly": replace(ALL_DAYS, days=()), "ends_at": None}, OPEN, False),
        ({"severity": Severity.HIGH}, OPEN, True),
        ({"severity": Severity.MEDIUM}, OPEN, False),
        ({"signal": "home"}, OPEN, True),
        ({"signal": "api"}, OPEN, False),
        ({"signal": "home"}, replace(OPEN, findings=(found(), found("api", "latency"))), False),
        ({}, an_incident(), True),
        ({}, ROLLED_BACK, False),
        ({}, DECIDED, False),
        ({"severity": Severity.CRITICAL}, ROLLED_BACK, True),
        ({"severity": Severity.CRITICAL}, DECIDED, True),
        ({}, replace(ROLLED_BACK, severity=Severity.HIGH), True),
    ],
)
def test_what_a_silence_mutes(fields: dict[str, Any], incident: Incident, mutes: bool) -> None:
    """In its time, of its service, signal and severity; what is rolled back where it is critical only if it says so."""
    one, failing = replace(ONE, **fields), {finding.signal for finding in incident.findings}
    for state, policy in ((a_state(silences=(one,)), make_policy()), (a_state(), make_policy(silences=(one,)))):
        assert suppression.active_silence(state, policy, incident, NoticeKind.ACTED, failing, NOW) == (
            one if mutes else None
        )
    assert suppression.active_silence(a_state(), make_policy(), incident, NoticeKind.ACTED, failing, NOW) is None


def test_what_mutes_news_for_people_outside_engineering() -> None:
    """Any silence that names it, also where it is rolled back; none that names something else. The news that
    a deploy went well has neither signal nor severity: every silence of its service mutes it.
    """
    one = replace(ONE, signal="home")
    for incident in (OPEN, ROLLED_BACK, DECIDED):
        assert suppression.muting_silence(a_state(silences=(one,)), make_policy(), incident, {"home"}, NOW) == one
        assert suppression.muting_silence(a_state(), make_policy(silences=(one,)), incident, {"home"}, NOW) == one
    for fields, of_service in (
        ({"service": "shop"}, False),
        ({"severity": Severity.MEDIUM}, True),
        ({"service": None, "signal": "api"}, True),
    ):
        other = replace(ONE, **fields)
        state = a_state(silences=(other,))
        assert suppression.muting_silence(state, make_policy(), OPEN, {"home"}, NOW) is None
        muting = suppression.service_muting_silence(state, make_policy(), "web", NOW)
        assert muting == (other if of_service else None)


def test_the_all_clear_passes_to_who_was_told() -> None:
    """A pager that rang is closed; who heard nothing hears nothing."""
    state = a_state(silences=(ONE,))
    for paged in (True, False):
        incident = replace(OPEN, paged=paged)
        muted = suppression.active_silence(state, make_policy(), incident, NoticeKind.RESOLVED, {"home"}, NOW)
        assert muted == (None if paged else ONE)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [({}, True), ({"service": None}, True), ({"service": "shop"}, False), ({"ends_at": NOW}, False)],
)
def test_where_an_action_hold_holds(fields: dict[str, Any], holds: bool) -> None:
    """Typed in, or of the configuration, whatever the other has of another service."""
    one, other = replace(ONE, name="hold-1", **fields), replace(ONE, name="hold-2", service="shop")
    for typed_in, configured in ((one, other), (other, one)):
        state, policy = a_state(holds=(typed_in,)), make_policy(action_holds=(configured,))
        assert suppression.active_hold(state, policy, "web", NOW) == (one if holds else None)
    assert suppression.active_hold(a_state(silences=(one,)), make_policy(silences=(one,)), "web", NOW) is None


def test_the_platform_s_own_word_is_a_silence() -> None:
    """Of that service, with no end of its own; what we roll back where it is critical is told all the same."""
    down = Downtime("in maintenance mode", NOW - 60.0, NOW - 75.0)
    state = a_state(a_service(downtime=down))
    silence = suppression.active_silence(state, make_policy(), OPEN, NoticeKind.HUMAN_NEEDED, {"home", "api"}, NOW)
    assert suppression.muting_silence(state, make_policy(), OPEN, {"home"}, NOW) == silence
    assert suppression.service_muting_silence(state, make_policy(), "web", NOW) == silence
    assert (silence.begins_at, silence.ends_at) == (down.since, None)
    assert suppression.describe(silence) == (
        "downtime of web by the platform (in maintenance mode, seen since 2026-09-21 14:14 UTC)"
    )
    assert suppression.active_silence(state, make_policy(), ROLLED_BACK, NoticeKind.HUMAN_NEEDED, {"home"}, NOW) is None
    elsewhere = replace(OPEN, service="shop")
    assert suppression.active_silence(state, make_policy(), elsewhere, NoticeKind.HUMAN_NEEDED, {"home"}, NOW) is None
    assert suppression.by_platform(None, NOW) == suppression.by_platform(a_service(), NOW) == ()


def test_one_is_described_with_all_it_is_of() -> None:
    """Of what, by whom, why."""
    assert suppression.describe(ONE) == "silence-1 of web by ann (moving)"
    all_of_it = replace(ONE, service=None, signal="api", severity=Severity.HIGH)
    assert suppression.describe(all_of_it) == "silence-1 of all services, signal api, severity high by ann (moving)"
