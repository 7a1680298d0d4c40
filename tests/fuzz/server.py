"""The daemon's own HTTP server, from the bytes of a connection to the console's pages: none may be a fault."""

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from tests.console.scene import NOW, SETTINGS, TOKENS, StoryClock, fill, story
from tests.fuzz.kinds import Parser, text_of
from tests.fuzz.vendors import LOOP
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.app import make_console
from watchdog.console.auth import oidc_login, session
from watchdog.console.auth.oidc_login import PendingLogins
from watchdog.console.auth.proxy_auth import Proxied, Proxy, Untrusted, proven_name
from watchdog.console.auth.roles import People, Role
from watchdog.console.auth.session import Oidc, Sessions, inside, typed
from watchdog.console.dependencies import Access, Dependencies
from watchdog.daemon.http.http_auth import Buckets, Guesses, peer_of
from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.http.http_protocol import BoundedProtocol
from watchdog.daemon.http.http_server import HEADERS_MAX_BYTES, make_app
from watchdog.daemon.telemetry.exposition import Exposition, format_of
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.events import DeploysListed
from watchdog.domain.store_records import Command
from watchdog.ports import SignIn

KEY = b"f" * 32
PEOPLE = People(frozenset({"ann"}), frozenset({"otto"}), frozenset({"vera"}))
PROXY = Proxy("X-Forwarded-User", (ipaddress.ip_network("127.0.0.1"),), PEOPLE, KEY)
PIECES = 3
"""In so many pieces a connection's bytes come."""


class Provider:
    """Proves whatever the code is: the name is foreign, too."""

    name, issuer = "id.acme.example", "https://id.acme.example"

    async def address(self, attempt: SignIn) -> str:
        return "https://id.acme.example/authorize"

    async def identify(self, attempt: SignIn, code: str) -> str:
        return code


class Transport(asyncio.Transport):
    """A connection whose other end takes everything."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5000), "sockname": ("127.0.0.1", 9464)})
        self.written = bytearray()
        self._closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self._closing = True

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Take all limits."""

    def pause_reading(self) -> None:
        """Nothing more comes, anyway."""

    resume_reading = pause_reading


class Site:
    """The whole application, with a session and a login that were begun."""

    def __init__(self) -> None:
        self.clock = StoryClock()
        store = MemoryStore(self.clock)
        policy, state, incidents = story()
        LOOP.run_until_complete(fill(store, state, incidents))

        async def ask(name: str, arguments: Mapping[str, Any], by: str) -> Command:
            return Command(await store.submit(name, arguments, by), name, arguments, by, done=True, ok=True, answer="y")

        async def listing(name: str) -> DeploysListed:
            return DeploysListed(NOW, name, state.services[name].deploys, state.services[name].facts)

        told = (lambda: policy, lambda: state, lambda: tuple(policy.services))
        world = Dependencies(store, self.clock, *told, ask, listing, lambda: SETTINGS, "9.9")
        free = Buckets(self.clock, 1e9, 1e9)
        oidc = Oidc(Provider(), PEOPLE, KEY)
        access = Access(TOKENS, peer_of, free, Guesses(self.clock), free, free, PROXY, oidc)
        private = make_console(world, access)
        self.app = make_app(Hosts("0.0.0.0"), Exposition(Metrics("9.9"), self.clock), tuple, tuple, private=private)
        cookie = Sessions(TOKENS, oidc).make(Role.APPROVER, "ann", NOW)
        visitor = Sessions(TOKENS, oidc).read(cookie, NOW)
        attempt, pending = PendingLogins(KEY).begin("/", NOW)
        assert visitor is not None
        self.words = {
            b"$SESSION": f"{session.COOKIE}={cookie}".encode(),
            b"$FORM": visitor.form_token.encode(),
            b"$TOKEN": TOKENS[Role.APPROVER].encode(),
            b"$PENDING": f"{oidc_login.COOKIE}={pending}".encode(),
            b"$STATE": attempt.state.encode(),
        }
        self.config = uvicorn.Config(
            self.app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=HEADERS_MAX_BYTES,
        )
        self.config.load()
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # as the server has it

    async def answered(self, data: bytes) -> bytes:
        """Return what a connection is answered that sends this, and then ends."""
        state, transport = ServerState(), Transport()
        one = BoundedProtocol(self.config, state, {})
        one.connection_made(transport)
        size = max(1, -(-len(data) // PIECES))
        for start in range(0, len(data), size):
            if not transport.is_closing():
                one.data_received(data[start : start + size])
        for _ in range(50):  # requests in one piece follow each other
            if not state.tasks:
                break
            await asyncio.wait(state.tasks, timeout=0.05 if one.cycle is not None and one.cycle.more_body else 20.0)
            if one.cycle is not None and one.cycle.more_body:
                break
        one.connection_lost(None)
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=20.0)
        return bytes(transport.written)


_sites = list[Site]()


def http(data: bytes) -> object:
    """Send these bytes to the server; `$SESSION` and its like stand for what only we can make."""
    if not _sites:
        _sites.append(Site())
    for word, value in _sites[0].words.items():
        data = data.replace(word, value)
    answer = LOOP.run_until_complete(_sites[0].answered(data))
    assert b"HTTP/1.1 500" not in answer, answer[:300]
    return answer


def header(data: bytes) -> object:
    """Judge a Host, an Accept, a session, a name that a proxy proves, a path to go to, a name that is typed."""
    text = data.decode("latin-1")
    sessions, proxied = Sessions(TOKENS, Oidc(Provider(), PEOPLE, KEY)), Proxied(PROXY)
    try:
        name = proven_name(data, "the proxy")
        proxied.visitor(name, "")
    except Untrusted as error:
        name = str(error)
    known = Hosts("0.0.0.0").knows(data), Hosts("127.0.0.1").knows(data)
    ascii_text = text_of(data).encode("ascii", "ignore").decode()
    pending = PendingLogins(KEY).read(ascii_text, NOW)
    return [
        name,
        known,
        format_of(text).content_type,
        sessions.read(ascii_text, NOW),
        pending,
        inside(text),
        typed(text),
    ]


SERVER: dict[str, Parser] = {
    "http": Parser(http, longest=32 * 1024, most=400_000),
    "header": Parser(header, longest=16 * 1024, most=2000, times=1),
}
"""Each by its name."""
