"""Which certificate of a host counts, and when the core hears of it: a whole daemon in simulated time."""

import pytest

from tests.support.simulated_daemon import Guarded, Site, guarded
from watchdog.domain.certificates import Certificate
from watchdog.domain.incidents import Phase
from watchdog.domain.units import DAY_SECONDS as DAY

HOST = "www.acme.example"


def told(world: Guarded) -> list[str]:
    return [one.kind.value for one in world.vendors["chat"].notices if "/certificate/" in one.incident]


def ending(world: Guarded, days: float) -> Certificate:
    ends_at = world.clock.now() + days * DAY
    return Certificate(HOST, ends_at - 90 * DAY, ends_at)


async def pass_time(world: Guarded, seconds: float) -> None:
    """Let time pass in small steps; after a restart no ping is counted."""
    for _ in range(int(seconds // 5)):
        await world.clock.advance(5.0)


async def test_it_is_told_once_and_the_site_stays_well() -> None:
    """Also across a restart; the renewed certificate ends it ten minutes after the old one was last seen."""
    async with guarded("chat") as world:
        world.site.certificate = ending(world, 10)
        await world.begin()
        await world.go_on(7300)
        assert told(world) == ["opened"]
        service = world.daemon.engine.state.services["web"]
        assert service.phase is Phase.CALM and service.incident is None and not service.opened_at
        assert await world.daemon.supervisor.stop(5.0) == ()
        await world.begin()
        await pass_time(world, 900)
        assert told(world) == ["opened"]
        world.site.certificate = ending(world, 80)
        await pass_time(world, 500)
        assert told(world) == ["opened"]
        await pass_time(world, 300)
        assert told(world) == ["opened", "resolved"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_an_address_with_the_old_certificate_keeps_it_open(restarts: bool) -> None:
    """Probes take turns among addresses: what they show in turn neither ends the finding nor repeats it."""
    async with guarded("chat") as world:
        other = Site("api")
        world.sources["web"].append(other)
        world.site.certificate, other.certificate = ending(world, 10), ending(world, 80)
        await world.begin()
        await world.go_on(1300)
        if restarts:
            assert await world.daemon.supervisor.stop(5.0) == ()
            # The first reads after the start show the new one alone.
            world.site.certificate, old = None, world.site.certificate
            await world.begin()
            await pass_time(world, 300)
            world.site.certificate = old
            await pass_time(world, 1300)
        assert told(world) == ["opened"]


async def test_without_a_certificate_nothing_is_told() -> None:
    """Over http://, behind a failed handshake, or far from its end."""
    async with guarded("chat") as world:
        await world.begin()
        await world.go_on(100)
        world.site.certificate = ending(world, 29)
        await world.go_on(100)
        assert told(world) == []
