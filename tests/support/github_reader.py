"""A reader of GitHub that runs beside a sandbox; time stands still until the test moves it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.repositories.github import GitHub, build_github
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.events import DeploysListed, Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

FACTS = ServiceFacts("srv-web", "web", repo="https://github.com/acme/web", branch="main")


@dataclass
class Beside:
    """The reader, what is known to it, and what it told."""

    sandbox: Sandbox
    clock: FakeClock = field(default_factory=lambda: FakeClock(auto=False))
    state: State = field(default_factory=State)
    told: list[Event] = field(default_factory=list)
    reader: Any = None

    @property
    def paths(self) -> list[str]:
        return [entry["path"].split("/")[5] for entry in self.sandbox.events.requests("github")]

    @property
    def asked(self) -> int:
        return len(self.sandbox.events.requests("github"))

    def know(self, *services: ServiceState, event: Event | None = None) -> None:
        before, self.state = self.state, State(services=MappingProxyType({one.name: one for one in services}))
        listed = DeploysListed(0.0, services[0].name, services[0].deploys, FACTS)
        self.reader.stepped(before, self.state, event or listed, ())

    async def hear(self, event: Event) -> None:
        self.told.append(event)

    async def heard(self, number: int) -> None:
        await eventually(lambda: len(self.told) >= number)


@asynccontextmanager
async def beside(
    make: Callable[[Any, GitHub], Any], token: str = keys.GITHUB_TOKEN, kind: type[Beside] = Beside
) -> AsyncIterator[Any]:
    """Run the reader that is made of this and of the sandbox's GitHub."""
    async with Sandbox() as sandbox:
        it = kind(sandbox)
        github = build_github(token, sandbox.urls["github"], FakeClock())
        it.reader = make(it, github)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(it.reader.run())
            yield it
            task.cancel()
        await github.close()
