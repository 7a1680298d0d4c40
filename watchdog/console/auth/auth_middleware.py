"""Authentication: the ASGI layer in front of every page and API route.

Rule 1: an unauthenticated client gets the same answer for every path, whether it exists or not: the login page, or 401
from the API.
Rule 2: tokens are compared in constant time, as bytes; no answer, log line or header repeats a submitted value.
Rule 3: the session or token is compared before any rate limit: refused clients never delay a client with a valid one.
The same holds for a token typed into the login form: `login.py` compares it, then counts the sender. The empty form is
never refused, and requests for its static files are counted apart, because attackers may share one address (a proxy's)
with real users. Wrong tokens are throttled by source address and by their first bytes.
Rule 4: the application behind reads the visitor from `scope["visitor"]`. The name that the proxy proves wins over any
token or session in the same request.
"""

from dataclasses import dataclass
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.console.auth import proxy_auth, session
from watchdog.console.auth.cookies import cookie_of, put_cookie
from watchdog.console.auth.csrf_forms import kept_query
from watchdog.console.auth.oidc_login import BACK, BEGIN
from watchdog.console.auth.proxy_auth import Proxied, Untrusted
from watchdog.console.auth.roles import Visitor, Way
from watchdog.console.auth.session import LIFE_SECONDS, Sessions
from watchdog.console.dependencies import Access
from watchdog.console.render.json_response import refusal
from watchdog.console.render.rendering import Renderer
from watchdog.docs.places import ROLES, SIGN_IN
from watchdog.domain.commands.human_command import Role
from watchdog.ports import Clock

LOGIN, STATIC = "/login", "/static/"
API = "/api/"

log = structlog.get_logger("watchdog")


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of the check: an answer to send at once, or None to let the request through; a cookie to set with
    it."""

    answer: Response | None = None
    cookie: str = ""


class AuthMiddleware:
    """Lets a request through with a valid session, token or proxy login; answers every other request itself.

    The checks run in this order: the proxy's header (403 if it is not trusted), else the session's cookie, else the
    bearer token. Then comes the rate limit of the class that the request belongs to: person, session, token, or
    stranger. Only then a stranger gets the login page, or 401."""

    def __init__(self, app: ASGIApp, access: Access, clock: Clock, renderer: Renderer) -> None:
        # An empty token would admit every client that sends none.
        if not (access.tokens or access.proxy or access.oidc) or not all(access.tokens.values()):
            # Raised, not logged: a console that anyone may enter is worse than none.
            raise ValueError("no role is configured: serve nothing instead")
        self._app = app
        self._access = access
        self._clock = clock
        self._renderer = renderer
        self._sessions = Sessions(access.tokens, access.oidc)
        self._open = {LOGIN, *((BEGIN, BACK) if access.oidc is not None else ())}
        self._proxied = Proxied(access.proxy) if access.proxy is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        judged = self._judge(scope)
        setting = self._setting(scope, send, judged.cookie) if judged.cookie else send
        await (judged.answer or self._app)(scope, receive, setting)

    def _judge(self, scope: Scope) -> Judged:
        headers = Headers(scope=scope)
        if self._proxied is not None:
            try:
                name = self._proxied.name_of(scope, headers)
            except Untrusted as error:
                return Judged(self._untrusted(self._access.peer(scope), str(error)))
            if name:
                return self._known_to_the_proxy(self._proxied, name, scope, headers)
        return Judged(self._refusal(scope, headers))

    def _known_to_the_proxy(self, way: Proxied, name: str, scope: Scope, headers: Headers) -> Judged:
        path = scope["path"]
        # A person proven by the proxy is counted by name: all requests come from the proxy's one address.
        wait = self._access.busy(f"user {name}")
        if wait > 0:
            return Judged(too_often(wait))
        page = scope["method"] in ("GET", "HEAD") and not path.startswith((API, STATIC))
        bound = way.bind(
            name,
            cookie_of(Request(scope), proxy_auth.COOKIE, self._access.url),
            self._clock.now(),
            asks_for_a_page=page,
        )
        scope["visitor"] = way.visitor(name, bound.word)
        # Files of the layout are let through: the page of the refusal needs its style sheet.
        if scope["visitor"] is None and not path.startswith(STATIC):
            return Judged(self._without_a_role(scope, name))
        # A person known to the proxy has nothing to log in to here.
        return Judged(RedirectResponse("/", 303)) if path == LOGIN else Judged(cookie=bound.cookie)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        peer, path = self._access.peer(scope), scope["path"]
        shown = cookie_of(Request(scope), session.COOKIE, self._access.url)
        # The session is compared before any token, and both before the rate limit (rule 3).
        known = self._sessions.read(shown, self._clock.now()) if shown not in self._access.ended else None
        # Only the API takes tokens: a form needs the word of its session, and a bearer token has none.
        given = bearer_of(headers) if known is None and path.startswith(API) else None
        program = self._program(given) if given is not None else None
        scope["visitor"] = program or known
        # Behind a proxy all clients are one peer: strangers must not use up the limit of people with a session.
        stranger = f"file {peer}" if path.startswith(STATIC) else peer
        who = f"session {peer}" if known else f"token {peer}" if program else stranger
        # The login counts its own requests: the page apart from submitted forms.
        wait = self._access.busy(who) if path != LOGIN else 0.0
        if wait > 0:
            return too_often(wait)
        if scope["visitor"] or path in self._open or path.startswith(STATIC):
            return None
        if given is not None:
            return self._wrong(peer, given)
        if path.startswith(API):
            return _unauthorized()
        kept = kept_query(scope["query_string"].decode("latin-1"))
        there = f"{path}?{kept}" if kept else path
        here = f"?next={quote(there)}" if there != "/" else ""
        return RedirectResponse(f"/login{here}", 303)

    def _program(self, token: bytes) -> Visitor | None:
        """Return the program that a bearer token stands for: one with a role, or an assistant; else None."""
        role, assistant = self._sessions.role_of(token), self._access.assistant
        if role is None and assistant is not None and assistant.owns(token):
            return Visitor(Role.VIEWER, way=Way.ASSISTANT)
        return Visitor(role) if role is not None else None

    def _wrong(self, peer: str, token: bytes) -> Response:
        wait = self._access.guesses.wait_seconds(peer, token)
        # A throttled guess is answered before it is counted: retries during the wait do not make it longer.
        if wait > 0:
            return too_often(wait)
        self._access.guesses.take(peer, token)
        if self._access.loud("wrong token", peer):
            log.warning("console token refused", peer=peer)
        return _unauthorized()

    def _untrusted(self, peer: str, why: str) -> Response:
        """Refuse a request that claims a proxy login without being entitled to; the log line is rate-limited."""
        wait = self._access.busy(peer)
        if wait > 0:
            return too_often(wait)
        if self._access.loud("untrusted", peer):
            log.warning("console request with foreign identity headers refused", peer=peer, why=why)
        return refusal(f"refused: {why}", 403, SIGN_IN)

    def _without_a_role(self, scope: Scope, name: str) -> Response:
        if self._access.loud("stranger", name):
            log.warning("console login refused, no role", name=name, way="proxy")
        if scope["path"].startswith(API):
            return refusal("you are logged in at the proxy, and have no role here", 403, ROLES)
        said = f"You are {name} at the proxy, and that name has no role here. Ask the operators of the watchdog."
        return self._renderer.page(
            Request(scope), "closed.html", {"title": "No role", "problem": said, "again": False}, 403
        )

    def _setting(self, scope: Scope, send: Send, cookie: str) -> Send:
        """Return a `send` that adds the cookie which binds forms to this browser."""
        made = Response()
        # Twice its window: `bind` accepts the cookie of one window in the next as well.
        url, lasts = self._access.url, int(2 * LIFE_SECONDS)
        put_cookie(made, Request(scope), proxy_auth.COOKIE, cookie, url, max_age=lasts)

        async def send_with_it(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", made.headers["set-cookie"])
            await send(message)

        return send_with_it


def bearer_of(headers: Headers) -> bytes | None:
    """Return the bearer token of a request; None if there is none, or more than one header."""
    given = headers.getlist("authorization")
    # Two headers are ambiguous: a proxy in front might have checked the other one.
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    # Starlette decodes headers as latin-1: these are the bytes that were sent.
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else None


def too_often(wait_seconds: float) -> Response:
    """Return 429 with the number of seconds to wait."""
    # Rounded up: a client that waits a fraction too short would be refused again.
    wait = {"retry-after": f"{int(wait_seconds) + 1}"}
    return refusal("too many attempts: wait, then try again", 429, headers=wait)


def _unauthorized() -> Response:
    return refusal("show the token as Authorization: Bearer", 401, headers={"www-authenticate": "Bearer"})
