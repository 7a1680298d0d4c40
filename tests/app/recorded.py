"""A daemon that records in this process and guards the simulated cloud until a bad deploy is rolled back."""

from pathlib import Path

from tests.support.clocks import eventually
from tests.support.daemon_processes import SHORT
from watchdog.app.compose.composition import App, build
from watchdog.app.compose.daemon_run import finish, start
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.presentation.step_actions import Action, actions
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.site.behaviours import behaviour
from watchdog.settings.load.load import load


async def bad_deploy(folder: Path) -> tuple[App, list[Action]]:
    """Live through a bad deploy, with the statistics shortened, to an end in good order; return the daemon's doings."""
    did: list[Action] = []
    async with Sandbox(rollback_seconds=1.0) as sandbox:
        path = write_config(folder, sandbox.urls, more=SHORT)
        app = build(load(path, {}, folder), SystemClock(), on_error=lambda name, error: None)
        app.engine.listeners.stepped.append(
            lambda before, after, event, effects: did.extend(actions(before, after, effects, event.at))
        )
        await start(app)
        try:
            await eventually(lambda: _is_watching(app))
            sandbox.cloud.deploy(behaviour=behaviour("error", after_seconds=0.0), build_seconds=0.2, update_seconds=0.2)
            await eventually(lambda: _is_over(did) and not app.teller.waiting)
        finally:
            await finish(app)
    return app, did


def _is_watching(app: App) -> bool:
    web = app.engine.state.services.get("web")
    return web is not None and web.live == "dep-40" and len(web.checks) >= 2


def _is_over(did: list[Action]) -> bool:
    return any(one.what.startswith("resolved") for one in did)
