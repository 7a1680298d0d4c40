"""A reading in words: a signal whose history convicts it is bad, however good its newest reading alone is."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from watchdog.console.queries.service_status import service_row, signals_of
from watchdog.console.views.card_models import UptimeView
from watchdog.console.views.view_models import DayView
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.notices import IncidentNews, Topic
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Good, MinuteCount, Reading, Unknown
from watchdog.presentation import table_rows
from watchdog.presentation.explain import seen
from watchdog.presentation.notices.notice_details import now_lines
from watchdog.presentation.status_text import readings_now, verdicts

POLICY = Policy({"web": ServicePolicy("web", None, signals=(SignalPolicy("errors", "sentry"),))}, DEFAULT_MATRIX)
NOW = x.BEGIN + 3600.0


def flooded(per_minute: float, last: Reading) -> ServiceState:
    """Return a service with an hour of about one error a minute, and so many in each of its last three minutes."""
    counts = tuple(
        MinuteCount(NOW - 60.0 * back, 60.0, per_minute if back <= 3 else 1.0 + back % 2) for back in range(60, 0, -1)
    )
    return ServiceState("web", checks={"errors": Check("errors", "sentry", NOW - 5, last, counts=counts)})


@pytest.mark.parametrize(
    ("per_minute", "last", "word"),
    [
        (26.0, Good("26/min"), "BAD"),
        (2.0, Good("2/min"), "GOOD"),
        (26.0, Unknown("Sentry did not answer"), "UNKNOWN"),
    ],
)
def test_a_rate_of_errors_far_over_its_usual_is_shown_as_bad(per_minute: float, last: Reading, word: str) -> None:
    """With the arithmetic of the finding as its reason; a signal that cannot be read now stays unknown."""
    service = flooded(per_minute, last)
    said, why = verdicts(service, POLICY, NOW)["errors"]
    assert said == word and ("of 5 minutes" in why) is (word == "BAD")
    ((*_, signals, _),) = table_rows.status(State(services={"web": service}), POLICY, NOW)
    assert signals == f"1 {word.lower()}"
    assert signals_of(POLICY, "web", service, NOW)[0].verdict == word.lower()
    # The evidence of the decision was good: beside it stands what is seen now, in `explain` and in notices.
    incident = x.undone(x.decision(evidence=(Evidence("errors", "good", "1/min"),)))
    readings = readings_now(incident, replace(service, incident=incident), POLICY, NOW)
    assert f"errors 1/min now {word.lower()}: {why}, read 5 s ago" in " ".join(
        " ".join(seen(incident, readings)).split()
    )
    (line,) = now_lines(IncidentNews(Topic.ESCALATED, incident, readings=readings))
    assert line == f"errors now {word.lower()}: {why}, read 5 s ago"
    assert readings_now(incident, replace(service, incident=None), POLICY, NOW) == (), "it is over, or another one"


@pytest.mark.parametrize(
    ("home", "state", "standing"), [(Good("200"), "ok", "ok"), (Unknown("turned away"), "cannot see", "unsure")]
)
def test_what_no_probe_sees_is_ok_on_no_face(home: Reading, state: str, standing: str) -> None:
    """Good error counts say nothing of a site that no probe reaches: terminal and console agree."""
    service = flooded(2.0, Good("2/min"))
    service = replace(service, checks={**service.checks, "home": Check("home", "http", NOW - 5, home)})
    signals = (SignalPolicy("errors", "sentry"), SignalPolicy("home", "http", critical=True))
    policy = Policy({"web": ServicePolicy("web", None, signals=signals)}, DEFAULT_MATRIX)
    assert table_rows.status(State(services={"web": service}), policy, NOW)[0][2] == state
    past = DayView(NOW, 1800.0, (), (), complete=True), UptimeView()
    assert service_row(policy, "web", service, True, past, NOW).standing == standing
