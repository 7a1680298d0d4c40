"""Sockets: one listener per port, whose door can really be shut, and connections that can really be cut.

Rule 1: every socket binds 127.0.0.1, port 0; the number is then kept while the listener is shut.
Rule 2: shut means the kernel refuses the connection, not that we answer an error.
"""

import asyncio
import contextlib
import json
import socket
import struct
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST = "127.0.0.1"
TRANSPORT = "watchdog.transport"
BODY_LIMIT_BYTES = 1024 * 1024


class BodyTooLarge(Exception):
    """The request is larger than anything a client of ours should send; the answer is 413."""


def reserve(port: int = 0) -> socket.socket:
    """Return a socket bound to a loopback port, not listening yet. A second one may share the port."""
    # With the protocol named, asyncio turns Nagle's delay off; else each answer costs 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((HOST, port))
    sock.setblocking(False)
    return sock


class WithTransport:
    """Let the application below reach the connection it answers on (uvicorn's `send` belongs to its request cycle)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its connection in the scope."""
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.closing:
                raise  # the world ends: nobody waits for this answer any more


def cut(scope: Scope) -> None:
    """Break the connection of a request without a word: the client sees a reset."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is None:
        raise RuntimeError("this request did not come through a Listener; there is no connection to cut")
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def is_cut(scope: Scope) -> bool:
    """Say whether the connection of a request is gone."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    return transport is not None and transport.is_closing()


async def dropped(request: Request) -> Response:
    """Cut the connection and return an answer that nobody will get."""
    cut(request.scope)
    await asyncio.sleep(0)
    return Response(status_code=500)


async def read_body(request: Request) -> bytes:
    """Return the request's body, at most BODY_LIMIT_BYTES long. Raises BodyTooLarge."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            raise BodyTooLarge
    return body


async def json_of(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, empty if there is none. Raises BodyTooLarge."""
    try:
        body = json.loads(await read_body(request) or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


class Listener:
    """An application on a port of its own. `open` and `shut` may alternate; the port stays the same."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = WithTransport(app)
        self._placeholder = reserve()
        self.port: int = self._placeholder.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._server: uvicorn.Server | None = None

    @property
    def is_open(self) -> bool:
        """Say whether connections are accepted."""
        return self._server is not None

    async def open(self) -> None:
        """Begin to listen. Only the parts of uvicorn's server without signal handlers and tick task are used."""
        if self._server is not None:
            return
        config = uvicorn.Config(
            self._app,
            http=H11Protocol,
            ws="auto",  # Slack's socket, where the extra `slack` brings a library for it; else there is none
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[reserve(self.port)])
        self._server = server

    def shut(self) -> None:
        """Stop listening and break every connection; what is in hand is lost, as when a process dies."""
        server, self._server = self._server, None
        if server is None:
            return
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()

    async def close(self) -> None:
        """Shut for good, wait for the requests in hand to end, and give the port back."""
        tasks = list(self._server.server_state.tasks) if self._server else []
        self._app.closing = True
        self.shut()
        self._placeholder.close()
        await asyncio.sleep(0)  # let the connections notice
        for task in tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await asyncio.gather(*tasks, return_exceptions=True)


async def gone(receive: Receive) -> None:
    """Return when the client has given up: what a hanging handler waits for."""
    while (await receive())["type"] != "http.disconnect":
        pass
