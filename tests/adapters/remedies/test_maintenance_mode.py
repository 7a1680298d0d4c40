"""Maintenance mode on Render over real HTTP: switched once, with the page it had, and looked up by the setting."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.remedies.kill_scene import WEB, Case, killed_at
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.platforms.render import build_render
from watchdog.adapters.remedies import actions_of
from watchdog.adapters.remedies.maintenance_mode import MaintenanceMode, MaintenanceOptions
from watchdog.domain import events as e
from watchdog.domain.errors import Refused
from watchdog.domain.remedies.maintenance_mode import OFFS, ON
from watchdog.domain.remedies.remedy import FailureType, Remedy
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

MAY = {"maintainable_ids": WEB}
PAGE = "https://acme.example/sorry"


def switch(name: str, *, kind: str = "web_service", **world: Any) -> Case:
    """Return this switch of the sandbox's web, whose page is the team's own; `world` are fields of that service."""

    def build(sandbox: Sandbox, context: Context) -> Any:
        service = sandbox.cloud.services["web"]
        if not sandbox.events.requests("render", "GET"):
            service.maintenance_page, service.maintenance, service.kind = PAGE, name != ON, kind
            for field, value in world.items():
                setattr(service, field, value)
        return actions_of(MaintenanceOptions(), context)[name]

    return Case(name, build, switches, "patch", MAY)


def switches(sandbox: Sandbox) -> int:
    """Return how many changes Render was asked for; what is there keeps its page."""
    assert sandbox.cloud.services["web"].maintenance_page == PAGE
    return len(sandbox.events.requests("render", "PATCH"))


@pytest.mark.parametrize("name", [ON, OFFS[0], OFFS[-1]])
@pytest.mark.parametrize(
    ("point", "mode", "outcome", "sent"),
    [
        ("after_intent", "ok", e.RemedyPostponed, 0),
        ("before_send", "ok", e.RemedyRefused, 0),
        ("after_answer", "ok", e.RemedyDone, 1),
        ("never", "ok", e.RemedyDone, 1),
        ("never", "drop", e.RemedyDone, 1),
        ("never", "error_after", e.RemedyDone, 1),
        ("never", "reset_before", e.RemedyRefused, 1),
        ("never", "ignore", e.RemedyRefused, 1),
        ("never", "refuse_403", e.RemedyRefused, 1),
        ("never", "refuse_429", e.RemedyRefused, 1),
    ],
)
async def test_killed_or_lost_it_is_sent_once(
    tmp_path: Path, name: str, point: str, mode: str, outcome: type, sent: int
) -> None:
    """The setting tells what came of it, also to a later start."""
    outcomes, before, after = await killed_at(point, switch(name), tmp_path, mode)
    assert {type(one) for one in outcomes} == {outcome} and (before, after) == (sent, 0)


@pytest.mark.parametrize(
    ("name", "world", "why", "already"),
    [
        (ON, {"maintenance": True}, "maintenance mode is on already", True),
        (OFFS[1], {"maintenance": False}, "maintenance mode is off already", True),
        (ON, {"kind": "background_worker"}, "does not show its maintenance mode", False),
        (ON, {"deleted": True}, "what is there now cannot be read, so nothing was sent: Render answered 404", False),
    ],
)
async def test_without_the_setting_before_nothing_is_sent(
    tmp_path: Path, name: str, world: dict[str, Any], why: str, already: bool
) -> None:
    """Nor where it is as wanted: what a person switched on is a person's."""
    outcomes, before, after = await killed_at("never", switch(name, **world), tmp_path)
    assert {type(one) for one in outcomes} == {e.RemedyRefused} and (before, after) == (0, 0)
    first: Any = outcomes[0]
    assert why in first.why and first.already is already


async def test_no_other_setting_and_no_other_service_can_be_changed() -> None:
    """Refused before the wire, by the client of the whole process; and nothing by one that may only read."""
    async with Sandbox() as sandbox:
        url, clock, ids = sandbox.urls["render"], FakeClock(), WEB | {"srv-shop"}
        render: Any = build_render(keys.RENDER_API_KEY, url, clock, writable_ids=ids, all_ids=ids, **MAY)
        with pytest.raises(Refused):
            await render.set_maintenance_mode("srv-shop", on=True, page="")
        mode = {"enabled": True, "uri": ""}
        for details in (
            {"maintenanceMode": mode, "plan": "pro"},
            {"maintenanceMode": {**mode, "plan": "pro"}},
            {"maintenanceMode": {"enabled": "yes", "uri": ""}},
            {"maintenanceMode": {"enabled": True}},
            {"plan": "pro"},
            None,
        ):
            with pytest.raises(Refused):
                await render._change("PATCH", "/services/srv-web", {"serviceDetails": details})
        with pytest.raises(Refused):
            await render._change(
                "PATCH", "/services/srv-web", {"serviceDetails": {"maintenanceMode": mode}, "name": "x"}
            )
        reader = build_render(keys.RENDER_API_KEY, url, clock, writable_ids=frozenset(), all_ids=ids, **MAY)
        context = Context(clock=clock, endpoints={}, secrets={}, platform=reader, platform_id="srv-web")
        action = MaintenanceMode(MaintenanceOptions(), context)
        assert "no right" in (await action.before()).why_not and await action.look("") is None
        with pytest.raises(Refused):
            await action.apply()
        assert sandbox.events.requests("render", "PATCH") == []
        await render.close()
        await reader.close()


@pytest.mark.parametrize("options", [{"at_most": "30s"}, {"at_most": "5h"}, {"when": ["x"]}, {"prove": "1m"}])
def test_what_cannot_be_meant_is_a_mistake(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=re.escape(next(iter(options)))):
        MaintenanceOptions.model_validate(options)


def test_what_decisions_know_of_it() -> None:
    """Its time; it proves nothing, and is for what is down."""
    known = Remedy(ON, has_look=True, when=(FailureType.DOWN,), cooldown_seconds=1800.0, at_most_seconds=1800.0)
    assert MaintenanceOptions().remedy == known
    assert MaintenanceOptions.model_validate({"at_most": "10m"}).remedy.at_most_seconds == 600.0
