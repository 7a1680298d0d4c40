"""OpenID Connect login: the browser is redirected to the provider, and comes back with a code.

Rule 1: the returning browser is the one we redirected: a signed cookie of ours proves it, which lives for ten minutes.
`state`, `nonce` and the PKCE verifier are derived from the cookie; none of them stands in it.
Rule 2: a refused person reads the reason in our words; no submitted value is repeated, and the log has the details.
Rule 3: a login ends in a session like any other. The page that sets its cookie redirects by itself: a browser arriving
straight from another site does not send a SameSite=Strict cookie.
Rule 4: the daemon sends the provider one code per attempt, with our client secret. After many invalid codes the next
ones wait for a second or so, and no longer: behind a proxy all clients share one address, and a code cannot be guessed.
The client bounds how many codes it exchanges at once; `Access.loud` limits the log.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from urllib.parse import quote

import structlog
from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchdog.console.auth import session
from watchdog.console.auth.cookies import cookie_of, put_cookie
from watchdog.console.auth.proxy_auth import Untrusted, proven_name
from watchdog.console.auth.session import Oidc, Sessions
from watchdog.console.dependencies import Access
from watchdog.console.render.rendering import Renderer
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock, SignIn

COOKIE = "watchdog_console_login"
BEGIN, BACK = "/login/oidc", "/login/oidc/callback"
LIFE_SECONDS = 600.0
CODE = re.compile(r"[\x20-\x7e]{1,3000}")
"""The alphabet of a code (RFC 6749), with a bound on its length."""
SPENT_MAX = 4096
DENIED = ("access_denied", "login_required", "interaction_required", "consent_required", "server_error")
"""Error codes of a provider that we show as they are; any other is replaced."""

log = structlog.get_logger("watchdog")

Problem = Callable[[Request, int, str, str, float], Response]
"""Renders the login page with a problem: status, text, path to open afterwards, seconds to wait."""


class NotProven(Exception):
    """The login did not prove an identity; `status` is the HTTP status, the text the reason that the person reads."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class PendingLogins:
    """Makes and reads the cookie of an attempt; every worker can.

    No worker stores a login under way. `begin` draws a seed, and puts it with expiry and destination into a signed
    cookie. `state`, `nonce` and the PKCE verifier are HMACs of the seed, so that any worker derives them again when the
    browser returns. Only used attempts are remembered, each by the worker that used it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # Bounded, since anyone may begin any number of logins.
        self._spent: LRUCache[str, None] = LRUCache(SPENT_MAX)

    def begin(self, after: str, now: float) -> tuple[SignIn, str]:
        """Return a new attempt and its cookie; `after` is where it leads, `now` UTC epoch seconds."""
        seed = secrets.token_urlsafe(24)
        said = f"{int(now + LIFE_SECONDS)}.{seed}.{base64.urlsafe_b64encode(after.encode()).decode().rstrip('=')}"
        return self._attempt(seed), f"{said}.{self._sign('cookie', said)}"

    def read(self, cookie: str, now: float) -> tuple[SignIn, str] | None:
        """Return the attempt and the path to open afterwards; None if the cookie is not ours or has expired."""
        said, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("cookie", said).encode()):
            return None
        # We signed it, so it has three parts: no dot is in the alphabet of base64url.
        end, seed, after = said.split(".")
        # The upper bound rejects a cookie signed by a worker whose clock ran far ahead.
        if not now < float(end) <= now + 2 * LIFE_SECONDS:
            return None
        try:
            return self._attempt(seed), base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def spend(self, attempt: SignIn) -> bool:
        """Return whether this is the first code of an attempt; the provider receives one code per attempt."""
        # Per worker only: a code that is sent twice through two workers is refused by the provider itself.
        if attempt.state in self._spent:
            return False
        self._spent[attempt.state] = None
        return True

    def _attempt(self, seed: str) -> SignIn:
        # One seed, three words that reveal neither it nor each other: `state` and `nonce` are sent in clear.
        return SignIn(*(self._sign(what, seed) for what in ("state", "nonce", "verifier")))

    def _sign(self, what: str, said: str) -> str:
        return hmac.new(self._key, f"watchdog console login {what}\n{said}".encode(), hashlib.sha256).hexdigest()


def signing_in_routes(access: Access, oidc: Oidc, renderer: Renderer, clock: Clock, problem: Problem) -> list[Route]:
    """Return the two routes: to the provider, and back from it."""
    attempts, sessions = PendingLogins(oidc.key), Sessions(access.tokens, oidc)
    provider = oidc.provider

    async def begin(request: Request) -> Response:
        # Checked before it is signed: else our own cookie would vouch for a redirect to another site.
        after = session.inside(request.query_params.get("next", "/"))
        attempt, cookie = attempts.begin(after, clock.now())
        try:
            address = await provider.address(attempt)
        except (Temporary, Permanent) as error:
            _no_help(access, provider.name, error)
            return problem(
                request, 503, f"{provider.name} does not answer as it should: try again in a moment.", after, 0
            )
        answer = RedirectResponse(address, 303)
        # Lax, not Strict: the browser comes back from the provider's site, and must bring this cookie.
        put_cookie(answer, request, COOKIE, cookie, access.url, max_age=int(LIFE_SECONDS), samesite="lax")
        return answer

    async def back(request: Request) -> Response:
        found = attempts.read(cookie_of(request, COOKIE, access.url), clock.now())
        after = found[1] if found is not None else "/"
        try:
            answer = _let_in(request, await _name(request, access, oidc, attempts, found and found[0]), after)
        except NotProven as error:
            if error.status == 403 and access.loud("oidc", access.peer(request.scope)):
                log.warning("console login refused", provider=provider.name, why=str(error))
            answer = problem(request, error.status, str(error), after, 0)
        # Whether it worked or not, the attempt is over: delete its cookie.
        put_cookie(answer, request, COOKIE, "", access.url, samesite="lax")
        # The address holds the code: no link on this page may leak it.
        answer.headers["referrer-policy"] = "no-referrer"
        return answer

    def _let_in(request: Request, name: str, after: str) -> Response:
        role = oidc.people.role_of(name)
        if role is None:
            if access.loud("stranger", name):
                log.warning("console login refused, no role", name=name, way="oidc")
            said = (
                f"You are {name} at {provider.name}, and that name has no role here. Ask the operators of the watchdog."
            )
            return renderer.page(request, "closed.html", {"title": "No role", "problem": said, "again": True}, 403)
        log.info("console login", name=name, role=role.value, way="oidc")
        answer = renderer.page(request, "signed_in.html", {"after": after, "name": name})
        value = sessions.prove(name, clock.now())
        lasts = int(session.LIFE_SECONDS)
        put_cookie(answer, request, session.COOKIE, value, access.url, max_age=lasts)
        return answer

    return [Route(BEGIN, begin, methods=["GET"]), Route(BACK, back, methods=["GET"])]


def _no_help(access: Access, name: str, error: Exception) -> None:
    """Log that the provider fails, rate-limited: logins begun during its outage do not fill the log."""
    if access.loud("oidc no help"):
        log.warning("login provider unavailable", provider=name, why=str(error))


async def _name(request: Request, access: Access, oidc: Oidc, attempts: PendingLogins, attempt: SignIn | None) -> str:
    """Return the proven name of the returning person. Raises NotProven."""
    name, given = oidc.provider.name, _once(request, "state", "code", "iss", "error")
    # State first: without it any site could start a login in this browser (login CSRF).
    if attempt is None or not hmac.compare_digest(given["state"].encode(), attempt.state.encode()):
        raise NotProven(400, "This login was not begun in this browser, or too long ago. Begin again here.")
    # RFC 9207: an answer of another issuer is a mix-up attack.
    # Missing is allowed: a provider need not send it.
    if given["iss"] not in ("", oidc.provider.issuer):
        raise NotProven(400, f"This answer was not sent by {name} (iss).")
    if given["error"]:
        # Our own constant is shown, never the parameter, whose text may come from a stranger.
        said = next((one for one in DENIED if one == given["error"]), "an error")
        raise NotProven(403, f"{name} refused the login ({said}).")
    if not CODE.fullmatch(given["code"]):
        raise NotProven(400, f"{name} sent no code.")
    peer = access.peer(request.scope)
    if access.codes.wait_seconds(peer) > 0:
        raise NotProven(429, "Too many logins from here failed. Wait a few seconds, then begin again.")
    # Spent before the exchange, not after: two parallel callbacks must not send the same code twice.
    if not attempts.spend(attempt):
        raise NotProven(400, "This login was used already. Begin again here.")
    try:
        # "surrogatepass": a lone surrogate must reach `proven_name`, which rejects it, instead of raising here.
        return proven_name(
            (await oidc.provider.identify(attempt, given["code"])).encode("utf-8", "surrogatepass"), name
        )
    except Temporary as error:
        _no_help(access, name, error)
        raise NotProven(503, f"{name} does not answer as it should: try again in a moment.") from None
    except Permanent as error:
        # Counted only when the provider itself refuses the code: its outage must not throttle people.
        access.codes.take(peer)
        raise NotProven(403, f"{name} proves no identity: {error}.") from None
    except Untrusted as error:
        raise NotProven(403, f"{error}.") from None


def _once(request: Request, *names: str) -> dict[str, str]:
    """Return each parameter, empty if it is missing. Raises NotProven for a parameter that came twice."""
    given = {name: request.query_params.getlist(name) for name in names}
    if any(len(values) > 1 for values in given.values()):
        raise NotProven(400, "This answer repeats a parameter.")
    return {name: values[0] if values else "" for name, values in given.items()}


def way_there(after: str) -> str:
    """Return the link that begins a login."""
    return f"{BEGIN}?next={quote(after)}" if after != "/" else BEGIN
