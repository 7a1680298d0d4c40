"""The questions a person asks, over real HTTP: the simulated cloud answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.scenes import settings_of
from tests.cli.conftest import record
from tests.support.child_processes import watchdog
from watchdog.adapters.stores import role_lock
from watchdog.cli.services import AppServices
from watchdog.domain.decisions import Verdict
from watchdog.domain.errors import ConfigurationError, Refused
from watchdog.domain.incidents import State
from watchdog.domain.readings import Good
from watchdog.domain.store_records import Running, Write
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.settings.check.check_result import CheckOutcome


@pytest.fixture
async def cloud() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def writes(cloud: Sandbox) -> list[object]:
    return [one for one in cloud.events.requests("render") if one["method"] != "GET"]


async def test_who_looks_changes_nothing(cloud: Sandbox, tmp_path: Path) -> None:
    """Render is only read, for the list of deploys, for the plan of a dry run, and for one reading of everything.

    The target is the newest good one of another commit, skipping what never was live; the plan is the core's own
    decision with every guard's answer.
    """
    settings = settings_of(tmp_path, urls=cloud.urls)
    found, choice = await AppServices().deploys(settings, "web")
    live = next(deploy for deploy in found if deploy.is_live)
    assert choice is not None and choice.deploy is not None
    assert choice.deploy.commit != live.commit and choice.deploy.was_live and writes(cloud) == []
    plan, seen = await AppServices().plan(settings, "web", None)
    assert seen == live
    assert plan.target is not None and plan.target.deploy is not None
    assert plan.guards and all(answer.verdict is Verdict.PASS for answer in plan.guards) and writes(cloud) == []
    read = {f"{one.service}/{one.signal}": one.reading for one in await AppServices().once(settings)}
    assert isinstance(read["web/home"], Good) and isinstance(read["web/events"], Good), "the second of Render itself"
    assert sum(name.startswith("control/") for name in read) == 2
    assert writes(cloud) == []


async def test_a_denied_commit_is_no_target(cloud: Sandbox, tmp_path: Path) -> None:
    """By the daemon's own record, which the command reads beside it."""
    settings = settings_of(tmp_path, urls=cloud.urls)
    _, choice = await AppServices().deploys(settings, "web")
    assert choice is not None and choice.deploy is not None and choice.deploy.commit is not None
    async with record(tmp_path) as store:
        await store.save(Write(State(denied=(choice.deploy.commit,))))
    _, other = await AppServices().deploys(settings, "web")
    assert other is not None and other.deploy is None
    assert [(one.deploy, one.why) for one in other.skipped] == [(choice.deploy.id, "deny-listed")]


async def test_a_dry_run_is_refused_as_the_rollback_would_be(cloud: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="dep-999 is not among"):
        await AppServices().plan(settings_of(tmp_path, urls=cloud.urls), "web", "dep-999")
    with pytest.raises(Refused, match="observe"):
        await AppServices().plan(settings_of(tmp_path, "observe", urls=cloud.urls), "web", None)
    settings = settings_of(tmp_path, urls=cloud.urls)
    with pytest.raises(Refused, match="dep-38 is not live at web any more; nothing to roll back"):
        await AppServices().plan(settings, "web", None, "dep-38")
    assert await AppServices().plan(settings, "web", None), "by the file, while no daemon runs"
    async with record(tmp_path) as store:
        await store.renew_leases("one", ("web",), ttl_seconds=60.0)
        await store.put_running({"web": Running("observe", "", "")})
    lock = role_lock(settings.store_url)
    assert lock is not None and lock.acquire()
    with pytest.raises(Refused, match="observe"):
        await AppServices().plan(settings, "web", None)
    lock.release()


async def test_an_examination_names_what_is_wrong_and_changes_nothing(cloud: Sandbox, tmp_path: Path) -> None:
    """Without a store that is the finding, and the services are tried all the same; each says how long it took."""
    settings = settings_of(tmp_path, urls=cloud.urls)
    before = {one.name: one for one in await AppServices().examine(settings)}
    assert before["store"].outcome is CheckOutcome.FAIL and "no store yet" in before["store"].what
    async with record(tmp_path) as store:
        await store.save(Write(State(paused_by="ann")))
        await store.delivered(1, "slack", "web-1", None)
    found = {one.name: one for one in await AppServices().examine(settings)}
    assert found["daemon"].outcome is CheckOutcome.FAIL and "watchdog run" in found["daemon"].fix
    assert "PAUSED by ann" in found["actions"].what and found["store"].outcome is CheckOutcome.OK
    assert found["channel slack, last message"].outcome is CheckOutcome.OK
    assert found["clock"].outcome is CheckOutcome.OK, "the sandbox's Render dates its answers"
    home = found["signal web/home"]
    assert home.outcome is CheckOutcome.OK and home.took_seconds is not None and home.took_seconds > 0
    assert writes(cloud) == []


async def test_services_for_a_new_configuration(cloud: Sandbox, tmp_path: Path) -> None:
    """The key comes from .env beside the file; without one the variable is named."""
    write_config(tmp_path, cloud.urls)
    found, groups = await AppServices().services({}, tmp_path, cloud.urls["render"])
    assert "srv-web" in {facts.id for facts in found}
    assert groups == {"srv-web": "Acme, Production", "srv-api": "Acme, Production"}
    with pytest.raises(ConfigurationError, match="WATCHDOG_RENDER_API_KEY: not set"):
        await AppServices().services({}, tmp_path / "elsewhere", cloud.urls["render"])


@pytest.mark.long
async def test_as_a_user_types_it(cloud: Sandbox, tmp_path: Path) -> None:
    """The same through the command line, in a process of its own: test messages arrive, and init writes a file."""
    settings_of(tmp_path, urls=cloud.urls)

    async def typed(*words: str, code: int = 0) -> str:
        done = await asyncio.to_thread(watchdog, *words, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    assert "channel slack      ok" in await typed("notify", "test")
    plan = await typed("rollback", "web", "--dry-run")
    assert (
        plan.startswith("LIVE         dep-40")
        and "To do it: watchdog rollback web --live dep-40 --planned dep-" in plan
    )
    bound = await typed("rollback", "web", "--to", "dep-39", "--blamed", "dep-40", "--dry-run")
    assert "To do it: watchdog rollback web --live dep-40 --to dep-39 --blamed dep-40" in bound
    await typed("init", "--from-render", "-c", "mine.yaml", "--render-url", cloud.urls["render"])
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert text.index("jobs:") < text.index("# Acme, Production") < text.index("web:") < text.index("api:")
    await typed("check", "-c", "mine.yaml")
    assert '"well": false' in await typed("doctor", "--json", code=1), "there is no store yet"
    assert writes(cloud) == []
