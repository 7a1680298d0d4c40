"""An alert outside incidents that another worker may have ended: in doubt it is open."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.worlds import bad_world
from watchdog.core.phases.own_alerts import may_be_open
from watchdog.domain.incidents import ServiceState, State

BAD, THREAD = "bad00000", "web-1/auto-deploy"
SENT = 100.0


def saved(**fields: Any) -> State:
    """Return what a worker saved after it read deploys, of which the newest is the bad commit, live again."""
    world = bad_world()
    back = world.begin(BAD, "manual")
    world.end(back)
    world.deploys[0] = replace(world.deploys[0], status=fields.pop("status", "live"))
    facts = replace(world.facts, auto_deploy=fields.pop("auto_deploy", "commit"))
    denied = fields.pop("denied", (BAD,))
    known = {"deploys": tuple(world.deploys), "deploys_at": SENT + 1.0, "deploys_why": "", "facts": facts, **fields}
    return State(services={"web": ServiceState("web", **known)}, denied=denied)


def returned(state: State) -> str:
    """Return the id of the deploy that brought it back."""
    return state.services["web"].deploys[0].id


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
        pytest.param({"deploys": (), "returned": ("dep-902",)}, True, id="the other worker has it open"),
        pytest.param({"deploys": (), "beside_the_record": True}, True, id="the other worker's record lacked it"),
    ],
)
def test_the_return_of_a_bad_commit(fields: dict[str, Any], is_open: bool) -> None:
    """It is over once it serves no more, by a list of after the page."""
    about = returned(saved())
    if "returned" in fields:
        fields["returned"] = (about,)
    if "beside_the_record" in fields:
        fields["beside_the_record"] = ((about, SENT),)
    assert may_be_open(saved(**fields), "web", about, SENT) is is_open


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        ({"auto_deploy": "off"}, True),
        ({"auto_deploy": "unknown"}, True),
        ({"auto_deploy": "commit"}, False),
        ({"auto_deploy": "commit", "auto_deploy_notice_thread": THREAD}, True),
    ],
)
def test_auto_deploy_that_is_off(fields: dict[str, Any], is_open: bool) -> None:
    """It is over once the platform says that it is on; of a service that no worker saved nothing is known."""
    assert may_be_open(saved(**fields), "web", THREAD, SENT) is is_open
    assert may_be_open(State(), "web", THREAD, SENT)
