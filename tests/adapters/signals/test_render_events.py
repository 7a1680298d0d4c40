"""The platform's events: each reported once, with its time; the platform's silence is not health."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals.render_events import (
    QUIET_SECONDS,
    REMEMBERED_MAX,
    EventsOptions,
    RenderEvents,
    build,
    build_dependency,
)
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown
from watchdog.ports import PlatformEvent, Sample


class Feed:
    """A platform that lists these events, as the port says: since then, oldest first."""

    name = "render"
    can_write = False

    def __init__(self) -> None:
        self.happened: list[PlatformEvent] = []
        self.error: Exception | None = None
        self.asked: list[tuple[str, float]] = []

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        self.asked.append((service_id, since))
        if self.error is not None:
            raise self.error
        return [event for event in self.happened if event.at >= since]

    def say(
        self, at: float, kind: str = "server_failed", *, bad: bool = True, text: str = "exited with status 1"
    ) -> None:
        self.happened.append(PlatformEvent(f"evt-{len(self.happened)}", at, kind, text, bad))


def watching(feed: Feed | None, clock: FakeClock, service: str | None = "srv-web", **options: Any) -> RenderEvents:
    platform: Any = feed
    context = Context(clock=clock, endpoints={}, secrets={}, platform=platform, platform_id=service)
    return build("crashes", EventsOptions.model_validate({"render_events": "default", **options}), context)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=False)


@pytest.fixture
async def source(feed: Feed, clock: FakeClock) -> RenderEvents:
    """Return a source that has looked once, at nothing."""
    made = watching(feed, clock)
    assert [sample.reading for sample in await made.read()] == [Good("nothing broke")]
    return made


def told(samples: Sequence[Sample]) -> list[tuple[str, float | None]]:
    return [(sample.reading.why, sample.happened_at) for sample in samples if isinstance(sample.reading, Bad)]


async def test_each_bad_event_is_told_once_with_its_moment(feed: Feed, clock: FakeClock, source: RenderEvents) -> None:
    feed.say(clock.now() + 5)
    feed.say(clock.now() + 6, text="ran out of memory (limit 512Mi)")
    clock.elapsed += 15
    samples = await source.read()
    assert told(samples) == [
        ("exited with status 1", clock.start + 5),
        ("ran out of memory (limit 512Mi)", clock.start + 6),
    ]
    assert all(isinstance(sample.reading, Bad) and sample.reading.kind is FailureKind.CRASH for sample in samples)
    clock.elapsed += 15
    assert [sample.reading for sample in await source.read()] == [Good("nothing broke")]


async def test_an_event_that_arrives_late_is_told_and_one_from_before_we_looked_is_not(
    feed: Feed, clock: FakeClock
) -> None:
    """The platform lists it a minute after it happened. After a restart the earlier one would count twice."""
    feed.say(clock.now() - 10)
    source = watching(feed, clock)
    assert told(await source.read()) == []
    for _ in range(5):
        await source.read()
        clock.elapsed += 15
    feed.say(clock.now() - 60)
    assert told(await source.read()) == [("exited with status 1", clock.now() - 60)]
    assert told(await source.read()) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("default", ["server_failed", "cron_job_run_ended"]),
        ("all", ["server_failed", "cron_job_run_ended", "image_pull_failed"]),
        (["cron_job_run_ended"], ["cron_job_run_ended"]),
    ],
)
async def test_only_the_chosen_types_and_only_bad_ones_count(
    feed: Feed, clock: FakeClock, written: Any, expected: list[str]
) -> None:
    """`default` are failures of a running service; `all` are all that the adapter calls bad; a list chooses."""
    source = watching(feed, clock, render_events=written)
    await source.read()
    for kind in ("server_failed", "cron_job_run_ended", "image_pull_failed"):
        feed.say(clock.now() + 1, kind, text=kind)
        feed.say(clock.now() + 1, kind, bad=False, text=kind)
    clock.elapsed += 15
    assert [why for why, _ in told(await source.read())] == expected


async def test_a_platform_that_cannot_be_asked_is_unknown_and_nothing_is_lost(
    feed: Feed, clock: FakeClock, source: RenderEvents
) -> None:
    """The next look goes back to the last good one."""
    feed.say(clock.now() + 1)
    for error in (Temporary("Render answered 503"), Permanent("Render refused our key (401)")):
        clock.elapsed += 300
        feed.error = error
        (sample,) = await source.read()
        assert sample.reading == Unknown(str(error))
    feed.error = None
    assert len(told(await source.read())) == 1


async def test_without_a_platform_or_an_id_the_reading_says_what_to_set(feed: Feed, clock: FakeClock) -> None:
    (sample,) = await watching(None, clock).read()
    assert sample.reading == Unknown("no Render key: set WATCHDOG_RENDER_API_KEY")
    (sample,) = await watching(feed, clock, service=None).read()
    assert isinstance(sample.reading, Unknown) and "write render: srv-" in sample.reading.why


async def test_memory_samples_and_foreign_text_are_bounded(feed: Feed, clock: FakeClock, source: RenderEvents) -> None:
    """A crash loop of a thousand instances costs a list, not the house; its words are cut, and printable."""
    for number in range(REMEMBERED_MAX + 500):
        feed.say(clock.now() + number / 1000, text="\x1b[31m\n" + "x" * 500)
    clock.elapsed += 15
    samples = await source.read()
    assert len(samples) == 50 and len(source._seen) == REMEMBERED_MAX
    assert all(why.isprintable() and len(why) == 200 for why, _ in told(samples))


async def test_a_dependency_stays_bad_until_it_was_quiet_for_a_while(feed: Feed, clock: FakeClock) -> None:
    """A database that is down sends an event once a minute; in between it stays bad."""
    platform: Any = feed
    context = Context(clock=clock, endpoints={}, secrets={}, platform=platform, platform_id="dpg-main")
    source = build_dependency("db", context)
    assert isinstance((await source.read())[0].reading, Good)
    feed.say(clock.now() + 1, "postgres_unavailable", text="Postgres is not available")
    kinds = []
    for _ in range(8):
        clock.elapsed += 15
        (sample,) = await source.read()
        kinds.append(isinstance(sample.reading, Bad))
    quiet = int(QUIET_SECONDS // 15)
    assert kinds == [True] * quiet + [False] * (8 - quiet)
