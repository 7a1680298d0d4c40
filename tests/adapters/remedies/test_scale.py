"""A scaling on Render over real HTTP: to the number of the configuration alone, once, and looked up by the number."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.remedies.kill_scene import WEB, Case, killed_at
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.platforms.render import build_render
from watchdog.adapters.remedies.scale import Scale, ScaleOptions
from watchdog.domain import events as e
from watchdog.domain.errors import Refused, Temporary
from watchdog.domain.remedies.remedy import Remedy
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

FOUR = {"scalable": {"srv-web": {4}}}


def scaling(**world: Any) -> Case:
    """Return the scaling of the sandbox's web to 4, which has 2; `world` are fields of that service, and `modes`."""

    def build(sandbox: Sandbox, context: Context) -> Scale:
        service = sandbox.cloud.services["web"]
        if not sandbox.events.requests("render", "GET"):
            service.instances = 2
            for name, value in world.items():
                setattr(service, name, value)
        return Scale(ScaleOptions.model_validate({"to": 4}), context)

    return Case("scale:4", build, lambda sandbox: len(sandbox.events.requests("render", "POST")), "scale", FOUR)


@pytest.mark.parametrize(
    ("point", "mode", "outcome", "sent", "was"),
    [
        ("after_intent", "ok", e.RemedyPostponed, 0, ""),
        ("before_send", "ok", e.RemedyRefused, 0, ""),
        ("after_answer", "ok", e.RemedyDone, 1, "2"),
        ("never", "ok", e.RemedyDone, 1, "2"),
        ("never", "drop", e.RemedyDone, 1, "2"),
        ("never", "error_after", e.RemedyDone, 1, "2"),
        ("never", "reset_before", e.RemedyRefused, 1, ""),
        ("never", "ignore", e.RemedyRefused, 1, ""),
        ("never", "refuse_403", e.RemedyRefused, 1, ""),
        ("never", "refuse_429", e.RemedyRefused, 1, ""),
    ],
)
async def test_killed_or_lost_it_is_sent_once(
    tmp_path: Path, point: str, mode: str, outcome: type, sent: int, was: str
) -> None:
    """The number tells what came of it, and the one before goes to people, also by a later start."""
    outcomes, before, after = await killed_at(point, scaling(), tmp_path, mode)
    assert {type(one) for one in outcomes} == {outcome} and (before, after) == (sent, 0)
    assert {getattr(one, "was", "") for one in outcomes} == {was}


@pytest.mark.parametrize(
    ("world", "why", "already"),
    [
        ({"autoscaled": True}, "would ignore the number", False),
        ({"instances": "many"}, "does not tell how many", False),
        ({"instances": 4}, "it has 4 instances or more", True),
        ({"instances": 6}, "it has 4 instances or more", True),
        ({"deleted": True}, "what is there now cannot be read, so nothing was sent: Render answered 404", False),
    ],
)
async def test_without_the_number_before_nothing_is_sent(
    tmp_path: Path, world: dict[str, Any], why: str, already: bool
) -> None:
    """Nor where it has as many: it never scales down."""
    outcomes, before, after = await killed_at("never", scaling(**world), tmp_path)
    assert {type(one) for one in outcomes} == {e.RemedyRefused} and (before, after) == (0, 0)
    first: Any = outcomes[0]
    assert why in first.why and first.already is already


async def test_no_other_number_and_no_other_service_can_be_asked_for() -> None:
    """Refused before the wire, by the client of the whole process; and nothing by one that may only read."""
    async with Sandbox() as sandbox:
        url, clock, ids = sandbox.urls["render"], FakeClock(), WEB | {"srv-shop"}
        render: Any = build_render(keys.RENDER_API_KEY, url, clock, writable_ids=ids, all_ids=ids, **FOUR)
        for service, number in (("srv-web", 5), ("srv-web", 1), ("srv-shop", 4), ("srv-web", True)):
            with pytest.raises(Refused):
                await render.scale(service, number)
        with pytest.raises(Refused):
            await render._change("POST", "/services/srv-web/scale", {"numInstances": 4, "plan": "pro"})
        reader = build_render(keys.RENDER_API_KEY, url, clock, writable_ids=frozenset(), all_ids=ids, **FOUR)
        context = Context(clock=clock, endpoints={}, secrets={}, platform=reader, platform_id="srv-web")
        scale = Scale(ScaleOptions.model_validate({"to": 4}), context)
        assert "no right" in (await scale.before()).why_not and await scale.look("2") is None
        with pytest.raises(Refused):
            await scale.apply()
        assert sandbox.events.requests("render", "POST") == []
        await render.close()
        await reader.close()


async def test_autoscaling_that_was_switched_on_meanwhile_tells_nothing() -> None:
    """The number is then Render's; and a read that fails is no answer either."""
    async with Sandbox() as sandbox:
        clock = FakeClock()
        render = build_render(
            keys.RENDER_API_KEY, sandbox.urls["render"], clock, writable_ids=WEB, all_ids=WEB, scalable=FOUR["scalable"]
        )
        context = Context(clock=clock, endpoints={}, secrets={}, platform=render, platform_id="srv-web")
        scale = Scale(ScaleOptions.model_validate({"to": 4}), context)
        assert await scale.look("1") is False
        sandbox.cloud.services["web"].autoscaled = True
        assert await scale.look("1") is None
        sandbox.modes.set("render", "refuse_429")
        with pytest.raises(Temporary):
            await scale.before()
        await render.close()


@pytest.mark.parametrize("to", [1, 101, "4", True, None])
def test_what_cannot_be_meant_is_a_mistake(to: object) -> None:
    with pytest.raises(ValidationError, match=re.escape("to")):
        ScaleOptions.model_validate({"to": to})


def test_what_decisions_know_of_it() -> None:
    """Its number, and three minutes in which new instances start."""
    assert ScaleOptions.model_validate({"to": 4}).remedy == Remedy(
        "scale:4", 180.0, has_look=True, cooldown_seconds=1800.0
    )
