"""The engine's world: core, actuator and Render client as they are, the sandbox behind them, one channel, one store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from tests.support.actuator_scene import client
from tests.support.clocks import FakeClock, eventually
from tests.support.notification_vendors import Channel
from tests.support.slow_calls import SlowStore
from watchdog.adapters.platforms.render import Render
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain import events as e
from watchdog.domain.errors import Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Mode, Policy, Rule, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good
from watchdog.domain.store_records import FLEET, PendingEffect, Write
from watchdog.sandbox import clock as today
from watchdog.sandbox.request_log import Entry
from watchdog.sandbox.server import Sandbox

HOME = SignalPolicy("home", "http", critical=True)
WEB = ServicePolicy("web", "srv-web", mode=Mode.AUTONOMOUS, rollback_safe=True, signals=(HOME,))
MATRIX = {severity: Rule(rule.do, rule.within_seconds, ("pager",)) for severity, rule in DEFAULT_MATRIX.items()}
POLICY = Policy(services={"web": WEB}, matrix=MATRIX, alerts=("pager",))


DOWN = Bad("HTTP 503", FailureKind.STATUS)
READINGS_MAX = 60


class ShakyStore(SlowStore):
    """A store that takes its time; `saving` and `finishing` hold what saves and finishes raise while set."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.saving: Exception | None = None
        self.finishing: Exception | None = None
        self.saved: list[tuple[Event | None, State]] = []
        self.finished: list[str] = []

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        if self.saving is not None:
            raise self.saving
        self.saved.append((write.event, write.state))
        return await super().save(write)

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        if self.finishing is not None:
            raise self.finishing
        self.finished.append(outcome)
        await super().finish(effect_id, outcome, service)


@dataclass
class Scene:
    """One engine in its world. `errors` is what the supervisor was told."""

    sandbox: Sandbox
    clock: FakeClock
    store: MemoryStore
    platform: Render
    listeners: Hooks = field(default_factory=Hooks)
    pager: Channel = field(default_factory=lambda: Channel("pager"))
    errors: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.clock, lambda name, error: self.errors.append((name, type(error).__name__)))
        self.outbox = Outbox(self.store, {"pager": self.pager}, self.clock, lambda *_: None)
        self.actuator = Actuator(self.platform, self.store, self.clock)
        parts = {"actuator": self.actuator, "outbox": self.outbox, "listeners": self.listeners}
        self.engine = Engine(policy=POLICY, store=self.store, clock=self.clock, supervisor=self.supervisor, **parts)

    async def start(self) -> None:
        await self.engine.adopt_services({FLEET: 1, "web": 1})
        self.supervisor.start("engine", self.engine.run)

    async def stop(self) -> None:
        """End every task, as a process that ends does."""
        assert await self.supervisor.stop(5.0) == ()

    async def another(self, **more: object) -> "Scene":
        made = Scene(self.sandbox, self.clock, self.store, self.platform, pager=self.pager, **more)  # type: ignore[arg-type]
        await made.start()
        return made

    async def know_deploys(self) -> None:
        facts, deploys = await self.platform.facts("srv-web"), await self.platform.deploys("srv-web")
        await self.engine.submit_and_wait(e.DeploysListed(self.clock.now(), "web", tuple(deploys), facts))

    async def rollback_by_hand(self, until: Phase | None = None) -> None:
        """Ask for a rollback as the command does: the shortest way into pinning and sending."""
        await self.know_deploys()
        await self.engine.submit_and_wait(e.RollbackRequested(self.clock.now(), "web", "ann"))
        if until is not None:
            await self.until(until)

    async def outage_after_a_deploy(self, until: Phase) -> None:
        """Let the live deploy be one of just now, and the site fail with it, until the core decided and acted."""
        facts, deploys = await self.platform.facts("srv-web"), await self.platform.deploys("srv-web")
        began = self.clock.now()
        listed = tuple(replace(one, finished_at=began) if one.is_live else one for one in deploys)
        await self.engine.submit_and_wait(e.Observed(began, "web", "home", Good("HTTP 200"), 0.1))
        for _ in range(READINGS_MAX):
            self.clock.freeze(2.0)
            await self.engine.submit_and_wait(e.DeploysListed(self.clock.now(), "web", listed, facts))
            await self.engine.submit_and_wait(e.Observed(self.clock.now(), "web", "home", DOWN, 0.1))
            await self.quiet()
            if self.web.phase is until:
                return
        raise AssertionError(f"web is {self.web.phase.value}, not {until.value}")

    @property
    def web(self) -> ServiceState:
        return self.engine.state.services["web"]

    @property
    def accepted(self) -> list[Entry]:
        return self.sandbox.events.of("rollback_accepted")

    @property
    def pages(self) -> list[str]:
        return [title for title, _ in self.pager.took]

    def sent(self, method: str) -> int:
        return len(self.sandbox.events.requests("render", method))

    async def until(self, phase: Phase) -> None:
        """Wait until the service is in that phase and nothing is under way."""
        await eventually(lambda: self.web.phase is phase)

    async def quiet(self) -> None:
        await eventually(lambda: self.supervisor.count() == len(self.supervisor.names()))


@asynccontextmanager
async def scene(
    store: type[MemoryStore] = ShakyStore, made: type[Render] = Render, *, listed: bool = False
) -> AsyncIterator[Scene]:
    """Open a world with a running engine, which knows the deploys if they are `listed`; at its end all is closed."""
    clock = FakeClock(start=today.now())
    async with Sandbox() as sandbox:
        platform = client(sandbox, clock, made)
        s = Scene(sandbox, clock, store(clock), platform)
        await s.start()
        try:
            if listed:
                await s.know_deploys()
            yield s
        finally:
            await s.supervisor.stop(5.0)
            await platform.close()


SHUT = Temporary("the store does not answer")
