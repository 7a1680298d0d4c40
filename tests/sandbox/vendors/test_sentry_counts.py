"""What Sentry counts: the background is noise that two readers agree on."""

from tests.sandbox.world import World, opened
from watchdog.sandbox import clock
from watchdog.sandbox.vendors.sentry_counts import BACKGROUND_PER_MINUTE_MAX, Counts, Wanted

WEB = Wanted(("web",))


async def test_the_background_depends_on_the_seed_and_the_minute_only() -> None:
    """Asked twice, the same; never negative, never above its maximum; not always the same."""
    async with opened(seed=3) as world:
        counts, minute = Counts(world.sandbox.cloud), int(clock.now() // 60) - 100
        series = [counts.background_of("web", minute + step) for step in range(60)]
        assert series == [counts.background_of("web", minute + step) for step in range(60)]
        assert set(series) <= set(range(BACKGROUND_PER_MINUTE_MAX + 1)) and len(set(series)) > 1
    async with opened(seed=4) as world:
        other = Counts(world.sandbox.cloud)
        assert series != [other.background_of("web", minute + step) for step in range(60)]


async def test_the_background_belongs_to_the_release_that_was_live(world: World) -> None:
    counts, now = Counts(world.sandbox.cloud), clock.now()
    forty, thirty_nine = (world.sandbox.cloud.service("web").find(f"dep-{number}") for number in (40, 39))
    assert forty is not None and thirty_nine is not None
    for commit, other, days in ((forty.commit, thirty_nine.commit, 1), (thirty_nine.commit, forty.commit, 7)):
        start = now - days * clock.DAY
        everything = counts.between(start, start + 3600, WEB)
        assert everything > 0
        assert counts.between(start, start + 3600, Wanted(("web",), (commit or "",))) == everything
        assert counts.between(start, start + 3600, Wanted(("web",), (other or "",))) == 0
