"""The deploys that plans are made of: what looking costs the platform."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.cli import examples as x
from tests.console.scene import policy_of, service_policy
from tests.support.clocks import FakeClock
from watchdog.app.compose.deploy_listings import LISTING_SECONDS, LISTINGS_PER_MINUTE, Listings
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import ServiceState
from watchdog.ports import Platform

POLICY = policy_of(service_policy("web"), service_policy("api"))


class Counting(Platform):
    """A platform that counts how often it is read."""

    name, can_write = "render", False

    def __init__(self) -> None:
        self.read: list[str] = []
        self.away = False

    async def facts(self, service_id: str) -> ServiceFacts:
        self.read.append(service_id)
        await asyncio.sleep(0)
        if self.away:
            raise Temporary("render does not answer")
        return ServiceFacts(service_id, "web")

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        return (x.BAD, x.GOOD)


async def test_who_looks_often_reads_the_platform_seldom() -> None:
    """Each service for itself; also those who ask at the same time; what failed is asked for again.

    Without a key a plan says so.
    """
    with pytest.raises(Permanent, match="WATCHDOG_RENDER_API_KEY"):
        await Listings(None, lambda: POLICY, FakeClock()).of("web")
    platform, clock = Counting(), FakeClock()
    listings = Listings(platform, lambda: POLICY, clock)
    platform.away = True
    with pytest.raises(Temporary):
        await listings.of("web")
    platform.away, platform.read = False, []
    found = await asyncio.gather(*(listings.of("web") for _ in range(20)), listings.of("api"))
    assert sorted(platform.read) == ["srv-api", "srv-web"] and found[0].deploys == (x.BAD, x.GOOD)
    clock.elapsed += LISTING_SECONDS - 1
    assert (await listings.of("web")) is found[0]
    clock.elapsed += 1
    assert (await listings.of("web")).at == clock.now() and platform.read.count("srv-web") == 2


async def test_case_48_a_loop_over_all_plans_reads_so_many_a_minute() -> None:
    """A hundred plans in a loop: two reads, then what the daemon listed last; a minute later it reads again."""
    names = [f"s{number}" for number in range(100)]
    platform, clock = Counting(), FakeClock()
    policy = policy_of(*map(service_policy, names))
    states = {
        name: ServiceState(name, deploys=(x.GOOD,), deploys_at=7.0, facts=ServiceFacts(name, name)) for name in names
    }
    listings = Listings(platform, lambda: policy, clock, states.get)
    listed = [await listings.of(name) for name in names]
    assert len(platform.read) == LISTINGS_PER_MINUTE
    assert [one.at for one in listed[LISTINGS_PER_MINUTE:]] == [7.0] * (100 - LISTINGS_PER_MINUTE)
    assert listed[-1].deploys == (x.GOOD,)
    clock.elapsed += 61
    assert (await listings.of("s99")).deploys == (x.BAD, x.GOOD)
