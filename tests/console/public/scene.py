"""Public pages of a town, served by the real HTTP server beside its console."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.console.scene import NOW, SETTINGS, TOKENS, StoryClock, fill, policy_of, service_policy, service_state
from tests.core.incident_fields import amended
from tests.support.clocks import LOOPBACK
from tests.support.intercepted_calls import Overheard
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.app import make_console
from watchdog.console.dependencies import Access, Dependencies
from watchdog.console.public.app import PublicPages
from watchdog.console.public.public_views import StatusPage
from watchdog.console.render.rendering import Renderer
from watchdog.daemon.http.http_auth import Buckets, Guesses, peer_of
from watchdog.daemon.http.http_server import HttpServer
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Temporary
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good
from watchdog.domain.store_records import Command, Minute
from watchdog.ports import Clock, Store

SHOP = StatusPage("shop", "Acme shop", {"web": "Web shop", "api": "api"})
DAY = 86400.0


class PassingClock(StoryClock):
    """The story's clock, whose both sides move together, and only when the test says so."""

    def monotonic(self) -> float:
        return self.at


def calm(**services: Any) -> tuple[Policy, State]:
    """Return web and api, both well, or as given; the policy watches one control target."""
    known = {"web": service_state("web"), "api": service_state("api"), **services}
    state = State(services=known, control={"https://example.com": (NOW - 2, Good("200"))})
    return policy_of(*(service_policy(name) for name in known)), state


def hours(service: str, days: int, signal: str = "home", bad: Mapping[float, int] | None = None) -> list[Minute]:
    """Return some days of hours before the story's, 360 checks in each; `bad` has failures by hours before now."""
    begin = NOW - NOW % 3600
    found = []
    for back in range(24 * days):
        failed = (bad or {}).get(back, 0)
        found.append(Minute(service, signal, begin - 3600 * back, 360 - failed, failed, 0, 0.1, 0.2, 0.3))
    return found


@dataclass(slots=True)
class PublicTown:
    """The server, a client, and what it shows."""

    client: httpx.AsyncClient
    store: Store
    clock: PassingClock
    shown: dict[str, Any]

    async def page(self, name: str = "shop") -> str:
        answer = await self.client.get(f"/status/{name}")
        assert answer.status_code == 200, answer.status_code
        return answer.text

    async def text(self, path: str, name: str = "shop") -> str:
        """Return what belongs to a page: its feed, or a badge."""
        answer = await self.client.get(f"/status/{name}{path}")
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    async def json(self, name: str = "shop") -> Any:
        return (await self.client.get(f"/status/{name}.json")).json()


@asynccontextmanager
async def public_town(
    policy: Policy | None = None,
    state: State | None = None,
    *,
    pages: Sequence[StatusPage] = (SHOP,),
    incidents: Sequence[Incident] = (),
    minutes: Sequence[Minute] = (),
    store: Store | None = None,
    held: Sequence[str] | None = None,
    at_once: float = 1000.0,
) -> AsyncIterator[PublicTown]:
    """Serve these pages in front of a console with tokens."""
    usual_policy, usual_state = calm()
    clock = PassingClock()
    shown: dict[str, Any] = {"policy": policy or usual_policy, "state": state or usual_state}
    if store is None:
        store = MemoryStore(clock)
        await fill(store, shown["state"], tuple(incidents), ())
        await store.put_minutes(list(minutes))

    async def nobody(name: str, arguments: Mapping[str, Any], by: str) -> Command:
        raise AssertionError("a public page asks nobody for anything")

    async def listing(name: str) -> DeploysListed:
        raise AssertionError("a public page lists no deploys")

    def holds() -> Sequence[str]:
        return held if held is not None else tuple(shown["policy"].services)

    told = (lambda: shown["policy"], lambda: shown["state"], holds)
    world = Dependencies(store, clock, *told, nobody, listing, lambda: SETTINGS, "9.9")
    real, died = SystemClock(), list[str]()
    supervisor = Supervisor(real, lambda name, error: died.append(f"{name}: {error!r}"))
    public = PublicPages(world, pages, Renderer("9.9"), Buckets(real, at_once, 0.1), peer_of, supervisor.spawn)
    console = make_console(
        world,
        Access(
            TOKENS, peer_of, Buckets(real, 1000.0, 1.0), Guesses(real), Buckets(real, 5.0, 0.1), Buckets(real, 5.0, 0.1)
        ),
    )
    async with _serving(public, console) as client:
        yield PublicTown(client, store, clock, shown)
    await supervisor.stop(5.0)
    await store.close()
    assert not died


@asynccontextmanager
async def _serving(public: PublicPages, console: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (public if public.knows(scope["path"]) else console)(scope, receive, send)

    clock = SystemClock()
    supervisor, pages = Supervisor(clock, lambda name, error: None), Exposition(Metrics("9.9"), clock)
    async with HttpServer("127.0.0.1:0", pages, tuple, supervisor, private=either) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, **LOOPBACK) as client:
            yield client


class Away(Overheard, calls="load_readonly spans incidents"):
    """A store that can be away."""

    away = False

    async def heard(self, call: str, *given: Any) -> None:
        if self.away:
            raise Temporary("the store does not answer")


class Hanging(Overheard, calls="spans"):
    """A store that can hang, until it is told to go on."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.asked = 0

    async def heard(self, call: str, *given: Any) -> None:
        self.asked += 1
        await self.goes_on.wait()


def opened(incident: Incident, **changes: Any) -> Any:
    return service_state(incident.service, incident=incident, **changes)


def ago(incident: Incident, seconds: float, took: float | None, **changes: Any) -> Incident:
    """Return an incident that began so long before the story, and took so long (None: it goes on)."""
    begin = NOW - seconds
    ends = None if took is None else begin + took
    moments = {"onset_at": begin, "opened_at": begin + 30, "restored_at": ends, "verified_at": ends, "closed_at": ends}
    return amended(incident, **{**moments, **changes})
