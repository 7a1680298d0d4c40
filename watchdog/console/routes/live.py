"""The pulse of all services for an open page: as JSON once, or as server-sent events while it changes.

Theory. An event says only that something changed, and the words of the tab; the page then asks for itself, as it does
every few seconds anyway. So a browser that gets no stream (too many are open, or a proxy buffers) lacks only speed.

Rule 1: at most STREAMS_MAX streams: each takes one of the server's places; one person has at most SHARE_MAX of them, so
that the tabs of one do not lock out the others. A person is a proven name, else a session, else an address.
Rule 2: a stream ends with its session's logout, and after LASTS_SECONDS: the browser asks again, and is checked again.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from watchdog.console.auth import session
from watchdog.console.auth.cookies import cookie_of
from watchdog.console.auth.roles import Visitor, Way
from watchdog.console.dependencies import Access
from watchdog.console.queries.pulse import ICONS, Pulse
from watchdog.console.render.rendering import addresses
from watchdog.ports import Clock

LIVE = "/live"
STREAMS_MAX, SHARE_MAX = 16, 4
TICK_SECONDS, BEAT_SECONDS, LASTS_SECONDS = 1.0, 15.0, 600.0
STREAM = "text/event-stream"
ENDLESS = "watchdog.endless"
"""Marks the scope of a request whose answer ends only with its connection: the server does not wait for it."""


class Live:
    """Serves the pulse; counts the open streams of each person."""

    def __init__(self, pulse: Callable[[], Awaitable[Pulse]], access: Access, clock: Clock) -> None:
        self._pulse = pulse
        self._access = access
        self._clock = clock
        self.streams: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route(LIVE, self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        wanted = STREAM in request.headers.get("accept", "") and request.method == "GET"
        shown = cookie_of(request, session.COOKIE, self._access.url)
        person = self._person(request, shown)
        # Without a place the answer is JSON: a browser's EventSource takes that as a refusal, and the page polls.
        if not wanted or self.streams.total() >= STREAMS_MAX or self.streams[person] >= SHARE_MAX:
            return JSONResponse(_json_object(await self._pulse()))
        request.scope[ENDLESS] = True
        return _Stream(self, person, self._events(shown))

    def _person(self, request: Request, shown: str) -> str:
        visitor: Visitor = request.scope["visitor"]
        if visitor.way is not Way.TOKEN:
            return f"name {visitor.name}"
        # Behind a proxy all people have one address; a browser has one session for all of its tabs.
        return f"session {shown}" if shown else f"address {self._access.peer(request.scope)}"

    async def _events(self, shown: str) -> AsyncIterator[str]:
        async for one in self.changes(lambda: shown in self._access.ended):
            yield f"data: {json.dumps(one)}\n\n"

    async def changes(self, over: Callable[[], bool]) -> AsyncIterator[dict[str, Any]]:
        """Yield the pulse at once, when it changes, and every BEAT_SECONDS, until it is over or LASTS_SECONDS old."""
        begin = self._clock.monotonic()
        said, said_at = None, begin
        while self._clock.monotonic() - begin < LASTS_SECONDS and not over():
            pulse, now = await self._pulse(), self._clock.monotonic()
            if pulse != said or now - said_at >= BEAT_SECONDS:
                said, said_at = pulse, now
                yield _json_object(pulse)
            await self._clock.sleep(TICK_SECONDS)


class _Stream(StreamingResponse):
    """A stream that holds its place from its begin, so that a burst of requests takes no more than there are."""

    def __init__(self, live: Live, person: str, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type=STREAM, headers={"x-accel-buffering": "no"})
        self._live, self._person = live, person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._live.streams[self._person] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._live.streams -= Counter({self._person: 1})  # which drops a person without a stream


def _json_object(pulse: Pulse) -> dict[str, Any]:
    return {**asdict(pulse), "icon": addresses()[ICONS[pulse.state]]}
