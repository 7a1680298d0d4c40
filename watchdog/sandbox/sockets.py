"""Sockets: one listener per port, which can really refuse connections, and connections that can really be reset.

Rule 1: every socket binds 127.0.0.1, port 0; the listener then keeps its port number while it is shut.
Rule 2: shut means that the kernel refuses the connection, not that the application answers an error.
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
    """The request body exceeds BODY_LIMIT_BYTES, more than the daemon ever sends; the answer is 413."""


def reserve(port: int = 0) -> socket.socket:
    """Return a socket bound to a loopback port, not listening yet. A second one may share the port."""
    # With the protocol named, asyncio turns Nagle's delay off; else each answer costs 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Lets the listening socket share the port with the placeholder that keeps it while the listener is shut.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((HOST, port))
    sock.setblocking(False)
    return sock


class WithTransport:
    """Gives the application access to its connection (uvicorn's `send` is a method of the request cycle)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its connection in the scope."""
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            # `close` cancels requests whose clients are gone: they just end. Any other cancellation must pass on.
            if not self.closing:
                raise


def cut(scope: Scope) -> None:
    """Abort the connection of a request: the client sees a reset (RST)."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is None:
        raise RuntimeError("this request did not come through a Listener; there is no connection to cut")
    sock = transport.get_extra_info("socket")
    # SO_LINGER with a timeout of 0 makes close() send RST instead of FIN.
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def is_cut(scope: Scope) -> bool:
    """Return whether the connection of a request is gone."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    return transport is not None and transport.is_closing()


async def dropped(request: Request) -> Response:
    """Cut the connection and return a placeholder answer, which never reaches the client."""
    cut(request.scope)
    # One turn of the loop, in which the server notices the abort and drops the answer below.
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
    """An application on a port of its own. `open` and `shut` may alternate; the port stays the same.

    A second socket, bound but not listening, holds the port all the time (SO_REUSEPORT). Without it another process
    could take the port while the listener is shut.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = WithTransport(app)
        self._placeholder = reserve()
        self.port: int = self._placeholder.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._server: uvicorn.Server | None = None

    @property
    def is_open(self) -> bool:
        """Return whether connections are accepted."""
        return self._server is not None

    async def open(self) -> None:
        """Start listening, with the parts of uvicorn's server that need no signal handlers and no tick task."""
        if self._server is not None:
            return
        config = uvicorn.Config(
            self._app,
            http=H11Protocol,
            # For Slack's socket, if the extra `slack` has installed a websocket library.
            ws="auto",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
        )
        # Not serve(): it would install signal handlers, which belong to the program around the sandbox.
        config.load()
        server = uvicorn.Server(config)
        # serve() would set this attribute; startup() and shutdown() need it.
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[reserve(self.port)])
        self._server = server

    def shut(self) -> None:
        """Stop listening and abort every connection; requests in progress are lost, as when a process dies."""
        server, self._server = self._server, None
        if server is None:
            return
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()

    async def close(self) -> None:
        """Shut for good, wait at most 2 s for the requests in progress to end, and release the port."""
        tasks = list(self._server.server_state.tasks) if self._server else []
        self._app.closing = True
        self.shut()
        self._placeholder.close()
        # One turn of the loop, in which the aborted connections notice their end.
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await asyncio.gather(*tasks, return_exceptions=True)


async def gone(receive: Receive) -> None:
    """Return when the client has disconnected; hanging handlers wait for this."""
    while (await receive())["type"] != "http.disconnect":
        pass
