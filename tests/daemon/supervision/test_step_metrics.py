"""From steps of the core to samples that Prometheus reads."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.core.incident_fields import amended
from watchdog.daemon.supervision.step_metrics import ROLLBACK_OUTCOMES, StepMetrics
from watchdog.daemon.telemetry.exposition import written
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.severity import Severity
from watchdog.ports import Sample

POLICY = Policy(
    services={"web": ServicePolicy("web", "srv-web", mode=Mode.AUTONOMOUS), "api": ServicePolicy("api", "srv-api")},
    matrix={},
)
NEWS = Incident("web-1", "web", Severity.HIGH, opened_at=110.0, onset_at=100.0, title="web is slow")
TICK = e.TimePassed(200.0)


class Scene:
    """A meter, and what can be read from it."""

    def __init__(self) -> None:
        self.metrics = Metrics("0")
        self.meter = StepMetrics(self.metrics, POLICY)
        self.state = State()

    def step(self, event: Event = TICK, **web: object) -> None:
        before, known = self.state, self.state.services.get("web", ServiceState("web"))
        self.state = replace(before, services={**before.services, "web": replace(known, **web)})  # type: ignore[arg-type]
        self.meter.stepped(before, self.state, event, ())

    def read(self, name: str, **labels: str) -> float | None:
        for family in text_string_to_metric_families(written(self.metrics.collect()).decode()):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return sample.value
        return None


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (e.RollbackAccepted(1.0, "web", "web-1", "dep-9"), "accepted"),
        (e.RollbackRefused(1.0, "web", "web-1", "no"), "refused"),
        (e.RollbackStoodDown(1.0, "web", "web-1", "no"), "stood_down"),
        (e.RollbackPostponed(1.0, "web", "web-1", "no"), "postponed"),
        (e.RollbackLost(1.0, "web", "web-1", "no"), "lost"),
    ],
)
def test_outcomes_of_rollbacks_are_counted(event: Event, outcome: str) -> None:
    s = Scene()
    s.step(event)
    assert s.read("watchdog_rollbacks_total", service="web", outcome=outcome) == 1
    assert set(ROLLBACK_OUTCOMES.values()) == {"accepted", "refused", "stood_down", "postponed", "lost"}
    s.step()
    assert s.read("watchdog_rollbacks_total", service="web", outcome=outcome) == 1


def test_case_42_no_text_of_a_stranger_becomes_a_label() -> None:
    """A thousand different errors, titles, ids and commits: as many series as before, and no word of theirs."""
    s = Scene()
    told = 0
    for number in range(1000):
        text = f'boom-{number}"}}\n\x1b{{<img>'
        s.metrics.read("web", "home", [Sample(Bad(text)), Sample(Unknown(text)), Sample(Good(text))], 0.1)
        s.metrics.error(f"probe:{text}")
        incident = replace(NEWS, id=f"web-{text}", title=text, suspect_code=text)
        s.step(e.RollbackRefused(1.0, "web", incident.id, text), incident=incident, live=text, forbidden=text)
        if number == 10:
            told = written(s.metrics.collect()).count(b"\n")
    body = written(s.metrics.collect())
    assert body.count(b"\n") == told and b"boom" not in body and b"img" not in body


def test_modes_are_told_and_follow_a_reload() -> None:
    s = Scene()
    assert s.read("watchdog_mode_info", service="web", mode="autonomous") == 1
    assert s.read("watchdog_mode_info", service="api", mode="observe") == 1
    s.meter.set_policy(replace(POLICY, services={"web": ServicePolicy("web", "srv-web", mode=Mode.ASSIST)}))
    assert s.read("watchdog_mode_info", service="web", mode="assist") == 1
    assert s.read("watchdog_mode_info", service="web", mode="autonomous") in (0, None)


@pytest.mark.parametrize("phase", list(Phase))
def test_the_phase_is_one_of_all(phase: Phase) -> None:
    s = Scene()
    s.step(phase=phase)
    values = {one: s.read("watchdog_service_phase", service="web", phase=one.value) for one in Phase}
    assert [one for one, value in values.items() if value == 1] == [phase]


def test_a_pin_is_told_until_it_is_given_back() -> None:
    """Auto-deploy that we switched off must be seen."""
    s = Scene()
    for off, value in (("commit", 1), ("", 0)):
        s.step(auto_deploy_off=off)
        assert s.read("watchdog_auto_deploy_pinned", service="web") == value


def test_an_incident_is_counted_once_and_open_until_it_is_closed() -> None:
    """Worsening moves it to another severity; closing leaves nothing open."""
    s = Scene()

    def open_now() -> tuple[float | None, float | None]:
        high = s.read("watchdog_incident_open", service="web", severity="high")
        return high, s.read("watchdog_incident_open", service="web", severity="critical")

    s.step(incident=NEWS)
    assert open_now()[0] == 1
    worse = replace(NEWS, severity=Severity.CRITICAL)
    s.step(incident=worse)
    assert open_now() == (0, 1)
    closed = replace(worse, closed_at=300.0)
    s.step(incident=closed)
    assert open_now() == (0, 0) and s.read("watchdog_incidents_total", service="web", severity="high") == 1
    s.step(incident=replace(NEWS, id="web-2"))
    assert s.read("watchdog_incidents_total", service="web", severity="high") == 2 and open_now() == (1, 0)
    s.step(incident=None)
    assert open_now() == (0, 0)


def test_decisions_and_restorations_are_timed_from_the_onset() -> None:
    """The delay of the first decision only; a second look at the same incident is counted, not timed."""
    s = Scene()
    first = Decision(
        at=140.0, course=Course.ASK, severity=Severity.HIGH, why="", policy_action=None, share=0.0, mode="assist"
    )
    second = replace(first, at=500.0, course=Course.ROLLBACK)
    s.step(incident=NEWS)
    for decided in (replace(NEWS, decision=first), replace(NEWS, decision=second)):
        s.step(incident=decided)
        s.step(incident=replace(decided, paged=True))
    assert s.read("watchdog_decisions_total", service="web", course="ask") == 1
    assert s.read("watchdog_decisions_total", service="web", course="rollback") == 1
    assert s.read("watchdog_detection_delay_seconds_count") == 1
    assert s.read("watchdog_detection_delay_seconds_sum") == 40
    s.step(incident=amended(NEWS, decision=second, restored_at=160.0))
    s.step(incident=amended(NEWS, decision=second, restored_at=160.0, paged=True))
    assert s.read("watchdog_restore_seconds_count") == 1 and s.read("watchdog_restore_seconds_sum") == 60


@pytest.mark.parametrize(
    ("blind_since", "paused_by", "disarmed"),
    [(None, "", ""), (5.0, "", ""), (None, "ann", ""), (None, "", "two rollbacks")],
)
def test_whether_we_see_and_may_act_is_told(blind_since: float | None, paused_by: str, disarmed: str) -> None:
    """Blind, paused and disarmed are states to alert on; the time of the last event too."""
    s = Scene()
    s.state = State(blind_since=blind_since, paused_by=paused_by, disarmed=disarmed)
    s.step(e.TimePassed(777.0))
    assert s.read("watchdog_blind") == (blind_since is not None) and s.read("watchdog_paused") == bool(paused_by)
    assert s.read("watchdog_disarmed") == bool(disarmed) and s.read("watchdog_last_event_timestamp_seconds") == 777.0


def test_what_an_earlier_run_left_is_shown_and_not_counted_again() -> None:
    """After a restart the open incident, the phase and the pin are there, before anything changes."""
    s = Scene()
    web = ServiceState("web", phase=Phase.PAGED, incident=NEWS, auto_deploy_off="commit")
    s.state = State(services={"web": web, "api": ServiceState("api", incident=replace(NEWS, closed_at=9.0))})
    s.meter.stepped(s.state, s.state, e.Restarted(200.0), ())
    assert s.read("watchdog_service_phase", service="web", phase="paged") == 1
    assert s.read("watchdog_auto_deploy_pinned", service="web") == 1
    assert s.read("watchdog_incident_open", service="web", severity="high") == 1
    assert s.read("watchdog_incident_open", service="api", severity="high") in (0, None)
    assert s.read("watchdog_incidents_total", service="web", severity="high") is None
