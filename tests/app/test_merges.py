"""A whole daemon on the simulated cloud: auto-deploy is off because of us, and a colleague merges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.app.scenes import settings_of, wired
from tests.support.clocks import eventually
from watchdog.app.compose.composition import App
from watchdog.app.compose.daemon_factory import begin
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Write
from watchdog.sandbox.server import Sandbox


@asynccontextmanager
async def after_a_rollback(sandbox: Sandbox, folder: Path) -> AsyncIterator[App]:
    """Begin a daemon that finds in its journal that web's auto-deploy is off because of it."""
    async with wired(settings_of(folder, urls=sandbox.urls)) as app:
        assert app.platform is not None
        now = app.clock.now()
        deploys, facts = tuple(await app.platform.deploys("srv-web")), await app.platform.facts("srv-web")
        web = ServiceState("web", deploys=deploys, deploys_at=now, deploys_why="", facts=facts, live="dep-40")
        await app.store.renew_leases("earlier", ("", "web"), ttl_seconds=60.0)
        web = replace(web, auto_deploy_off="commit", pinned_for="web-1", pinned_at=now - 600.0)
        await app.store.save(Write(State(services={"web": web})))
        await app.store.release()
        await begin(app)
        yield app


async def test_a_merge_that_does_not_ship_reaches_the_people(tmp_path: Path) -> None:
    """Read from GitHub with the token, told in the channel, and nobody is woken."""
    async with Sandbox() as sandbox:
        web = sandbox.cloud.services["web"]
        web.auto_deploy_trigger = "off"
        assert sandbox.cloud.merge(commit="c" * 40, message="Mend the price list\n\nat last") is None
        async with after_a_rollback(sandbox, tmp_path) as app:
            await eventually(lambda: app.engine.state.services["web"].merged)
            assert [one.title for one in app.engine.state.services["web"].merged] == ["Mend the price list"]
            await eventually(lambda: any("NOT shipped" in str(entry) for entry in sandbox.log))
        assert [entry["status"] for entry in sandbox.events.requests("github")] == [200]
        assert not sandbox.events.requests("render", "PATCH") and not sandbox.events.requests("render", "POST")
