"""The actuator's world: the sandbox in process, the real Render client, a real store, simulated time.

Web at the start: dep-39 once live, dep-40 live (the suspect here), dep-41 never built (the newest: the baseline).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.clocks import FakeClock
from tests.support.stores import store_at
from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.platforms.render import Render
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.timings import Change
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Platform, Store
from watchdog.sandbox import keys
from watchdog.sandbox.request_log import Entry
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS, Service

INCIDENT = "web-1"
ROLLBACK = Rollback("web", INCIDENT, "srv-web", "dep-40", "dep-39", COMMITS["39"][0], baseline="dep-41")
PIN = PinAutoDeploy("web", INCIDENT, "srv-web")
RESTORE = RestoreAutoDeploy("web", INCIDENT, "srv-web", "commit")


class SteppedClock(FakeClock):
    """Simulated time whose wall clock is set forward or back, once, in the middle."""

    def __init__(self, step_seconds: float, after_seconds: float = 10.0) -> None:
        super().__init__()
        self._step_seconds, self._after_seconds = step_seconds, after_seconds

    def now(self) -> float:
        """Return the wall clock's time; durations (`monotonic`) know nothing of the step."""
        return super().now() + (self._step_seconds if self.elapsed > self._after_seconds else 0.0)


class Told(Actuator):
    """An actuator of which every outcome is looked at: of this moment and its effect, with a reason if it has one."""

    async def perform(self, effect: PinAutoDeploy | Rollback | RestoreAutoDeploy, **resumed: bool) -> Event:
        outcome = await super().perform(effect, **resumed)
        assert (outcome.at, outcome.service, outcome.incident) == (self._clock.now(), effect.service, effect.incident)
        assert getattr(outcome, "why", "told") not in (None, "", "None")
        return outcome


def client(sandbox: Sandbox, clock: FakeClock, made: type[Render] = Render, timeout_seconds: float = 10.0) -> Render:
    headers = {"authorization": f"Bearer {keys.RENDER_API_KEY}"}
    api = ApiClient("Render", sandbox.urls["render"], headers=headers, clock=clock, timeout_seconds=timeout_seconds)
    return made(api, clock)


@dataclass
class Scene:
    """One actuator in its world."""

    sandbox: Sandbox
    clock: FakeClock
    store: Store
    platform: Platform
    actuator: Actuator

    @property
    def accepted(self) -> list[Entry]:
        return self.sandbox.events.of("rollback_accepted")

    def sent(self, method: str) -> int:
        return len(self.sandbox.events.requests("render", method))

    @property
    def web(self) -> Service:
        return self.sandbox.cloud.services["web"]

    async def ends(self, effect: Change, kind: type[Event], words: str = "", **resumed: bool) -> Any:
        """Perform, and return the outcome, which is of that kind and holds these words in its reason."""
        outcome = await self.actuator.perform(effect, **resumed)
        assert type(outcome) is kind and words in getattr(outcome, "why", ""), outcome
        return outcome

    async def tells(self, effect: Change, kind: type[Event], *told: Any, resumed: bool = False, **more: Any) -> None:
        """Perform; the outcome tells exactly this of the incident."""
        outcome = await self.actuator.perform(effect, resumed=resumed)
        assert outcome == kind(outcome.at, "web", INCIDENT, *told, **more)  # type: ignore[call-arg]

    async def row(self, step: str = "rollback") -> ActionRow:
        row = await self.store.action(INCIDENT, step)
        assert row is not None
        return row


class Guarded(MemoryStore):
    """A store that asks before it writes an action: `before` may raise, or say how it ends without being written."""

    def __init__(self, clock: FakeClock, before: Callable[[ActionRow, str | None], bool | None]) -> None:
        super().__init__(clock)
        self.before = before

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        said = self.before(row, expect)
        return await super().put_action(row, expect) if said is None else said


@asynccontextmanager
async def scene(
    *,
    store: Store | None = None,
    before: Callable[[ActionRow, str | None], bool | None] | None = None,
    store_url: str = "memory://",
    clock: FakeClock | None = None,
    quirks: bool = False,
    made: type[Render] = Render,
    timeout_seconds: float = 10.0,
) -> AsyncIterator[Scene]:
    ticking = clock or FakeClock()
    kept = store or (Guarded(ticking, before) if before else store_at(store_url, ticking))
    async with Sandbox(quirks=quirks) as sandbox:
        platform = client(sandbox, ticking, made, timeout_seconds)
        await kept.open()
        try:
            yield Scene(sandbox, ticking, kept, platform, Told(platform, kept, ticking))
        finally:
            await platform.close()
            await kept.close()
