"""The console of `watchdog demo --console`: more services to look at, a token of this run, and links that log in once.

Rule 1: the token is drawn anew for each run and stands in the run's own folder alone; it opens the simulated cloud's
console on the loopback address, and ends with the demo.
Rule 2: a link is good for one login within ten minutes: addresses stay in histories and logs.
"""

import hmac
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.app.compose.composition import App
from watchdog.app.compose.console_identity import access_of
from watchdog.app.compose.daemon_run import pages_of, server_of
from watchdog.domain.commands.human_command import Role
from watchdog.domain.reports import DemoConsole
from watchdog.ports import Clock

VARIABLE = "WATCHDOG_CONSOLE_TOKEN"
MORE_SITES = 3
ENTER, LINK_SECONDS = "/enter/", 600.0
NAME = "you"
"""The name of the session that the link opens."""
SERVICES = """\
  api:
    render: srv-api
    mode: assist
    signals:
      health: {{http: "{api}/healthz", json: {{"$.status": ok}}}}
      items:  {{latency: "{api}/api/test", p95: 800ms}}
  checkout:
    render: srv-s01
    mode: autonomous
    veto: 60s
    signals:
      pay:    {{http: "{s01}/", contains: "</html>"}}
      prices: {{latency: "{s01}/api/test", p95: 800ms}}
  search:
    render: srv-s02
    mode: observe
    signals: {{home: {{http: "{s02}/", contains: "</html>"}}}}
  accounts:
    render: srv-s03
    mode: observe
    signals: {{login: {{http: "{s03}/", contains: "</html>"}}}}
  jobs:
    render: srv-jobs
    mode: observe
    signals: {{events: {{render_events: default}}}}
"""
"""Services beside web, in each mode."""
PAGES = """\
console: {enabled: true}
status_pages:
  shop:
    title: Acme shop
    services: [web, api, checkout]
    names: {web: Web shop, api: Programming interface, checkout: Checkout}
"""


def services_yaml(urls: Mapping[str, Any]) -> str:
    """Return the lines of configuration for the services beside web."""
    return SERVICES.format(**urls["sites"])


def give_token(folder: Path) -> None:
    """Draw the token of this run, and write it beside the other keys of the configuration in that folder."""
    with (folder / ".env").open("a", encoding="utf-8") as file:
        file.write(f"{VARIABLE}={secrets.token_hex(16)}\n")


@asynccontextmanager
async def opened(app: App) -> AsyncIterator[DemoConsole]:
    """Serve console and status page while the block lasts; yield their addresses."""
    token, pages, links = app.settings.secrets[VARIABLE], pages_of(app), Links(app.clock)
    assert pages is not None  # the console is enabled by PAGES
    async with server_of(app, _with_links(pages, app, links)) as server:
        url = f"http://{app.settings.metrics.host}:{server.port}"
        yield DemoConsole(url, token, lambda: f"{url}{ENTER}{links.draw()}", f"{url}/status/shop")


class Links:
    """The words of links that were not used yet, each with the moment of its expiry."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at: dict[str, float] = {}

    def draw(self) -> str:
        """Return the word of a new link."""
        word, now = secrets.token_urlsafe(12), self._clock.monotonic()
        self._ends_at = {one: end for one, end in self._ends_at.items() if end > now} | {word: now + LINK_SECONDS}
        return word

    def take(self, word: str) -> bool:
        """Return whether the word is good now; it is used up by that."""
        shown = word.encode(errors="replace")
        known = [one for one in self._ends_at if hmac.compare_digest(one.encode(), shown)]
        return any(self._ends_at.pop(one) > self._clock.monotonic() for one in known)


def _with_links(pages: ASGIApp, app: App, links: Links) -> ASGIApp:
    """Return the pages, and before them the path of the links, which opens a session and leads to the overview."""
    # Imported here, like all of the console: `watchdog demo` without it does not need its libraries.
    from watchdog.console.auth.cookies import put_cookie
    from watchdog.console.auth.session import COOKIE, LIFE_SECONDS, Sessions

    sessions, clock = Sessions(access_of(app.settings, app.clock).tokens), app.clock

    async def enter_or_pass(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "GET" or not scope["path"].startswith(ENTER):
            await pages(scope, receive, send)
            return
        # A used link leads to the overview as well: a browser with a session sees it, any other one the login.
        answer = RedirectResponse("/", 303, {"cache-control": "no-store"})
        if links.take(scope["path"].removeprefix(ENTER)):
            session = sessions.make(Role.APPROVER, NAME, clock.now())
            put_cookie(answer, Request(scope), COOKIE, session, "", max_age=int(LIFE_SECONDS))
        await answer(scope, receive, send)

    return enter_or_pass
