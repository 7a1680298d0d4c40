"""Deploys and their records: one at a time, the newest waiting one next, behaviour bound to the version that serves."""

from tests.sandbox.world import World, opened
from tests.support.clocks import eventually
from watchdog.sandbox import clock
from watchdog.sandbox.site.behaviours import behaviour
from watchdog.sandbox.world import COMMITS, STAGING, services_at_start

QUICK = {"build_seconds": 1.0, "update_seconds": 1.0}


def seen(world: World, deploy: str) -> list[str]:
    return [entry["what"] for entry in world.sandbox.log if entry.get("deploy") == deploy]


async def test_a_deploy_passes_through_its_stages() -> None:
    """created, build, update, live; the one before is deactivated at that moment."""
    async with opened(speed=4.0) as world:
        stages: list[str | None] = []

        def note() -> bool:
            status = world.status_of("dep-42")
            if not stages or stages[-1] != status:
                stages.append(status)
            return status == "live"

        world.sandbox.deploy(**QUICK)
        assert world.status_of("dep-40") == "live"
        await eventually(note)
        assert stages == ["created", "build_in_progress", "update_in_progress", "live"]
        assert world.status_of("dep-40") == "deactivated"
        assert seen(world, "dep-42") == ["deploy_created", "deploy_live"]


async def test_a_build_that_fails_changes_nothing(world: World) -> None:
    world.sandbox.deploy(fails=True, **QUICK)
    await eventually(lambda: world.status_of("dep-42") == "build_failed")
    assert world.status_of("dep-40") == "live" and "deploy_failed" in world.whats()


async def test_a_push_meanwhile_waits_or_cancels_the_running_deploy() -> None:
    """A rollback queues behind the running deploy; what waited before it is skipped."""
    async with opened(rollback_seconds=1) as world:
        world.sandbox.deploy(**QUICK)
        world.sandbox.deploy(**QUICK)
        assert (await world.rollback("dep-40")).json()["status"] == "queued"
        await eventually(lambda: world.status_of("dep-44") == "live")
        assert world.status_of("dep-42") == "deactivated" and world.status_of("dep-43") == "canceled"
    async with opened(rollback_seconds=20) as world:
        world.sandbox.set_mode("overlap", "override")
        await world.rollback("dep-39")
        world.sandbox.deploy(**QUICK)
        assert world.status_of("dep-42") == "canceled"
        await eventually(lambda: world.status_of("dep-43") == "live")


async def test_a_bad_version_is_bad_while_it_is_live() -> None:
    """The fault begins after its delay, ends with the rollback, and comes back with the same commit: deployed again, or
    by a rollback to it, which reuses the artifact.
    """
    async with opened(rollback_seconds=1) as world:
        bad = world.sandbox.deploy(behaviour=behaviour("error", after_seconds=4), **QUICK)
        await eventually(lambda: world.status_of("dep-42") == "live")
        assert (await world.site()).status_code == 200
        await eventually(lambda: "fault_started" in world.whats())
        assert (await world.site()).status_code == 503
        await world.rollback("dep-40")
        await eventually(lambda: world.status_of("dep-43") == "live")
        assert (await world.site()).status_code == 200
        await world.rollback("dep-42")
        await eventually(lambda: world.whats().count("fault_started") == 2)
        assert (await world.site()).status_code == 503 and world.status_of("dep-44") == "live"
        world.sandbox.deploy(commit=bad.commit, **QUICK)
        await eventually(lambda: world.whats().count("fault_started") == 3)
        assert (await world.site()).status_code == 503
        story = [what for what in world.whats() if what.startswith("fault")]
        assert story == [*["fault_started", "fault_cleared"] * 2, "fault_started"]


async def test_a_version_replaced_in_time_never_fails() -> None:
    """A fault that would have begun later does not begin once the version is gone."""
    async with opened(rollback_seconds=0.5) as world:
        world.sandbox.deploy(behaviour=behaviour("error", after_seconds=5), **QUICK)
        await eventually(lambda: world.status_of("dep-42") == "live")
        await world.rollback("dep-40")
        await eventually(lambda: world.status_of("dep-43") == "live")
        world.sandbox.deploy(build_seconds=4, update_seconds=4)
        await eventually(lambda: world.status_of("dep-44") == "live")
        assert "fault_started" not in world.whats()


async def test_a_rollback_does_not_help_against_the_world() -> None:
    """A fault that is nobody's version stays through a rollback and ends when it is cleared."""
    async with opened(rollback_seconds=0.5) as world:
        world.sandbox.set_fault("web", "error", status=500)
        await world.rollback("dep-39")
        await eventually(lambda: world.status_of("dep-42") == "live")
        assert (await world.site()).status_code == 500
        world.sandbox.clear_fault("web")
        assert (await world.site()).status_code == 200


async def test_a_merge_deploys_only_while_auto_deploy_is_on(world: World) -> None:
    """What a colleague merges after auto-deploy was pinned off stays undeployed."""
    world.sandbox.merge(after_seconds=0.2, **QUICK)
    await eventually(lambda: world.status_of("dep-42") == "live")
    await world.render("PATCH", "/services/srv-web", json={"autoDeployTrigger": "off"})
    world.sandbox.merge(after_seconds=0.2, **QUICK)
    await eventually(lambda: world.whats().count("merged") == 2)
    assert world.status_of("dep-43") is None
    assert [entry["auto_deploy"] for entry in world.sandbox.events.of("merged")] == ["commit", "off"]


async def test_a_crash_shows_in_renders_events(world: World) -> None:
    """A version that nothing answers for any more leaves a server_failed event."""
    world.sandbox.deploy(behaviour=behaviour("refused", after_seconds=0), **QUICK)
    await eventually(lambda: "fault_started" in world.whats())
    events = (await world.render("GET", "/services/srv-web/events?type=server_failed")).json()
    assert events[0]["event"]["details"]["reason"]["nonZeroExit"] == 1


def test_the_history_tells_who_was_live_when() -> None:
    web, api, jobs = services_at_start(frozenset())
    now = clock.now()
    assert [web.live_at(now - days * clock.DAY) and web.live_at(now - days * clock.DAY).id for days in (0, 3, 4)] == [
        "dep-40",
        "dep-40",
        "dep-39",
    ]
    assert web.live_at(now - 100 * clock.DAY) is None and web.live is not None and web.live.finished_at is not None
    assert abs(now - web.live.finished_at - (3 * clock.DAY + 4 * 3600)) < 5
    assert (api.live is not None, jobs.live is not None, web.in_progress()) == (True, True, None)


def test_ids_and_commits_are_never_shared() -> None:
    """Across services and deploys; services are of the kinds the runbook needs."""
    services = services_at_start(frozenset())
    ids = [deploy.id for service in services for deploy in service.deploys]
    commits = [deploy.commit for service in services for deploy in service.deploys]
    assert len(set(ids)) == len(ids) and len(set(commits)) == len(commits) and set(map(len, commits)) == {40}
    assert [(service.id, service.kind) for service in services] == [
        ("srv-web", "web_service"),
        ("srv-api", "web_service"),
        ("srv-jobs", "background_worker"),
    ]


async def test_the_staging_copy_is_broken_by_the_known_bad_commit() -> None:
    """It stands beside production in an environment of its own, and a commit does what it is told to do."""
    async with opened(staging=True) as world:
        asked = {"params": {"projectId": "prj-sandbox"}}
        rows = (await world.render("GET", "/environments", **asked)).json()
        found = {row["environment"]["name"]: row["environment"]["serviceIds"] for row in rows}
        assert found["Staging"] == [f"srv-{STAGING}"] and f"srv-{STAGING}" not in found["Production"]
        bad = COMMITS["bad"][0]
        await world.admin("POST", "/commits", json={"commit": "f" * 40, "behaviour": "wrong_body"})
        for commit, kind in ((bad, "error"), ("f" * 40, "wrong_body"), ("e" * 40, "good")):
            made = world.sandbox.cloud.deploy(STAGING, commit=commit)
            assert made.behaviour.kind == kind
