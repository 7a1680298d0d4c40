"""Mounts the web console and the public pages beside the endpoints of the daemon's server.

Their libraries are imported only if one of the two is enabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog import __version__
from watchdog.app.compose.composition import App
from watchdog.app.compose.console_identity import access_of
from watchdog.app.compose.deploy_listings import Listings
from watchdog.daemon.approvals.command_client import submit_and_wait
from watchdog.daemon.http.http_auth import Buckets, peer_of
from watchdog.daemon.runtime.fault_log import FaultLog
from watchdog.settings.load.gate_rules import restricted_by
from watchdog.settings.text.redacted_view import shown

if TYPE_CHECKING:
    from watchdog.console.dependencies import Dependencies
    from watchdog.console.public.app import PublicPages

STATUS = "/status"
PUBLIC_AT_ONCE, PUBLIC_PER_SECOND = 300.0, 100.0
"""Behind a proxy all visitors are one peer; a page is made twice a minute, and served from memory at little cost."""


def with_pages(app: App, private: ASGIApp | None) -> ASGIApp:
    """Return the application that serves /status as before, the public pages, and all other paths by the console."""
    deps = _dependencies(app)
    public = _public(app, deps) if app.settings.status_pages else None
    # Public pages may be configured without a console: then every other path is unknown.
    rest: ASGIApp = PlainTextResponse("Not Found", 404)
    if app.settings.console.enabled:
        from watchdog.console.app import make_console

        rest = make_console(deps, access_of(app.settings, app.clock))

    async def one_of_them(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = rest
        # /status first: its clients send the HTTP token, which the console does not know.
        if private is not None and scope["path"] == STATUS:
            chosen = private
        elif public is not None and public.knows(scope["path"]):
            chosen = public
        await chosen(scope, receive, send)

    return one_of_them


def _dependencies(app: App) -> Dependencies:
    from watchdog.console.dependencies import Dependencies, unread

    clock = app.clock
    return Dependencies(
        journal=app.store,
        clock=clock,
        # As functions: a reload replaces the policy, and each step the state.
        policy=lambda: app.engine.policy,
        state=lambda: app.engine.state,
        held=lambda: app.engine.held,
        ask=lambda name, arguments, by: submit_and_wait(app.store, clock, name, arguments, by),
        listing=Listings(
            app.platform, lambda: app.engine.policy, clock, lambda name: app.engine.state.services.get(name)
        ).of,
        settings=lambda: shown(app.settings),
        version=__version__,
        owners=lambda: app.settings.owners,
        own_lists=app.settings.checklists,
        authors=app.suspects.authors if app.suspects is not None else unread,
        pages=app.settings.services_of_pages,
        report=FaultLog(clock),
        # As functions, too: a reload may change them.
        gates=lambda: app.settings.gates,
        restrict=lambda name, text: restricted_by(app.settings, name, text, "rules"),
    )


def _public(app: App, deps: Dependencies) -> PublicPages:
    from watchdog.console.public.app import PublicPages
    from watchdog.console.public.public_views import StatusPage
    from watchdog.console.render.rendering import Renderer

    pages = [
        StatusPage(name, page.title, page.shown, page.logo or "", page.colour or "")
        for name, page in app.settings.status_pages.items()
    ]
    requests = Buckets(app.clock, PUBLIC_AT_ONCE, PUBLIC_PER_SECOND)
    return PublicPages(deps, pages, Renderer(__version__), requests, peer_of, app.supervisor.spawn)
