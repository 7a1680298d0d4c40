"""What `GET /status` tells, as data."""

import json
from dataclasses import replace

from watchdog.daemon.supervision.status import status_of
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Commit, Downtime
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.severity import Severity

POLICY = Policy(
    services={name: ServicePolicy(name, f"srv-{name}", Mode.ASSIST) for name in ("web", "api", "new")}, matrix={}
)


def state(closed_at: float | None = None) -> State:
    """Return a state with an incident of web, and api that another worker holds."""
    incident = Incident("inc-1", "web", Severity.CRITICAL, 90.0, 80.0, "GET / fails", closed_at=closed_at)
    checks = {
        "home": Check("home", "http", 99.0, Bad("HTTP 503")),
        "api": Check("api", "latency", 98.0, Good("fast")),
        "errors": Check("errors", "sentry", 97.0, Unknown("no token")),
        "events": Check("events", "render_events"),
    }
    web = ServiceState("web", Phase.DEPLOYING, 95.0, checks=checks, live="dep-2", incident=incident)
    return State(services={"web": web, "api": ServiceState("api")}, paused_by="ann", disarmed="two at once")


def test_everything_that_matters_is_there_and_is_json() -> None:
    told = json.loads(json.dumps(status_of(state(), POLICY, {"web": 7, "new": 1}, (), 100.0), allow_nan=False))
    assert (told["version"], told["at"]) == (1, 100.0)
    assert (told["paused_by"], told["disarmed"], told["blind_since"]) == ("ann", "two at once", None)
    assert told["blind_why"] == ""
    blind = status_of(replace(state(), blind_since=99.0, unseen=True), POLICY, {}, (), 100.0)
    assert (blind["blind_since"], blind["blind_why"]) == (99.0, "no probe of any service brings evidence")
    web = told["services"]["web"]
    assert (web["held"], web["epoch"]) == (True, 7)
    assert (web["mode"], web["phase"], web["live"]) == ("assist", "deploying", "dep-2")
    assert {name: (one["verdict"], one["why"]) for name, one in web["signals"].items()} == {
        "home": ("bad", "HTTP 503"),
        "api": ("good", "fast"),
        "errors": ("unknown", "no token"),
        "events": ("unknown", "not read yet"),
    }
    assert (web["incident"]["id"], web["incident"]["severity"]) == ("inc-1", "critical")


def test_of_what_another_worker_holds_only_that_is_told() -> None:
    """What we remember of it is old."""
    told = status_of(state(), POLICY, {"web": 7, "new": 1}, (), 100.0)["services"]
    assert (told["api"]["held"], told["api"]["phase"]) == (False, None)
    assert (told["new"]["held"], told["new"]["phase"]) == (True, None)


def test_what_does_not_ship_is_told() -> None:
    web = replace(state().services["web"], merged=(Commit("c0ffee", 1.0, "Mend it"),), merges_why="")
    told = status_of(State(services={"web": web}), POLICY, {"web": 7}, (), 100.0)["services"]["web"]
    assert (told["not_shipped"], told["merges_unseen"]) == ([{"commit": "c0ffee", "title": "Mend it"}], "")


def test_what_is_meant_to_be_down_is_told() -> None:
    down = Downtime("in maintenance mode", 50.0, 40.0)
    for downtime, said in (
        (down, {"what": "in maintenance mode", "since": 50.0}),
        (replace(down, ended_at=90.0), None),
    ):
        web = replace(state().services["web"], downtime=downtime)
        told = status_of(State(services={"web": web}), POLICY, {"web": 7}, (), 100.0)["services"]["web"]
        assert told["downtime"] == said


def test_a_closed_incident_is_not_open() -> None:
    assert status_of(state(closed_at=99.0), POLICY, {"web": 7}, (), 100.0)["services"]["web"]["incident"] is None
