"""An alert outside incidents that another worker may have ended: in doubt it is open."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.worlds import bad_world
from watchdog.core.phases.own_alerts import may_be_open
from watchdog.domain.incidents import ServiceState, State

BAD, RETURN, THREAD = "bad00000", "dep-900", "web-1/auto-deploy"
SENT = 100.0


def saved(**fields: Any) -> State:
    """Return what a worker saved after it read deploys, of which the newest is the bad commit, live again."""
    world = bad_world()
    assert world.begin(BAD, "manual") == RETURN
    world.end(RETURN)
    world.deploys[0] = replace(world.deploys[0], status=fields.pop("status", "live"))
    facts = replace(world.facts, auto_deploy=fields.pop("auto_deploy", "commit"))
    denied = fields.pop("denied", (BAD,))
    known = {"deploys": tuple(world.deploys), "deploys_at": SENT + 1.0, "deploys_why": "", "facts": facts, **fields}
    return State(services={"web": ServiceState("web", **known)}, denied=denied)


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        pytest.param({}, True, id="it serves"),
        pytest.param({"status": "update_in_progress"}, True, id="it is on its way"),
        pytest.param({"status": "deactivated"}, False, id="it was replaced"),
        pytest.param({"deploys": ()}, False, id="it is not listed"),
        pytest.param({"denied": ()}, False, id="its commit is trusted by now"),
        pytest.param({"deploys": (), "deploys_at": SENT}, True, id="not looked since"),
        pytest.param({"deploys": (), "deploys_at": None}, True, id="never looked"),
        pytest.param({"deploys": (), "deploys_why": "HTTP 500"}, True, id="cannot look"),
        pytest.param({"deploys": (), "returned": (RETURN,)}, True, id="the other worker has it open"),
        pytest.param({"deploys": (), "record_gap_notices": ((RETURN, SENT),)}, True, id="its record lacked it"),
        pytest.param({"about": THREAD, "auto_deploy": "off"}, True, id="auto-deploy is off"),
        pytest.param({"about": THREAD, "auto_deploy": "unknown"}, True, id="nobody knows"),
        pytest.param({"about": THREAD}, False, id="it is on"),
        pytest.param({"about": THREAD, "auto_deploy_notice_thread": THREAD}, True, id="the other worker ends it"),
    ],
)
def test_an_alert_of_another_worker(fields: dict[str, Any], is_open: bool) -> None:
    """The return of a bad commit is over once that serves no more, by a list of after the page; auto-deploy that is
    off, once the platform says that it is on. Of a service that no worker saved nothing is known.
    """
    about, known = fields.get("about", RETURN), {name: one for name, one in fields.items() if name != "about"}
    assert may_be_open(saved(**known), "web", about, SENT) is is_open
    assert may_be_open(State(), "web", about, SENT)
