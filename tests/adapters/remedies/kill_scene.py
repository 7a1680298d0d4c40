"""A remedy that is killed at a point of its protocol, over a real store and the sandbox; then started anew."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.clocks import FakeClock
from tests.support.stores import opened
from watchdog.adapters.options import Context
from watchdog.adapters.platforms.render import build_render
from watchdog.daemon.actions.actuator import Actuator
from watchdog.domain.effects import TryRemedy
from watchdog.domain.events import Event
from watchdog.ports import RemedyAction
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

POINTS = ("after_intent", "before_send", "after_answer")
"""Where it is killed: before the request, right before it, and right after its answer. All of them leave a row."""
WEB = frozenset({"srv-web"})


class Killed(BaseException):
    """The process ends here: nothing of ours handles it."""


@dataclass(frozen=True)
class Case:
    """One kind, in the sandbox."""

    name: str  # the remedy
    build: Callable[[Sandbox, Context], RemedyAction]  # what does it
    sent: Callable[[Sandbox], int]  # how many requests that change something arrived
    mode: str  # whose failure mode is that of its request
    render: dict[str, Any] | None = None  # what the platform's client may do beside


async def killed_at(point: str, case: Case, folder: Path, mode: str = "ok") -> tuple[list[Event], int, int]:
    """Kill it there, start anew twice; return the outcomes after it, and how many requests came before and after it."""
    clock, url = FakeClock(), f"sqlite:///{folder}/journal.db"
    effect, before = TryRemedy("web", "web-1", case.name), 0

    outcomes: list[Event] = []

    async def kill(where: str) -> None:
        if where == point:
            raise Killed

    async def alive(where: str) -> None:
        """Go on."""

    async with Sandbox() as sandbox:
        sandbox.modes.set(case.mode, mode)
        for hook, resumed in ((kill, False), (alive, True), (alive, True)):
            render = build_render(
                keys.RENDER_API_KEY, sandbox.urls["render"], clock, writable_ids=WEB, all_ids=WEB, **case.render or {}
            )
            secrets = {"WATCHDOG_REMEDY_TOKEN": keys.FLAG_TOKEN}
            action = case.build(
                sandbox, Context(clock=clock, endpoints={}, secrets=secrets, platform=render, platform_id="srv-web")
            )
            async with opened(url, clock) as store:
                actuator = Actuator(render, store, clock, hook, remedies={("web", case.name): action})
                try:
                    outcomes.append(await actuator.perform(effect, resumed=resumed))
                except Killed:
                    assert hook is kill, "nobody kills it again"
            before = case.sent(sandbox) if hook is kill else before
            await action.close()
            await render.close()
        return outcomes, before, case.sent(sandbox) - before
