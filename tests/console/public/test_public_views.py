"""What a public page says of services, days and incidents."""

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.public.scene import DAY, ago
from tests.console.scene import NOW, service_policy, service_state
from tests.core.incident_fields import amended
from watchdog.console.public import public_views
from watchdog.console.public.public_announcements import PublicAnnouncement, PublicUpdate
from watchdog.console.public.public_views import (
    PublicDay,
    PublicIncident,
    PublicService,
    PublicView,
    day_of,
    ongoing,
    title_of,
    worst,
)
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Downtime
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.severity import Severity
from watchdog.presentation.availability import Hour, ended_at, outages, that_count

WEB = service_policy("web")
OUTAGE = ago(x.incident(decision=x.decision(share=1.0)), 300, None)


def checks(**readings: Any) -> dict[str, Check]:
    """Return checks that were read a moment ago, or as given: a reading, or one with its age."""
    found = {}
    for name, given in readings.items():
        reading, age = given if isinstance(given, tuple) else (given, 3.0)
        found[name] = Check(name, "http", NOW - age, reading)
    return found


def now_of(
    service: ServiceState | None, blind: bool = False, **service_policy: Any
) -> tuple[str, PublicIncident | None]:
    """Return what the page says of a service: its state, and the incident that goes on."""
    known = outages([service.incident] if service is not None and service.incident is not None else [])
    outage = next((one for one in known if ended_at(one) is None), None)
    return ongoing("Web shop", replace(WEB, **service_policy), service, outage, blind, NOW)


@pytest.mark.parametrize(
    ("services", "maintenance", "spoken"),
    [(("Web shop",), False, 1), ((), False, 1), (("api",), False, 0), (("Web shop",), True, 0)],
)
def test_what_people_announce_and_checks_find_is_one_problem(
    services: tuple[str, ...], maintenance: bool, spoken: int
) -> None:
    """Each incident stands once: with the first announcement of a problem of its service, else by itself."""
    state, found = now_of(service_state("web", incident=OUTAGE, phase=Phase.PAGED))
    assert found is not None
    said = PublicAnnouncement("1", "Cards fail", "Identified", maintenance, False, services, NOW, None, ())
    view = PublicView(NOW, "shop", "Shop", state, (), (found,), (), (said, said), True)
    assert view.measured == (((found,) * spoken), ()) and view.unannounced == (found,) * (1 - spoken)


@pytest.mark.parametrize(
    ("said", "service", "blind"),
    [
        ("operational", service_state("web"), False),
        ("unknown", service_state("web"), True),
        ("unknown", None, False),
        ("unknown", ServiceState("web"), False),
        ("unknown", service_state("web", checks=checks(home=(Good("200"), 121.0))), False),
        ("operational", service_state("web", checks=checks(home=(Good("200"), 119.0))), False),
        ("unknown", service_state("web", checks=checks(home=Unknown("?"), errors=Good("2/min"))), False),
        ("operational", service_state("web", checks=checks(home=Bad("HTTP 503")), phase=Phase.SUSPECT), False),
        ("outage", service_state("web", incident=OUTAGE, phase=Phase.PAGED), False),
        ("unknown", service_state("web", incident=OUTAGE, checks=checks(home=Unknown("?"))), False),
        ("degraded", service_state("web", incident=replace(OUTAGE, severity=Severity.HIGH)), False),
        ("operational", service_state("web", incident=replace(OUTAGE, severity=Severity.MEDIUM)), False),
        ("operational", service_state("web", incident=replace(OUTAGE, severity=Severity.LOW)), False),
        ("operational", service_state("web", incident=x.incident()), False),
        ("degraded", service_state("web", incident=amended(OUTAGE, restored_at=NOW - 5), phase=Phase.VERIFYING), False),
        ("outage", service_state("web", incident=replace(OUTAGE, muted=True)), False),
        ("outage", service_state("web", incident=OUTAGE, downtime=Downtime("suspended", NOW - 900)), False),
    ],
)
def test_how_a_service_is(said: str, service: ServiceState | None, blind: bool) -> None:
    """Confirmed failures alone; what cannot be seen, or was seen long ago, is unknown; a silence hides nothing."""
    state, found = now_of(service, blind)
    assert state == said and (found is None or found.state == said)
    assert found is not None or state in ("operational", "unknown"), "what fails has its incident, and its since"
    assert now_of(service, blind, signals=())[0] == "unknown", "nobody looks at it"


@pytest.mark.parametrize(
    ("methods", "severity", "share", "title"),
    [
        (("run",), Severity.CRITICAL, 1.0, "Unavailable"),
        (("run", "latency"), Severity.CRITICAL, 0.9, "Unavailable"),
        (("cusum",), Severity.CRITICAL, 0.89, "Partly unavailable"),
        (("run",), Severity.HIGH, 1.0, "Partly unavailable"),
        (("latency",), Severity.HIGH, 0.0, "Slow"),
        (("latency", "feed"), Severity.HIGH, 0.0, "Slow"),
        (("feed",), Severity.HIGH, 0.0, "More errors than usual"),
        (("crashes",), Severity.HIGH, 0.0, "More errors than usual"),
        ((), Severity.HIGH, 0.0, "Partly unavailable"),
    ],
)
def test_what_visitors_noticed(methods: tuple[str, ...], severity: Severity, share: float, title: str) -> None:
    """Out of a short list, whatever was found."""
    findings = tuple(Finding("home", "http", method, NOW, share, "HTTP 503") for method in methods)
    for decision in (x.decision(share=share), None):
        incident = x.incident(findings=findings, severity=severity, decision=decision)
        assert title_of(incident) == title


def test_an_incident_ends_when_visitors_had_it_back() -> None:
    """Not when it was proved; while that is being proved, it goes on."""
    proved = x.incident(restored_at=x.BEGIN + 57, closed_at=x.BEGIN + 87)
    assert ended_at(proved) == x.BEGIN + 57 and ended_at(replace(proved, closed_at=None)) is None
    assert ended_at(amended(proved, restored_at=None)) == x.BEGIN + 87


ONGOING = {"restored_at": None, "verified_at": None, "closed_at": None, "outcome": ""}
UNBLAMED = x.decision(share=0.0, blame=None)
BY_HAND = x.incident(id="web-5", findings=(), decision=UNBLAMED, onset_at=NOW - 60, opened_at=NOW - 60, **ONGOING)


def test_what_a_human_began_without_a_finding_is_no_outage() -> None:
    """A rollback, or an undo, of a service that is well; while a check that counts fails meanwhile, that is told.

    What was meant to be down was down: its owner suspended it, and a visitor found nothing there.
    """
    planned = replace(OUTAGE, planned=True, closed_at=NOW)
    assert outages([planned]) == [planned]
    failing = {"home": replace(checks(home=Bad("HTTP 503"))["home"], failing_since=NOW - 90)}
    assert outages([BY_HAND, replace(OUTAGE, severity=Severity.MEDIUM)]) == []
    well = service_state("web", incident=BY_HAND, phase=Phase.VERIFYING)
    assert now_of(well) == ("operational", None)
    state, found = now_of(replace(well, checks=failing))
    assert found == PublicIncident("Web shop", "Partly unavailable", NOW - 90, None, "degraded") and state == "degraded"


def test_a_service_that_works_again_is_said_to_before_that_is_proved() -> None:
    """As stakeholders are notified then; if it fails once more, it is the outage that it was."""
    restored = service_state("web", incident=amended(OUTAGE, restored_at=NOW - 5), phase=Phase.VERIFYING)
    _, found = now_of(restored)
    assert found is not None and (found.state, found.restored_at, found.ends_at) == ("degraded", NOW - 5, None)
    _, again = now_of(replace(restored, checks=checks(home=Bad("HTTP 503"))))
    assert again is not None and (again.state, again.restored_at) == ("outage", None)
    # The feed has that moment, too: what cannot be seen does not "work again".
    _, unseen = now_of(restored, blind=True)
    assert unseen is not None and (unseen.state, unseen.restored_at) == ("unknown", None)


def test_an_outage_that_a_human_took_over_is_one_that_goes_on() -> None:
    """Through two of theirs: from its onset to the last one's end, by what was found."""
    taken = replace(OUTAGE, id="web-4", closed_at=NOW - 60, outcome=Outcome.CONTINUED)
    again = replace(BY_HAND, id="web-6", opened_at=NOW - 20, onset_at=NOW - 20)
    once = replace(BY_HAND, closed_at=NOW - 20, outcome=Outcome.CONTINUED)
    (one,) = outages([again, taken, once])
    assert (one.id, one.onset_at, one.findings) == ("web-6", OUTAGE.onset_at, OUTAGE.findings)
    assert title_of(one) == "Unavailable" and ended_at(one) is None
    worse = replace(BY_HAND, findings=(Finding("home", "feed", "run", NOW, 0.5, "x"),))
    assert outages([taken, worse]) == [replace(worse, onset_at=OUTAGE.onset_at)], "found anew"
    over = replace(OUTAGE, closed_at=NOW - 60, outcome="recovered")
    assert outages([over, BY_HAND]) == [over], "it was over before"
    other = replace(BY_HAND, service="api", id="api-1")
    assert outages([taken, other]) == [taken]


def day(shares: list[float | None], *incidents: Incident, now: float = NOW) -> PublicDay:
    """Return the day before the story's, with these hours."""
    begin = (NOW // DAY - 1) * DAY
    return day_of(begin, failed(*shares), incidents, now)


def failed(*shares: float | None) -> list[Hour | None]:
    """Return the hours of a day that failed for these shares."""
    return [None if share is None else Hour(share) for share in shares] + [None] * (24 - len(shares))


@pytest.mark.parametrize(
    ("shares", "state", "available"),
    [
        ([0.0] * 24, "good", 1.0),
        ([], "none", None),
        ([0.02] + [0.0] * 23, "good", 1 - 0.02 / 24),
        ([0.1] + [0.0] * 23, "some", 1 - 0.1 / 24),
        ([0.6] + [0.0] * 23, "bad", 1 - 0.6 / 24),
    ],
)
def test_a_day_loses_what_its_checks_say(shares: list[float | None], state: str, available: float | None) -> None:
    """Hours that nobody saw count for neither."""
    found = day(shares)
    assert found.state == state and found.available == (available and pytest.approx(available))
    assert day([0.0]).watched_seconds == 3600.0


def test_an_hour_with_an_incident_loses_no_more_than_the_incident_took() -> None:
    """While it lasts the checks come five times as often: ten minutes are half of the hour's."""
    begin = (NOW // DAY - 1) * DAY
    short = amended(OUTAGE, onset_at=begin + 600, closed_at=begin + 1200, restored_at=begin + 1200)
    found = day([300 / 600] + [0.0] * 23, short)
    assert found.lost_seconds == 600.0 and found.state == "some"
    partly = day([0.2] * 24, amended(short, onset_at=begin, closed_at=begin + DAY, restored_at=begin + DAY))
    assert partly.lost_seconds == pytest.approx(0.2 * DAY)
    slow = day([0.0] * 24, short)
    assert (slow.available, slow.state) == (1.0, "some"), "something was wrong that day"
    twice = day([0.9] + [0.0] * 23, short, short)
    assert twice.lost_seconds == 1200.0


def test_of_today_only_what_has_passed_counts() -> None:
    """And of an incident that goes on, what it took so far."""
    begin = NOW // DAY * DAY
    found = day_of(begin, failed(0.0, 0.0, 0.5), [ago(OUTAGE, 300, None)], NOW)
    assert found.watched_seconds == NOW - begin and found.lost_seconds == 300.0
    assert day_of(begin, failed(None, None, 0.5), [], begin + 2 * 3600).state == "none"


def test_which_signals_say_whether_it_is_available() -> None:
    """The critical ones; else its probes; else all it has."""
    home, api, errors = WEB.signals
    assert that_count(WEB) == ("home",)
    assert that_count(replace(WEB, signals=(replace(home, critical=False), api, errors))) == ("home", "api")
    assert that_count(replace(WEB, signals=(SignalPolicy("errors", "sentry"),))) == ("errors",)
    job = SignalPolicy("job", "http", source="heartbeat")
    assert that_count(replace(WEB, signals=(job, api))) == ("api",), "a heartbeat is no answer of the site"


def test_the_worst_of_several() -> None:
    assert worst(["operational", "unknown", "degraded"]) == "degraded"
    assert worst(["operational", "unknown"]) == "unknown" and worst([]) == "unknown"
    assert set(public_views.WORST_FIRST) == {"operational", "degraded", "outage", "unknown"}


def test_no_field_could_hold_what_strangers_or_people_wrote() -> None:
    """States and titles are ours, names the configuration's; the rest are numbers, and announcements to visitors."""
    names = [field.name for shape in (PublicAnnouncement, PublicUpdate) for field in fields(shape)]
    assert {"by", "id", "number", "page"}.isdisjoint(names), "neither its author nor its id"
    shapes = (PublicDay, PublicService, PublicIncident, PublicView)
    assert [[field.name for field in fields(shape) if "str" in str(field.type)] for shape in shapes] == [
        ["state"],
        ["name", "state"],
        ["service", "title", "state"],
        ["name", "title", "state"],
    ]
