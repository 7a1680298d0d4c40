"""The daemon's one HTTP server: /metrics for Prometheus, /healthz and /readyz for a platform or a human.

Rule 1: it shows health and counters, never the configuration; all else requires a token.
Rule 2: it is bounded (connections, time, header size, methods), and its crash concerns the supervisor alone.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp

from watchdog.daemon.http.http_auth import TokenAuth
from watchdog.daemon.http.http_door import Door, TokenBucket
from watchdog.daemon.http.http_faults import Faults
from watchdog.daemon.http.http_headers import SafeHeaders
from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.http.http_protocol import BoundedProtocol
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.domain.errors import Permanent
from watchdog.ports import Clock

HEADERS_MAX_BYTES = 16_384
REASONS_MAX = 20
REASON_MAX_CHARACTERS = 300
_KEEP_ALIVE_SECONDS = 20
_STOP_SECONDS = 3

Reasons = Callable[[], Sequence[str]]
"""Returns the reasons, as public text; empty when all is well."""

Facts = Callable[[], Mapping[str, Any]]
"""Returns the state of the daemon, as plain data."""


class HttpServer:
    """Serves while the `async with` block lasts. `listen` is `host:port`; port 0 takes a free one, shown by `.port`.

    `private` answers every other path (see `private_app`); `protocol` bounds each connection; `hosts` are accepted
    names beside its address (see `http_hosts.py`). Raises Permanent when the address cannot be used; a `patient` server
    is started all the same, and the supervisor tries the address again.
    """

    def __init__(
        self,
        listen: str,
        metrics: Exposition,
        health: Reasons,
        supervisor: Supervisor,
        *,
        ready: Reasons = tuple,
        degraded: Reasons = tuple,
        private: ASGIApp | None = None,
        protocol: type[BoundedProtocol] = BoundedProtocol,
        hosts: Collection[str] = (),
        patient: bool = False,
    ) -> None:
        self._protocol = protocol
        self._patient = patient
        self._listen = listen
        self._supervisor = supervisor
        self._host, self.port = parse_listen(listen)
        self._app = make_app(Hosts(self._host, hosts), metrics, health, ready, degraded, private)
        self.running: uvicorn.Server | None = None
        self._socket: socket.socket | None = None
        self.why_not_listening = ""

    async def __aenter__(self) -> Self:
        try:
            self._socket = self._bind()
            self.port = self._socket.getsockname()[1]
        except Permanent as error:
            if not self._patient:
                raise
            self.why_not_listening = str(error)
        self._supervisor.start("http-server", self._serve)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._supervisor.end("http-server")
        if self._socket is not None:
            self._socket.close()

    async def _serve(self) -> None:
        # The first run closes the socket at its end: a restart after a crash binds again.
        sock = self._socket or self._bind()
        self._socket = None
        config = uvicorn.Config(
            self._app,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # A client could choose its address by X-Forwarded-For, and evade the limits per address.
            proxy_headers=False,
            h11_max_incomplete_event_size=HEADERS_MAX_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # strangers could fill the log with bad requests
        self.running = server = _Server(config, self._protocol, self._supervisor)
        with contextlib.closing(sock):
            try:
                await server.serve(sockets=[sock])
            except asyncio.CancelledError:
                # uvicorn calls its shutdown only after a regular end of its main loop, not after a cancellation.
                if server.started:
                    await server.shutdown(sockets=[sock])
                raise
        # A return would count as done; an error makes the supervisor start it again.
        raise RuntimeError("the HTTP server stopped unexpectedly")

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms for an ACK
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host, self.port))
        except OSError as error:
            sock.close()
            why = error.strerror or type(error).__name__
            raise Permanent(f"cannot listen on {self._listen}: {why}; choose another metrics.listen") from error
        return sock


class _Server(uvicorn.Server):
    """uvicorn behind `Door`, without its signal handlers: SIGTERM and SIGHUP belong to the daemon."""

    def __init__(self, config: uvicorn.Config, protocol: type[BoundedProtocol], supervisor: Supervisor) -> None:
        super().__init__(config)
        self._protocol = protocol
        self._supervisor = supervisor
        self._doors: list[Door] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on these sockets."""
        # Without sockets: the doors accept, and hand each connection to the loop.
        await super().startup(sockets=[])
        loop = asyncio.get_running_loop()
        # Apart: who keeps connections busy shuts no door.
        first, further = TokenBucket(loop.time), TokenBucket(loop.time)

        def protocol() -> BoundedProtocol:
            made = self._protocol(self.config, self.server_state, self.lifespan.state, loop)
            made.pace = further
            return made

        def enter(one: socket.socket) -> None:
            self._supervisor.spawn("http-connection", _entered(loop.connect_accepted_socket(protocol, one)))

        self._doors = [Door(loop, one, first, enter) for one in sockets or ()]
        for door in self._doors:
            door.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; let answers in progress end."""
        for door in self._doors:
            door.close()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _entered(coming: Coroutine[Any, Any, object]) -> None:
    with contextlib.suppress(OSError):  # gone already
        await coming


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:9090`, `0.0.0.0:9090` or `[::1]:0`. Raises Permanent with an example."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Permanent("not an address to listen on: write host:port, as in 127.0.0.1:9090 or [::1]:9090")
    return host, int(port)


def make_app(
    hosts: Hosts,
    metrics: Exposition,
    health: Reasons,
    ready: Reasons,
    degraded: Reasons = tuple,
    private: ASGIApp | None = None,
) -> ASGIApp:
    """Return the application, which a test can call without a socket. `degraded` reasons leave /readyz at 200."""

    async def show_metrics(request: Request) -> Response:
        body, content_type = await metrics.page(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    async def show_health(request: Request) -> Response:
        return _answer(health)

    async def show_ready(request: Request) -> Response:
        return _answer(ready, degraded)

    public = [Route("/metrics", show_metrics), Route("/healthz", show_health), Route("/readyz", show_ready)]
    app = Starlette(routes=[*public, *([Mount("/", private)] if private is not None else [])])
    app.router.redirect_slashes = False  # the redirect would repeat the Host of the request
    return SafeHeaders(Faults(app), hosts)


def private_app(token: str, clock: Clock, status: Facts) -> ASGIApp | None:
    """Return the paths for the owner of the token, `/status`; None without a token: then there are none."""

    async def show_status(request: Request) -> Response:
        return _json(status())

    return TokenAuth(Router([Route("/status", show_status)], redirect_slashes=False), token, clock) if token else None


def _answer(reasons: Reasons, degraded: Reasons | None = None) -> Response:
    why = _lines(reasons)
    more = {"degraded": _lines(degraded)} if degraded is not None else {}
    return _json({"ok": not why, "reasons": why, **more}, 503 if why else 200)


def _lines(reasons: Reasons) -> list[str]:
    try:
        # Bounded: with hundreds of services in trouble a health check must stay small.
        return [str(reason)[:REASON_MAX_CHARACTERS] for reason in reasons()][:REASONS_MAX]
    except Exception as error:  # noqa: BLE001  a broken check is not a healthy daemon
        return [f"the check itself failed: {type(error).__name__}"]


def _json(content: object, status: int = 200) -> Response:
    """Return JSON in ASCII: foreign text, even half a surrogate pair, cannot fail to be encoded."""
    return Response(json.dumps(content, allow_nan=False), status, media_type="application/json")
