"""A town that the console shows: a store, a state and a policy that hold a story, served by the real HTTP server."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import httpx
from starlette.types import ASGIApp

from tests.cli import examples as x
from tests.settings.texts import SMALL, loaded
from tests.support.clocks import LOOPBACK
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.app import make_console
from watchdog.console.auth.roles import Role
from watchdog.console.dependencies import Access, Authors, Dependencies, unread
from watchdog.daemon.http.http_auth import Buckets, Guesses, peer_of
from watchdog.daemon.http.http_server import HttpServer
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.checks import Check
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.effects import Note
from watchdog.domain.errors import Temporary
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Mode, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.store_records import FLEET, Command, Minute, Write
from watchdog.ports import Clock, Store
from watchdog.presentation.gate.gate_rules import GateRules
from watchdog.settings.load.gate_rules import restricted_by

TOKEN = "c4n4ry-console-0123456789-0123456789"
OPERATOR = "c4n4ry-operator-0123456789-0123456789"
VIEWER = "c4n4ry-viewer-0123456789-0123456789"
TOKENS = {Role.APPROVER: TOKEN, Role.OPERATOR: OPERATOR, Role.VIEWER: VIEWER}
SETTINGS = (
    ("Services", (("web", "mode autonomous; home: http https://www.acme.example"),)),
    ("Budget", (("cooldown", "30 min"),)),
)
NOW = x.BEGIN + 120.0
SAME = {"sec-fetch-site": "same-origin"}
"""What a browser says of a form of our own site."""
PAGES = {"shop": {"web": "Web shop", "api": "Programs"}}
HOME = SignalPolicy("home", "http", critical=True)
SIGNALS = (HOME, SignalPolicy("api", "latency"), SignalPolicy("errors", "sentry"))
NOTES = (
    Note(x.BEGIN + 10, "web", "web-1", "SUSPECT", "home: HTTP 503"),
    Note(x.BEGIN + 48, "web", "web-1", "CRITICAL", "39 of 39 probes failed"),
    Note(x.BEGIN + 49, "web", "web-1", "ACT", "rollback to dep-40, sent once -> dep-43"),
    Note(x.BEGIN + 87, "web", "web-1", "VERIFIED", "7 of 7 probes good for 30 s"),
)


Gates = Mapping[str, GateRules]


class StoryClock(SystemClock):
    """The real clock, except that it is the evening of the story."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


def service_policy(name: str, mode: Mode = Mode.AUTONOMOUS) -> ServicePolicy:
    return ServicePolicy(name, f"srv-{name}", mode, signals=SIGNALS)


def policy_of(*services: ServicePolicy) -> Policy:
    return Policy({one.name: one for one in services}, DEFAULT_MATRIX, control=("https://example.com",))


def service_state(name: str, **changes: Any) -> ServiceState:
    """Return a calm service whose newest deploy is the bad one of the story."""
    whole = ServiceState(
        name,
        checks={
            "home": Check("home", "http", NOW - 3, Good("200 in 120 ms")),
            "api": Check("api", "latency", NOW - 4, Good("p95 310 ms")),
            "errors": Check("errors", "sentry", NOW - 20, Unknown("Sentry did not answer")),
        },
        watching_since=x.BEGIN - 400000,
        deploys=(x.BAD, x.FAILED, x.GOOD),
        deploys_at=NOW - 5,
        facts=ServiceFacts(f"srv-{name}", name, repo="https://github.com/acme/app"),
        live="dep-42",
        observed_healthy_seconds={"dep-40": 90000.0},
    )
    return replace(whole, **changes)


def at_render(service: ServiceState) -> ServiceState:
    """Return the service as Render reports it, with the address of its page there, which its id alone does not tell."""
    assert service.facts is not None
    page = f"https://dashboard.render.com/web/of-{service.facts.id}"
    return replace(service, facts=replace(service.facts, dashboard_url=page))


def open_incident(**changes: Any) -> Incident:
    """Return an incident of `api` that waits for a human."""
    waiting: dict[str, Any] = {"id": "api-7", "service": "api", "human_needed": "the newest deploy is not to blame"}
    return x.undone(x.decision(), **{**waiting, "opened_at": NOW - 60, "onset_at": NOW - 100, **changes})


def story() -> tuple[Policy, State, tuple[Incident, ...]]:
    """Return three services: one is well, one waits for a human, one is not known yet."""
    incident = open_incident()
    failing = {"home": Check("home", "http", NOW - 1, Bad("HTTP 503 <script>alert(1)</script>"))}
    state = State(
        services={
            "web": service_state("web"),
            "api": service_state("api", phase=Phase.PAGED, incident=incident, checks=failing),
        },
        control={"https://example.com": (NOW - 2, Good("200"))},
    )
    names = (service_policy("web"), service_policy("api", Mode.ASSIST), service_policy("docs", Mode.OBSERVE))
    return policy_of(*names), state, (x.incident(), incident)


def day_of(service: str, begin: float = NOW - 86400) -> list[Minute]:
    """Return a day of one signal, a minute of every five, the last three of them bad."""
    start = begin - begin % 300
    return [
        Minute(service, "home", start + 300 * number, 6 - bad, bad, 0, 0.1 + number % 6 / 10, 0.7, 0.8)
        for number in range(289)
        for bad in [6 * (number > 285)]
    ]


async def fill(store: Store, state: State, incidents: tuple[Incident, ...], notes: tuple[Note, ...] = NOTES) -> None:
    """Write the story down as the engine would: each incident with its service."""
    await store.open()
    await store.renew_leases(
        "the-worker", (*state.services, *{one.service for one in incidents}, FLEET), ttl_seconds=60.0
    )
    for incident in incidents:
        services = {**state.services, incident.service: service_state(incident.service, incident=incident)}
        mine = [note for note in notes if note.incident == incident.id]
        await store.save(Write(replace(state, services=services), effects=mine))
    await store.save(Write(state))


def as_read(page: str) -> str:
    """Return a page as people read it, without the values that programs read in its figures, and what keeps a line."""
    page = re.sub(r"</?(data|time)[^>]*>", "", page)
    return re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", page).replace("\N{NO-BREAK SPACE}", " ")


@dataclass(slots=True)
class Town:
    """The running server, a client that is not logged in, and what it shows."""

    client: httpx.AsyncClient
    store: Store
    clock: StoryClock
    port: int
    shown: list[State]  # the state that the daemon has now, as its only member

    async def login(self, token: str = TOKEN, **headers: str) -> httpx.Response:
        return await self.client.post("/login", data={"token": token}, headers=headers)

    async def page(self, path: str) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    async def json(self, path: str) -> Any:
        return (await self.client.get(f"/api/v1{path}", headers=bearer())).json()


def restrict(service: str, text: str) -> GateRules:
    """Return the rules of a file for the service, whose configuration has none."""
    return restricted_by(loaded(SMALL), service, text, "rules")


def bearer(token: str = TOKEN) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def town(
    policy: Policy | None = None,
    state: State | None = None,
    *,
    store: Store | None = None,
    incidents: tuple[Incident, ...] = (),
    held: tuple[str, ...] | None = None,
    at_once: float = 1000.0,
    authors: Authors = unread,
    at: float = NOW,
    gates: Gates = MappingProxyType({}),
    **access: Any,
) -> AsyncIterator[Town]:
    """Serve the story (or another policy, state, incidents, or store filled already) at that moment; give a client.

    `access`: see serving.
    """
    clock = StoryClock(at)
    told_policy, told_state, happened = story()
    if store is None:
        store = MemoryStore(clock)
        await fill(store, told_state, incidents or happened)
        await store.put_minutes(day_of("web"))
        await store.label("web-1", "right", "ann")
    now_policy, now_state = policy or told_policy, state or told_state
    shown = [now_state]
    ours = held or tuple(now_policy.services)

    async def nobody(name: str, arguments: Mapping[str, Any], by: str) -> Command:
        raise Temporary("the running watchdog did not answer; the command was withdrawn. Is it healthy?")

    async def listing(name: str) -> DeploysListed:
        return DeploysListed(clock.now(), name, now_state.services[name].deploys, now_state.services[name].facts)

    told = (lambda: now_policy, lambda: shown[0], lambda: ours)
    more: Any = {"pages": PAGES, "authors": authors, "gates": lambda: gates, "restrict": restrict}
    world = Dependencies(store, clock, *told, nobody, listing, lambda: SETTINGS, "9.9", **more)
    async with serving(world, at_once, **access) as (client, port):
        yield Town(client, store, clock, port, shown)
    await store.close()


@asynccontextmanager
async def visited(*shown: Any, **more: Any) -> AsyncIterator[Town]:
    """Serve the same to a client that has logged in."""
    async with town(*shown, **more) as one:
        await one.login()
        yield one


def access(clock: Clock, tokens: Mapping[Role, str] = TOKENS, at_once: float = 1000.0, **more: Any) -> Access:
    """Return who may come in, and how often at once; `more` is who may come in otherwise than by a token."""
    bounds = (Buckets(clock, at_once, 0.1), Guesses(clock), Buckets(clock, 5.0, 0.1), Buckets(clock, 20.0, 1.0))
    return Access(tokens, peer_of, *bounds, **more)


@asynccontextmanager
async def serving(
    world: Dependencies, at_once: float = 1000.0, tokens: Mapping[Role, str] = TOKENS, **more: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """Serve a console by the real server, and give a client and the port; `more`: see access."""
    console = make_console(world, access(SystemClock(), tokens, at_once, **more))
    async with listening(console) as (client, port):
        yield client, port


@asynccontextmanager
async def listening(private: ASGIApp) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """Serve pages by the real server, and give a client and the port."""
    clock = SystemClock()
    supervisor = Supervisor(clock, lambda name, error: None)
    pages = Exposition(Metrics("9.9"), clock)
    async with HttpServer("127.0.0.1:0", pages, tuple, supervisor, private=private) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, **LOOPBACK) as client:
            yield client, server.port
