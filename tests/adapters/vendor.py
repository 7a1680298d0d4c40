"""The two fake vendors behind the fixtures `vendor` and `raw`."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

REQUEST_END = b"\r\n\r\n"
HANGS = object()
"""An answer that does not come while the client waits."""


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    """Answers (method, path) with the next of its answers, the last one for ever; 404 for an unknown request."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def say(self, method: str, path: str, *answers: Any) -> None:
        """Set answers: a JSON body, a status, (status, body), (status, body, headers), or a function of the request."""
        self.answers[method, path] = list(answers)

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.seen)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        text = await request.body()
        body = json.loads(text) if text else None
        query = tuple(request.query_params.multi_items())
        self.seen.append(Seen(request.method, request.url.path, query, dict(request.headers), body))
        known = self.answers.get((request.method, request.url.path))
        answer = (404, {"message": "not found"}) if not known else known[0] if len(known) == 1 else known.pop(0)
        if answer is HANGS:
            await receive()
            return
        if callable(answer):
            answer = answer(self.seen[-1])
        await _response(answer)(scope, receive, send)


def _response(answer: Any) -> Response:
    if isinstance(answer, int):
        return Response(status_code=answer)
    status, body, headers = (*answer, {})[:3] if isinstance(answer, tuple) else (200, answer, {})
    if isinstance(body, bytes | str):
        return Response(body, status, headers)
    return JSONResponse(body, status, headers)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawVendor:
    """Runs the next script for each new connection (the last one for ever); counts connections and requests."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._scripts = list(scripts)
        self.url = ""
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        self._server.close()

    async def request(self, reader: asyncio.StreamReader) -> None:
        """Remember the next request, and leave it to the script to be read."""
        head = await reader.readuntil(REQUEST_END)
        length = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
        whole = head + await reader.readexactly(int(length))
        self.requests.append(whole)
        if not reader.at_eof():
            reader.feed_data(whole)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        script = self._scripts[0] if len(self._scripts) == 1 else self._scripts.pop(0)
        try:
            await self.request(reader)
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.ended.set()
            writer.close()
