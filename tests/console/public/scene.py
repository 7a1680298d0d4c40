"""Public pages of a town, served by the real HTTP server beside its console."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from tests.cli import examples as x
from tests.console.scene import NOW, SETTINGS, access, fill, listening, policy_of, service_policy, service_state
from tests.console.stores import Counted, PassingClock
from tests.core.incident_fields import amended
from watchdog.console.app import make_console
from watchdog.console.dependencies import Dependencies
from watchdog.console.public.app import PublicPages
from watchdog.console.public.public_views import StatusPage
from watchdog.console.render.rendering import Renderer
from watchdog.daemon.http.http_auth import Buckets, peer_of
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good
from watchdog.domain.store_records import Command, Minute

SHOP = StatusPage("shop", "Acme shop", {"web": "Web shop", "api": "api"})
DAY = 86400.0


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
    store: Counted
    clock: PassingClock
    shown: dict[str, Any]

    async def page(self, name: str = "shop") -> str:
        answer = await self.client.get(f"/status/{name}")
        assert answer.status_code == 200, answer.status_code
        return answer.text

    async def whole_page(self) -> str:
        """Return the page once all of its past is read, a little with each look."""
        while "still being read" in (text := await self.page()):
            self.clock.at += 2.0
        return text

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
    saved: State | None = None,
    held: Sequence[str] | None = None,
    at_once: float = 1000.0,
) -> AsyncIterator[PublicTown]:
    """Serve these pages in front of a console with tokens; `saved` is what the store has, if not the same state."""
    usual_policy, usual_state = calm()
    clock = PassingClock()
    shown: dict[str, Any] = {"policy": policy or usual_policy, "state": state or usual_state}
    store = Counted(clock)
    await fill(store, saved or shown["state"], tuple(incidents), ())
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
    console = make_console(world, access(real))

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (public if public.knows(scope["path"]) else console)(scope, receive, send)

    async with listening(either) as (client, _):
        yield PublicTown(client, store, clock, shown)
    await supervisor.stop(5.0)
    await store.close()
    assert not died


def opened(incident: Incident, **changes: Any) -> Any:
    return service_state(incident.service, incident=incident, **changes)


def ago(incident: Incident, seconds: float, took: float | None, **changes: Any) -> Incident:
    """Return an incident that began so long before the story, and took so long (None: it goes on)."""
    begin = NOW - seconds
    ends = None if took is None else begin + took
    moments = {"onset_at": begin, "opened_at": begin + 30, "restored_at": ends, "verified_at": ends, "closed_at": ends}
    return amended(incident, **{**moments, **changes})


GOES_ON = ago(x.incident(decision=x.decision(share=1.0)), 600, None, id="web-9")
"""An outage of the whole of web that goes on for ten minutes."""
