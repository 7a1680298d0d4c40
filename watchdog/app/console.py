"""Mounts the web console beside what the daemon's server shows already; its libraries are imported only then."""

from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog import __version__
from watchdog.app.access import access_of
from watchdog.app.asking import ask, list_deploys
from watchdog.app.build import App
from watchdog.settings.shown import shown

STATUS = "/status"


def with_console(app: App, private: ASGIApp | None) -> ASGIApp:
    """Return the application that answers /status as before and all else with the console."""
    from watchdog.console.app import make_console
    from watchdog.console.world import World

    clock = app.clock
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
    )
    console = make_console(world, access_of(app.settings, clock))

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (private if private is not None and scope["path"] == STATUS else console)(scope, receive, send)

    return either
