"""The simulated outside of a soak test in virtual time: many services, regular deploys, an outage now and then.

The test looks for growing memory. All objects here keep nothing, so any growth is the daemon's. The minutes for the
charts belong on a disk: this store counts and drops them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.notices import Notice
from watchdog.domain.policy import DEFAULT_MATRIX, Mode, Policy, Rule, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good
from watchdog.domain.store_records import Minute
from watchdog.lab.storm.environment import EPOCH
from watchdog.ports import PlatformEvent, Sample

CHANNEL = "pager"
CONTROL = "https://control.example"
OUTAGE_SECONDS = 150.0
OUTAGES_A_DAY = 1.0
"""The mean rate of each service."""
SHIPS_EVERY_SECONDS = 3 * 3600.0
BUILD_SECONDS = 120.0
LISTED = 20
"""The length of the platform's deploy list."""


class SoakStore(MemoryStore):
    """A store that keeps no minutes; `minutes` counts them."""

    minutes_seen = 0

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Count the rows and drop them."""
        self.minutes_seen += len(rows)


@dataclass
class Probe:
    """A source of a service that fails through its outages (begin, in virtual seconds)."""

    name: str
    kind: str
    chance: Random
    outages: tuple[float, ...] = ()
    every_seconds: float = 10.0
    adaptive: bool = True
    timed: bool = True
    reads: int = 0

    async def read(self) -> Sequence[Sample]:
        """Return one sample after a drawn latency: bad during an outage, good otherwise."""
        self.reads += 1
        seconds = self.chance.uniform(0.02, 0.2)
        await asyncio.sleep(seconds)
        now = asyncio.get_running_loop().time()
        if any(begin <= now < begin + OUTAGE_SECONDS for begin in self.outages):
            return (Sample(Bad("HTTP 503", FailureKind.STATUS), latency_seconds=seconds),)
        return (Sample(Good("HTTP 200"), latency_seconds=seconds),)

    async def close(self) -> None:
        """Nothing to close."""


class SoakPlatform:
    """A platform on which every service ships every few hours; it may be read only.

    An outage that begins just after a deploy is blamed on it, and a human is asked: there is no right to roll back.
    """

    name = "render"
    can_write = False

    async def services(self) -> Sequence[ServiceFacts]:
        """Return nothing: the soak names its services itself."""
        return ()

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return a service."""
        await asyncio.sleep(0.1)
        return ServiceFacts(service_id, service_id, auto_deploy="commit")

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """Return the newest deploys as new objects each time, like a parsed answer."""
        await asyncio.sleep(0.1)
        # Computed from the time instead of stored: a list of deploys here would itself grow for ever.
        # Seeded by the service: each ships at a phase of its own, the same on every read.
        now = asyncio.get_running_loop().time() + Random(service_id).uniform(0.0, SHIPS_EVERY_SECONDS)
        newest, age = divmod(now, SHIPS_EVERY_SECONDS)
        # While the newest deploy builds, the one before it still serves.
        live = int(newest) if age >= BUILD_SECONDS else int(newest) - 1
        began = EPOCH + asyncio.get_running_loop().time() - age
        return [
            Deploy(
                f"dep-{service_id}-{number}",
                "live" if number == live else "deactivated" if number < live else "build_in_progress",
                "new_commit",
                commit=f"{number + LISTED:040x}",
                created_at=began - (newest - number) * SHIPS_EVERY_SECONDS,
                finished_at=began - (newest - number) * SHIPS_EVERY_SECONDS + BUILD_SECONDS if number <= live else None,
            )
            for number in range(int(newest), int(newest) - LISTED, -1)
        ]

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return one deploy."""
        return next(one for one in await self.deploys(service_id) if one.id == deploy_id)

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        """Return no events."""
        return ()

    async def close(self) -> None:
        """Nothing to close."""


class SoakChannel:
    """A channel that takes everything and keeps the number."""

    name = CHANNEL

    def __init__(self) -> None:
        self.took = 0

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Take a notice."""
        await asyncio.sleep(0.2)
        self.took += 1
        return notice.dedup_key

    async def check(self) -> str:
        """It works."""
        return "works"

    async def close(self) -> None:
        """Nothing to close."""


def policy_of(services: int) -> Policy:
    """Return the shipped defaults for so many autonomous services, each with a critical probe and a latency."""
    signals = (SignalPolicy("home", "http", critical=True), SignalPolicy("api", "latency", limits_seconds={"p95": 0.8}))
    named = {
        f"svc-{number}": ServicePolicy(f"svc-{number}", f"srv-{number}", mode=Mode.AUTONOMOUS, signals=signals)
        for number in range(services)
    }
    matrix = {severity: Rule(rule.do, rule.within_seconds, (CHANNEL,)) for severity, rule in DEFAULT_MATRIX.items()}
    return Policy(services=named, matrix=matrix, control=(CONTROL,), alerts=(CHANNEL,))


def outages(chance: Random, hours: float) -> tuple[float, ...]:
    """Return the beginnings of a service's outages in virtual seconds: random, once a day on the average."""
    moments, at = [], chance.expovariate(OUTAGES_A_DAY / 86400.0)
    while at < hours * 3600.0:
        moments.append(at)
        at += OUTAGE_SECONDS + chance.expovariate(OUTAGES_A_DAY / 86400.0)
    return tuple(moments)
