"""Mounts the web console beside what the daemon's server shows already; its libraries are imported only then."""

from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog import __version__
from watchdog.app.asking import ask, list_deploys
from watchdog.app.build import App
from watchdog.daemon.http_auth import FAILURES_AT_ONCE, FAILURES_PER_SECOND, Buckets, peer_of
from watchdog.settings.needs import CONSOLE_TOKENS
from watchdog.settings.shown import shown

STATUS = "/status"
REQUESTS_AT_ONCE, REQUESTS_PER_SECOND = 120.0, 20.0
"""A page is up to four requests, and several people may sit behind one address."""


def with_console(app: App, private: ASGIApp | None) -> ASGIApp:
    """Return the application that answers /status as before and all else with the console."""
    from watchdog.console.app import make_console
    from watchdog.console.roles import Role
    from watchdog.console.world import Access, World

    clock, secrets = app.clock, app.settings.secrets
    world = World(
        journal=app.store,
        clock=clock,
        policy=lambda: app.engine.policy,
        state=lambda: app.engine.state,
        held=lambda: app.engine.held,
        ask=lambda name, arguments, by: ask(app.store, clock, name, arguments, by),
        listing=lambda name: list_deploys(app.platform, app.engine.policy, name, clock),
        settings=lambda: shown(app.settings),
        version=__version__,
        owners=lambda: app.settings.owners,
    )
    access = Access(
        tokens={Role(role): secrets[name] for role, name in CONSOLE_TOKENS.items() if name in secrets},
        peer=peer_of,
        requests=Buckets(clock, REQUESTS_AT_ONCE, REQUESTS_PER_SECOND),
        failures=Buckets(clock, FAILURES_AT_ONCE, FAILURES_PER_SECOND),
    )
    console = make_console(world, access)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (private if private is not None and scope["path"] == STATUS else console)(scope, receive, send)

    return either
