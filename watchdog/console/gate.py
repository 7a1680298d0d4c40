"""Who may look: the ASGI layer in front of every page and answer.

Rule 1: a stranger gets the same answer for every path, whether it exists or not: the login, or 401 from the API.
Rule 2: tokens are compared in constant time, as bytes; no answer, log line or header repeats what was sent.
Rule 3: after a few failures a peer waits, even with the right token; a good session is not held up by them.
Rule 4: what lies behind is told who asks, as `scope["visitor"]`.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.console.roles import Visitor
from watchdog.console.session import COOKIE, Sessions
from watchdog.console.world import Access
from watchdog.ports import Clock

LOGIN, STATIC = "/login", "/static/"
API = "/api/"


class Gate:
    """Lets through whoever shows a session or the token; answers everybody else."""

    def __init__(self, app: ASGIApp, access: Access, clock: Clock) -> None:
        if not access.tokens or not all(access.tokens.values()):
            raise ValueError("no token: serve nothing instead")
        self._app = app
        self._access = access
        self._clock = clock
        self._sessions = Sessions(access.tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        answer = self._refusal(scope)
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        peer, path, headers = self._access.peer(scope), scope["path"], Headers(scope=scope)
        known = self._sessions.read(session_of(headers), self._clock.now())
        scope["visitor"] = known
        # Behind a proxy all are one peer: strangers must not use up what those who are logged in need.
        counted = f"session {peer}" if known else peer
        wait = self._access.requests.wait_seconds(counted)
        if wait > 0:
            return too_often(wait)
        self._access.requests.take(counted)
        if known or path == LOGIN or path.startswith(STATIC):
            return None
        given = bearer_of(headers)
        if given is not None and path.startswith(API):
            return self._judge(scope, peer, given)
        if path.startswith(API):
            return _unauthorized()
        here = f"?next={quote(path)}" if path != "/" else ""
        return RedirectResponse(f"/login{here}", 303)

    def _judge(self, scope: Scope, peer: str, given: bytes) -> Response | None:
        wait = self._access.failures.wait_seconds(peer)
        if wait > 0:
            return too_often(wait)
        role = self._sessions.role_of(given)
        if role is not None:
            scope["visitor"] = Visitor(role)
            return None
        self._access.failures.take(peer)
        return _unauthorized()


def bearer_of(headers: Headers) -> bytes | None:
    """Return the bearer token of a request; None if there is none, or more than one header."""
    given = headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else None


def session_of(headers: Headers) -> str:
    """Return the session cookie of a request, or nothing."""
    try:
        morsel = SimpleCookie("; ".join(headers.getlist("cookie"))).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def too_often(wait_seconds: float) -> Response:
    """Return the answer to whoever must wait."""
    return JSONResponse(
        {"detail": "too many attempts: wait, then try again"}, 429, headers={"retry-after": f"{int(wait_seconds) + 1}"}
    )


def _unauthorized() -> Response:
    return JSONResponse({"detail": "show the token as Authorization: Bearer"}, 401, {"www-authenticate": "Bearer"})
