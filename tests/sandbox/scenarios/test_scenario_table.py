"""Each story, seen from outside: what the world did, in which order. Nothing here knows the right answer."""

import pytest

from tests.sandbox.world import World, opened
from tests.support.clocks import eventually
from watchdog.sandbox.scenarios.scenario_table import LIVE_AT, SCENARIOS
from watchdog.sandbox.site.shop import CHECKOUT

SPEED = 40.0


async def told(name: str, until: int) -> tuple[World, list[str]]:
    """Let a story happen until so many faults began; return what the world did."""
    async with opened(name, speed=SPEED) as world:
        world.sandbox.start_scenario()
        last = SCENARIOS[name].steps[-1].at
        await eventually(lambda: world.whats().count("fault_started") >= until)
        await eventually(lambda: any(entry.get("second") == last for entry in world.sandbox.log))
        await eventually(lambda: world.sandbox.cloud.service("web").in_progress() is None)
        await world.site("/healthz") if name != "blind" else None
        shown = [one for one in world.sandbox.log if one["what"] in ("deploy_live", "fault_started", "fault_cleared")]
        return world, [f"{one['what']} {one.get('target') or one.get('deploy')}" for one in shown]


BROKEN = ["deploy_live dep-42", "fault_started web"]


async def test_bad_deploy_and_observe_are_one_world() -> None:
    """dep-42 goes live at its second, give or take the loop's laziness, then every request gets 503."""
    world, story = await told("bad-deploy", 1)
    assert story == BROKEN
    (live,), (fault,) = (world.sandbox.events.of(what) for what in ("deploy_live", "fault_started"))
    assert fault["kind"] == "error" and live["commit"].startswith("9f3c2ab") and fault["at"] > live["at"]
    began = world.sandbox.events.of("scenario_started")[0]["at"]
    assert live["at"] - began >= LIVE_AT / SPEED - 0.01
    assert (await told("observe", 1))[1] == BROKEN


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("partial", {"kind": "partial", "share": 0.3, "routes": ("/",)}),
        ("broken-checkout", {"kind": "wrong_body", "routes": (CHECKOUT,)}),
        ("latency", {"kind": "slow", "factor": 3.0}),
    ],
)
async def test_what_is_wrong_with_a_version(name: str, shown: dict[str, object]) -> None:
    """A share of the home page's requests fails; an order gets another page; or every answer takes three times as long,
    and is right.
    """
    world, story = await told(name, 1)
    assert story == BROKEN
    acting, _ = world.sandbox.cloud.acting("web")
    assert {what: getattr(acting, what) for what in shown} == shown


async def test_upstream_outage() -> None:
    world, story = await told("upstream-outage", 2)
    assert story == ["fault_started openai", "fault_started web"] and world.status_of("dep-40") == "live"


async def test_blind() -> None:
    """A good deploy, then the sites and both control targets go dark at the same moment; Render reports no crash."""
    world, story = await told("blind", 3)
    assert story == ["deploy_live dep-42", *(f"fault_started {name}" for name in ("control", "web", "api"))]
    began = world.sandbox.events.of("fault_started")
    assert began[-1]["at"] - began[0]["at"] < 0.1
    assert all(event.type != "server_failed" for event in world.sandbox.cloud.service("web").events)


async def test_no_help() -> None:
    """The version is bad and so is the world: the site still fails with the old version."""
    world, story = await told("no-help", 2)
    # Both are due close together: on a busy machine either may come first.
    assert sorted(story) == [*BROKEN, "fault_started web"] and world.sandbox.cloud.acting("web")[0].status == 500


async def test_same_commit() -> None:
    """dep-43 is the same commit as dep-42, made by hand, and broken as soon as it is live."""
    world, story = await told("same-commit", 2)
    assert story == [*BROKEN, "fault_cleared web", "deploy_live dep-43", "fault_started web"]
    one, two = (world.sandbox.cloud.service("web").find(name) for name in ("dep-42", "dep-43"))
    assert one is not None and two is not None and one.commit == two.commit and two.trigger == "manual"


def test_the_stories_are_the_ten_and_in_order() -> None:
    """Names as the demo knows them; steps in the order of their seconds; a deploy is live at second ten."""
    names = ["bad-deploy", "partial", "broken-checkout", "latency", "upstream-outage", "blind", "no-help"]
    names += ["same-commit", "assist", "observe"]
    assert list(SCENARIOS) == names
    for story in SCENARIOS.values():
        assert [step.at for step in story.steps] == sorted(step.at for step in story.steps) and story.title
    assert LIVE_AT == 10.0
