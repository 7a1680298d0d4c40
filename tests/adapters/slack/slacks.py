"""The shared parts of the tests of Slack's conversation: a question, a Slack that gives addresses, a socket server."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.adapters.vendor import Vendor
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.ports.chat import ChatQuestion

OPEN = ("POST", "/api/apps.connections.open")
QUESTION = ChatQuestion(
    "web-1", "web", "dep-42", "dep-40", 1000.0, 2000.0, suspect_code="9f3c2ab77", target_code="1b7e0d4"
)
HELLO = {"type": "hello"}


class HastyClock(SystemClock):
    """The real time, with pauses a hundred times shorter."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Sleep a hundredth of it."""
        self.slept.append(seconds)
        await super().sleep(seconds / 100)


Script = Callable[["Socket", ServerConnection], Awaitable[None]]


@dataclass
class Socket:
    """A socket server: each connection is greeted, then served by the next script (the last one for ever)."""

    scripts: list[Script]
    port: int = 0
    greets: bool = True
    counts: object = 1
    paths: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    server: Server | None = None

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        with suppress(ConnectionClosed):
            if self.greets:
                await connection.send(json.dumps({**HELLO, "num_connections": self.counts}))
            await script(self, connection)

    async def ack(self, connection: ServerConnection) -> None:
        self.acked.append(json.loads(await connection.recv())["envelope_id"])


@asynccontextmanager
async def slack(vendor: Vendor, *scripts: Script, greets: bool = True, counts: object = 1) -> AsyncIterator[Socket]:
    """Run a socket server whose addresses the vendor gives out, each once."""
    made = Socket(list(scripts), greets=greets, counts=counts)
    async with serve(made.handle, "127.0.0.1", 0, ping_interval=None) as server:
        made.port = server.sockets[0].getsockname()[1]
        numbers = iter(range(1, 1000))
        vendor.say(*OPEN, lambda seen: {"ok": True, "url": f"ws://127.0.0.1:{made.port}/?ticket=t{next(numbers)}"})
        yield made


def typed(text: str, number: int = 1, **more: Any) -> dict[str, Any]:
    payload = {"text": text, "user_id": "U0AAA", "user_name": "ann", "response_url": "http://127.0.0.1:1/x", **more}
    return {"type": "slash_commands", "envelope_id": f"e{number}", "payload": payload}


def pressed(action: str, value: str, **more: Any) -> dict[str, Any]:
    payload = {
        "type": "block_actions",
        "user": {"id": "U0AAA", "username": "ann"},
        "response_url": "http://127.0.0.1:1/x",
        "actions": [{"action_id": f"watchdog_{action}", "value": value}],
        **more,
    }
    return {"type": "interactive", "envelope_id": "e1", "payload": payload}


async def for_ever(socket: Socket, connection: ServerConnection) -> None:
    async for _ in connection:
        pass
