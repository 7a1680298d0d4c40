"""The login page: the token once, then a session in a cookie that no script can read and no other site can send.

Rule 1: the token is compared first, and right ones are counted apart: strangers who share an address with people
(behind a proxy all do) cannot lock out a person with the right one.
Rule 2: the empty form is never refused. A client that requests it too often gets a cached copy, which leads to the
first page and costs next to nothing.
"""

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchdog.console.auth.auth_middleware import LOGIN, too_often
from watchdog.console.auth.cookies import cookie_of, put_cookie
from watchdog.console.auth.csrf_forms import is_from_elsewhere, read_form
from watchdog.console.auth.oidc_login import signing_in_routes, way_there
from watchdog.console.auth.roles import Way
from watchdog.console.auth.session import COOKIE, LIFE_SECONDS, Sessions, inside, typed
from watchdog.console.dependencies import Access
from watchdog.console.render.rendering import Renderer
from watchdog.domain.commands.human_command import Role
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock

log = structlog.get_logger("watchdog")


class _Page:
    """The page of the login."""

    def __init__(self, access: Access, renderer: Renderer) -> None:
        self._given = {"tokens": bool(access.tokens), "proxy": access.proxy is not None}
        self._oidc = access.oidc
        self._renderer = renderer
        self._plain = b""

    def made(self, request: Request, status: int, problem: str, after: str, wait: float = 0.0) -> Response:
        """Return the login page with the problem to show, if any, and a path of ours to open afterwards."""
        answer = self._renderer.page(request, "login.html", self._values(problem, after), status)
        if wait:
            answer.headers["retry-after"] = f"{int(wait) + 1}"
        return answer

    def plain(self) -> Response:
        """Return the cached copy of the page."""
        # Drawn once: the empty form is never refused, so it must cost next to nothing.
        if not self._plain:
            self._plain = self._renderer.body("login.html", {"path": LOGIN, "me": None, **self._values("", "/")})
        return Response(self._plain, media_type="text/html; charset=utf-8")

    def _values(self, problem: str, after: str) -> Mapping[str, object]:
        to, name = inside(after), self._oidc and self._oidc.provider.name
        return {**self._given, "after": to, "oidc": name, "way_there": way_there(to), "problem": problem}


def login_routes(access: Access, renderer: Renderer, clock: Clock) -> list[Route]:
    """Return the routes for login and logout."""
    sessions, oidc = Sessions(access.tokens), access.oidc
    form_page = _Page(access, renderer)
    page = form_page.made

    async def show(request: Request) -> Response:
        if access.busy(f"form {access.peer(request.scope)}") > 0:
            return form_page.plain()
        return page(request, 200, "", request.query_params.get("next", "/"))

    async def enter(request: Request) -> Response:
        form, peer = await read_form(request), access.peer(request.scope)
        # Stripped: a token that is pasted often brings a blank or a line break along.
        token, after = form.get("token", "").strip().encode(), form.get("next", "/")
        # Compare first, count afterwards: wrong tokens from a shared address cannot use up the right one's budget.
        role = sessions.role_of(token)
        wait = access.busy(_counted_as(peer, role))
        if wait > 0:
            return too_often(wait)
        if is_from_elsewhere(request):
            return page(request, 403, "This login came from another site. Enter the token here.", "/")
        if role is None:
            status, problem, wait = _wrong(access, peer, token)
            return page(request, status, problem, after, wait)
        answer = RedirectResponse(inside(after), 303)
        value = sessions.make(role, form.get("name", ""), clock.now())
        put_cookie(answer, request, COOKIE, value, access.url, max_age=int(LIFE_SECONDS))
        log.info("console login", name=typed(form.get("name", "")), role=role.value, way="console")
        return answer

    async def leave(request: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        # Another site could log people out: ignore its form, and answer as if it had worked.
        visitor = request.scope["visitor"]
        if not is_from_elsewhere(request):
            # A person proven by the proxy has no session here: the cookie is empty or unchecked, and ends nothing.
            if visitor.way is not Way.PROXY:
                access.ended.end(cookie_of(request, COOKIE, access.url))
            put_cookie(answer, request, COOKIE, "", access.url)
            log.info("console logout", by=visitor.by)
        return answer

    return [
        Route("/login", show, methods=["GET"]),
        Route("/login", enter, methods=["POST"]),
        Route("/logout", leave, methods=["POST"]),
        *(signing_in_routes(access, oidc, renderer, clock, page) if oidc is not None else ()),
    ]


def _counted_as(peer: str, role: Role | None) -> str:
    """Return the key under which a login attempt is counted: valid tokens apart from all others of that address."""
    return peer if role is None else f"login {peer}"


def _wrong(access: Access, peer: str, token: bytes) -> tuple[int, str, float]:
    """Return status, problem and seconds to wait for a wrong token; count it unless the address is throttled
    already."""
    wait = access.guesses.wait_seconds(peer, token)
    if wait > 0:
        return 429, f"Too many attempts: wait {show_seconds(int(wait) + 1)}.", wait
    access.guesses.take(peer, token)
    if access.loud("wrong token", peer):
        log.warning("console token refused", peer=peer)
    return 401, "That is not the token.", 0.0
