"""Titles: which service, what it does, since when, in sixty characters."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import NOW, a_decision, an_incident, found
from tests.presentation.notices import AFTER, BY_HAND, CLOCK, DAY, ENDED, QUESTION, SEEN, STATE, an_outage, read
from watchdog.domain.decisions import Evidence, Finding
from watchdog.domain.incidents import Outcome
from watchdog.domain.notices import Topic
from watchdog.domain.severity import Severity
from watchdog.presentation.notices import headlines
from watchdog.presentation.outlooks.current_state import CurrentState


@pytest.mark.parametrize(
    ("finding", "severity", "told"),
    [
        (found(), Severity.CRITICAL, "web is down"),
        (found(), Severity.HIGH, "web home is down"),
        (found(method="cusum", share=0.95), Severity.CRITICAL, "web is down"),
        (found(method="cusum", share=0.9), Severity.CRITICAL, "web is down"),
        (found(method="cusum", share=0.89), Severity.CRITICAL, "web fails 89% of probes"),
        (found(method="cusum", share=0.3), Severity.CRITICAL, "web fails 30% of probes"),
        (found("api", share=0.3), Severity.HIGH, "web api fails 30% of probes"),
        (found(method="intermittent", share=0.3), Severity.CRITICAL, "web comes and goes"),
        (found("api", "latency"), Severity.HIGH, "web api is slow"),
        (found("api", "latency"), Severity.CRITICAL, "web api is slow"),
        (found("errors", "feed"), Severity.HIGH, "web errors"),
        (found("errors", "count"), Severity.MEDIUM, "web errors"),
        (found("events", "crashes"), Severity.HIGH, "web crashes"),
        (found(method="turned away"), Severity.HIGH, "web home lets no probe in"),
    ],
)
def test_a_headline_says_what_a_service_does(finding: Finding, severity: Severity, told: str) -> None:
    """The whole of it where a critical route fails; else the signal that shows it."""
    incident = an_incident(severity=severity, findings=(replace(finding, symptom="HTTP 503"),))
    assert headlines.happens(incident) == told
    assert headlines.state_title(incident, NOW) == f"{told}: HTTP 503 since 14:14 UTC"


def test_a_live_rollback_is_not_called_down() -> None:
    """What was live before failed; the reader needs what is live now."""
    live = an_outage(**{**ENDED, "closed_at": None, "outcome": Outcome.OPEN})
    assert headlines.state_title(live, NOW) == "web: rolled back to aaaaaaa at 14:15 UTC"
    fails = CurrentState(readings=(Evidence("home", "bad", "HTTP 503"),))
    assert headlines.state_title(live, NOW, state=fails) == "web still fails: HTTP 503 since 14:14 UTC"
    assert headlines.state_title(an_outage(), NOW, state=fails) == STATE, "only beside a live rollback"
    two = an_incident(findings=(found(symptom="HTTP 503"), found("api", "latency", symptom="p95 3 s > 1 s")))
    assert headlines.state_title(two, NOW) == STATE, "the worst of what fails"
    assert read(two, Topic.FOUND).details == (SEEN, "Seen: api: api fails")


def test_what_a_person_asked_for_without_a_failure_has_its_own_headline() -> None:
    """Nothing is said to fail."""
    incident = an_outage(findings=(), title="rollback by hand, asked for by ann", decision=a_decision(blame=None))
    assert headlines.happens(incident) == "web"
    assert headlines.state_title(incident, NOW) == "web: rollback by hand, asked for by ann"
    notice = read(incident, Topic.ROLLING_BACK)
    assert notice.title == "web: rolling back to aaaaaaa"
    assert notice.lines[0] == "Critical, since 14:14 UTC: rollback by hand, asked for by ann."
    assert "Blame: no deploy was blamed" in notice.details


@pytest.mark.parametrize(
    ("service", "symptom", "title"),
    [
        ("web", "", "web is down since 14:14 UTC"),
        ("web", "x" * 31, f"web is down: {'x' * 31} since 14:14 UTC"),
        ("web", "x" * 32, f"web is down: {'x' * 30}… since 14:14 UTC"),
        ("w" * 26, "HTTP 503", f"{'w' * 26} is down: HTTP 503 since 14:14 UTC"),
        ("w" * 27, "HTTP 503", f"{'w' * 27} is down since 14:14 UTC"),
    ],
)
def test_a_symptom_has_the_room_that_is_left(service: str, symptom: str, title: str) -> None:
    """Cut where it is long, left out where only a stump would stay; since when is always read."""
    incident = replace(an_outage(findings=(found(symptom=symptom),)), service=service)
    assert headlines.state_title(incident, NOW) == title and len(title) <= headlines.TITLE_MAX


def test_since_when_it_fails_is_told_with_its_day_where_that_is_not_today() -> None:
    """Of something that goes on for half a day: the symptom has less room."""
    late = NOW - 60.0 + DAY / 2
    incident = an_outage(findings=(found(symptom="x" * 40),))
    assert headlines.state_title(incident, late - 1.0) == f"web is down: {'x' * 30}… since 14:14 UTC"
    assert headlines.state_title(incident, late) == f"web is down: {'x' * 23}… since 21 Sep 14:14 UTC"
    told = read(an_outage(), Topic.FOUND, decided=late - NOW)
    assert told.title == "web is down: HTTP 503 since 21 Sep 14:14 UTC"
    assert told.lines[0] == f"Critical for 12 h 0 min, since 21 Sep 14:14 UTC{AFTER}"


NOT_SENT = "web: no rollback was made"
UNSENT = {"requested_at": None, "deploy": None, "restored_at": None}
OTHERWISE = (Outcome.WITH_A_HUMAN, Outcome.BY_ITSELF, Outcome.RECOVERED, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("outcome", "fields", "title"),
    [
        (Outcome.VERIFIED, {}, "web is back after 62 s: rolled back to aaaaaaa"),
        (Outcome.VERIFIED, {"restored_at": NOW + 120.0}, "web is back after 3 min: rolled back to aaaaaaa"),
        (Outcome.VERIFIED, {"target_code": None}, "web is back after 62 s: rolled back to dep-40"),
        (Outcome.VERIFIED, {"healed_at": NOW - 30.0}, "web is healthy: its rollback may have been needless"),
        (Outcome.VERIFIED, {"undoes": "web-0"}, "web is healthy: rollback undone, aaaaaaa is live"),
        (Outcome.VERIFIED, {"undoes": "web-0", **BY_HAND}, "web is healthy: rollback undone, aaaaaaa is live"),
        (Outcome.VERIFIED, BY_HAND, "web is healthy, rolled back to aaaaaaa"),
        (Outcome.CONTINUED, {}, "web: continued by hand, as another incident"),
        (Outcome.CONTINUED, BY_HAND, "web: continued by hand, as another incident"),
        (Outcome.UNSEEN, {}, "web: not known whether it has recovered"),
        (Outcome.WITH_A_HUMAN, {}, "web has recovered (open for 4 min)"),
        (Outcome.BY_ITSELF, {}, "web has recovered by itself (open for 4 min)"),
        (Outcome.RECOVERED, {}, "web has recovered (open for 4 min)"),
        (Outcome.UNKNOWN, {}, "web has recovered (open for 4 min)"),
        *[(outcome, {**BY_HAND, **UNSENT}, NOT_SENT) for outcome in OTHERWISE],
    ],
)
def test_an_end_says_how_it_ended_and_after_how_long(outcome: Outcome, fields: dict[str, Any], title: str) -> None:
    """From the first failure until the rollback was live, or else to the end; what never failed was not long down."""
    incident = an_outage(**{**ENDED, **fields, "outcome": outcome})
    assert headlines.end_title(incident) == title
    assert read(incident, Topic.CLOSED, why="it is well").title == title


def test_foreign_words_in_a_title_are_cleaned_and_cut() -> None:
    """What a site answers may hold anything."""
    assert headlines.titled("web is\ndown\u202e:\x1b HTTP", an_outage()) == "web is down: HTTP"
    assert headlines.titled("x" * 61, an_outage()) == "x" * 59 + "…"
    assert headlines.titled("x" * 60, an_outage()) == "x" * 60
    incident = an_outage(findings=(found(symptom="HTTP\n503\u202e"),))
    assert headlines.state_title(incident, NOW) == STATE


@pytest.mark.parametrize(
    ("at", "now", "told"),
    [
        (0.0, 0.0, "14:15 UTC"),
        (59.0, 0.0, "14:15 UTC"),
        (60.0, 0.0, "14:16 UTC"),
        (0.0, DAY / 2 - 1.0, "14:15 UTC"),
        (0.0, DAY / 2, "21 Sep 14:15 UTC"),
        (DAY / 2 - 60.0, 0.0, "02:14 UTC"),
        (DAY / 2, 0.0, "22 Sep 02:15 UTC"),
        (9 * DAY, 0.0, "30 Sep 14:15 UTC"),
        (-20 * DAY, 0.0, "01 Sep 14:15 UTC"),
    ],
)
def test_a_time_of_day_is_read_in_utc_and_with_its_day_half_a_day_before_or_after(
    at: float, now: float, told: str
) -> None:
    """To the minute; the night of tomorrow needs no day as long as no other night may be meant."""
    assert headlines.time_of_day(NOW + at, NOW + now) == told


@pytest.mark.parametrize(("signal", "method"), [("checkout", "run"), ("checkout-api", "latency")])
def test_a_short_name_keeps_the_end_of_a_long_title(signal: str, method: str) -> None:
    """How the service fails gives way, where its name is too short to: the time to answer stays."""
    partly = an_outage(findings=(found(signal, method, share=0.3),), severity=Severity.HIGH, **CLOCK)
    assert read(partly, Topic.ASKED, **QUESTION).title == "web: approve rollback to aaaaaaa by 14:45 UTC?"
