"""The site in its good and bad ways, seen from outside; the table of these; and the control targets beside it."""

import httpx
import pytest

from tests.sandbox.world import HASTY, World, opened
from tests.support.clocks import eventually
from watchdog.sandbox.site.behaviours import GOOD, KINDS, behaviour
from watchdog.sandbox.site.guarded_site import (
    BASE_LATENCY_SECONDS,
    JITTER_SECONDS,
    LEAK_LIMIT_FACTOR,
    PAGE,
    WRONG_BODY,
    Site,
)


@pytest.mark.parametrize("name", ["site", "api"])
async def test_a_good_site_answers(world: World, name: str) -> None:
    page = await world.site("/", name)
    assert page.text == PAGE and "</html>" in page.text
    for path in ("/api/test", "/healthz"):
        assert (await world.site(path, name)).json() == {"status": "ok"}
    assert (await world.site("/nothing", name)).status_code == 404
    # Sentry will count from this: service, live commit, path, status.
    hit, service = world.sandbox.cloud.hits[-1], world.sandbox.cloud.service("web" if name == "site" else name)
    assert service.live is not None
    assert (hit.service, hit.commit, hit.path, hit.status) == (service.name, service.live.commit, "/nothing", 404)


async def test_a_crashed_site_refuses_connections(world: World) -> None:
    world.sandbox.set_fault("web", "refused")
    await eventually_refused(world)
    assert (await world.site("/", "api")).status_code == 200
    world.sandbox.clear_fault("web")
    await eventually(lambda: world.sandbox.shut() == [])
    assert (await world.site()).status_code == 200


async def eventually_refused(world: World) -> None:
    await eventually(lambda: world.sandbox.shut() == ["web"])
    with pytest.raises(httpx.ConnectError):
        await world.site()


async def test_a_hanging_site_never_answers_and_a_wrong_body_comes_with_200(world: World) -> None:
    world.sandbox.set_fault("web", "hang")
    with pytest.raises(httpx.ReadTimeout):  # it took the connection
        await world.site(timeout=HASTY)
    world.sandbox.set_fault("web", "wrong_body")
    answer = await world.site()
    assert (answer.status_code, answer.text) == (200, WRONG_BODY) and "</html>" not in answer.text


@pytest.mark.long
async def test_a_partial_fault_fails_its_share_on_its_routes() -> None:
    """About the share fails, drawn by the seed: the same seed fails the same requests."""

    async def statuses() -> list[int]:
        async with opened(seed=7) as world:
            world.sandbox.set_fault("web", "partial", share=0.5, routes=["/"])
            assert {(await world.site("/api/test")).status_code for _ in range(5)} == {200}
            return [(await world.site()).status_code for _ in range(30)]

    first = await statuses()
    assert 5 <= first.count(500) <= 25 and first.count(500) + first.count(200) == 30 and await statuses() == first


async def test_slow_and_leaking_versions_are_late(world: World) -> None:
    """Latency is the usual, times the factor; a leak grows with time, up to a bound."""
    site = Site(world.sandbox.cloud, world.sandbox.cloud.service("web"))
    low, high = BASE_LATENCY_SECONDS - JITTER_SECONDS, BASE_LATENCY_SECONDS + JITTER_SECONDS
    assert low <= site.latency_seconds(site.behaves("/"), 100) <= high
    world.sandbox.set_fault("web", "slow", factor=3.0)
    assert 3 * low <= site.latency_seconds(site.behaves("/"), 100) <= 3 * high
    world.sandbox.set_fault("web", "leak")
    assert 11 * low <= site.latency_seconds(site.behaves("/"), 10) <= 11 * high
    assert site.latency_seconds(site.behaves("/"), 1e9) <= LEAK_LIMIT_FACTOR * high


async def test_control_targets_go_dark_together(world: World) -> None:
    """Both answer; under the fault both refuse; the guarded site is not touched by it."""
    addresses = world.sandbox.urls["control"]
    assert len(set(addresses)) == 2
    for url in addresses:
        assert (await world.client.get(url)).status_code == 200
    world.sandbox.set_fault("control", "refused")
    await eventually(lambda: world.sandbox.shut() == ["control", "control"])
    async with httpx.AsyncClient(trust_env=False) as fresh:  # a kept connection may not have noticed yet
        for url in addresses:
            with pytest.raises(httpx.ConnectError):
                await fresh.get(url)
    assert (await world.site()).status_code == 200


@pytest.mark.parametrize(("seconds", "fails"), [(0.0, True), (4.9, True), (5.0, False), (19.9, False), (20.0, True)])
def test_a_behaviour_with_a_period_comes_and_goes(seconds: float, fails: bool) -> None:
    """It fails in the first part of each; without a period, all the time."""
    assert behaviour("error", period_seconds=20.0, down_seconds=5.0).shows(seconds) is fails
    assert behaviour("error").shows(seconds)


def test_a_behaviour_touches_its_routes_only_and_is_one_that_there_is() -> None:
    assert behaviour("error").touches("/any") and behaviour("error", routes=["/"]).touches("/")
    assert not behaviour("error", routes=["/"]).touches("/api/test") and not GOOD.touches("/")
    with pytest.raises(TypeError):
        behaviour("error", sttaus=500)
    assert {kind.after_seconds for name, kind in KINDS.items() if name != "good"} == {4.0}
