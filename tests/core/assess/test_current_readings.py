"""The newest readings: a history that convicts outweighs a good one; a late notice carries them."""

from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, NOW, a_decision, a_service, a_turn, an_incident, failing
from tests.core.world import make_policy
from tests.support.effect_readers import tell_of
from watchdog.core.assess.current_readings import current_readings
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Evidence
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.readings import Bad, Good, Reading, Unknown


@pytest.mark.parametrize(
    ("last", "seen"),
    [
        (Good("200"), ("bad", "31 of 31 probes failed for 60 s")),
        (Bad("HTTP 503"), ("bad", "HTTP 503")),
        (Unknown("no answer"), ("unknown", "no answer")),
        (None, None),
    ],
)
def test_a_confirmed_failure_is_no_good_reading(last: Reading | None, seen: tuple[str, str] | None) -> None:
    """A reading that says nothing stays unknown; a signal that was not read is left out, as is one of old."""
    checks = {"home": replace(failing(), last=last), "gone": Check("gone", "http", NOW, Good("200"))}
    found = current_readings(a_service(checks=checks), make_policy(), NOW + 3.0)
    assert [(one.signal, one.verdict) for one in found] == ([("home", seen[0])] if seen else [])
    assert all(one.text.startswith(seen[1]) and one.detail == "read 3 s ago" for one in found if seen)


def test_they_are_shown_in_the_order_of_the_configuration() -> None:
    """Whatever was read first; one that was not read yet hides none behind it."""
    checks = {"api": Check("api", "latency", NOW, Good("0.2 s")), "home": Check("home", "http", NOW, Good())}
    found = current_readings(a_service(checks=checks), make_policy(), NOW)
    ago = "read 0 s ago"
    assert found == (Evidence("home", "good", "ok", ago), Evidence("api", "good", "0.2 s", ago))
    assert current_readings(a_service(checks={"api": checks["api"]}), make_policy(), NOW) == found[1:]


@pytest.mark.parametrize(("age", "carried"), [(29.0, False), (30.0, True)])
def test_a_notice_long_after_the_decision_carries_them(age: float, carried: bool) -> None:
    """Its evidence is that of the decision, and may be over."""
    incident = an_incident(decision=a_decision(at=NOW - age))
    service = a_service(incident=incident, facts=FACTS, checks={"home": Check("home", "http", NOW, Good("200"))})
    ctx = a_turn(service)
    ctx.notify(NoticeKind.OPENED, Topic.ESCALATED, wakes=True, by="lead")
    about = tell_of(ctx.effects).notice.about
    assert about is not None and [one.verdict for one in about.readings] == (["good"] if carried else [])
