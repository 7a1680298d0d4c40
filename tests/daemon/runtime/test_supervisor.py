"""One supervisor per task: crashes stay where they are, and are told."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.runtime.supervisor import BACKOFF_MAX_SECONDS, Supervisor


class Story:
    """A supervisor on a simulated clock, and what it reported."""

    def __init__(self) -> None:
        self.clock = FakeClock(auto=False)
        self.reports: list[tuple[float, str, str]] = []
        self.supervisor = Supervisor(self.clock, self.report)

    def report(self, name: str, error: BaseException) -> None:
        self.reports.append((self.clock.elapsed, name, type(error).__name__))

    async def die(self, error: BaseException, after_seconds: float = 0.0) -> None:
        await self.clock.sleep(after_seconds)
        raise error


async def test_a_crash_restarts_with_growing_bounded_pauses_and_spares_the_sibling() -> None:
    """1, 2, 4 … 60 s between starts; the sibling ticks on through all of it."""
    story, ticks = Story(), []

    async def sibling() -> None:
        while True:
            await story.clock.sleep(1)
            ticks.append(story.clock.elapsed)

    story.supervisor.start("crash", lambda: story.die(KeyError("boom")))
    story.supervisor.start("sibling", sibling)
    await story.clock.advance(300)
    moments = [at for at, name, _ in story.reports if name == "crash"]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60] and max(gaps) == BACKOFF_MAX_SECONDS
    assert len(ticks) == 300 and story.supervisor.alive() == ("sibling",)
    assert story.supervisor.ailing() == {"crash": "died of KeyError, starts again within 60 s"}
    assert await story.supervisor.stop(5) == () and story.supervisor.names() == ()


async def test_a_long_healthy_run_resets_the_pause() -> None:
    """A task that dies once an hour always starts again after a second."""
    story = Story()
    story.supervisor.start("hourly", lambda: story.die(OSError(), 3600))
    await story.clock.advance(4 * 3601 + 1)
    assert [at for at, _, _ in story.reports] == [3600, 7201, 10802, 14403]
    await story.supervisor.stop(5)


async def test_a_task_that_returns_is_done_and_one_without_restart_stays_down() -> None:
    story = Story()

    async def done() -> None:
        return

    story.supervisor.start("done", done)
    story.supervisor.start("once", lambda: story.die(ValueError()), restart=False)
    await story.clock.advance(100)
    assert story.supervisor.names() == () and story.supervisor.ailing() == {"once": "died of ValueError"}
    assert story.reports == [(0, "once", "ValueError")]


async def test_one_shot_failures_are_reported() -> None:
    story = Story()
    story.supervisor.spawn("errand", story.die(RuntimeError("lost?")))
    await story.clock.settle()
    assert story.reports == [(0, "errand", "RuntimeError")] and story.supervisor.count() == 0


async def test_a_leaked_cancellation_is_a_crash_and_a_real_one_is_not() -> None:
    """A CancelledError that nobody sent restarts the task; `end` ends it for good."""
    story = Story()
    story.supervisor.start("leaky", lambda: story.die(asyncio.CancelledError(), 1))
    await story.clock.advance(4.5)
    assert [name for _, _, name in story.reports] == ["CancelledError", "CancelledError"]
    await story.supervisor.end("leaky")
    await story.clock.advance(100)
    assert len(story.reports) == 2 and story.supervisor.names() == () and story.supervisor.ailing() == {}


async def test_stop_names_what_would_not_end_and_cancelling_unstarted_work_is_clean() -> None:
    """A task that swallows its cancellation is named after the grace; unstarted work leaves no warning."""
    story, release = Story(), asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def never_started() -> None:
        raise AssertionError

    story.supervisor.start("stubborn", stubborn)
    await story.clock.settle()
    story.supervisor.spawn("fresh", never_started())
    assert await story.supervisor.stop(0.05) == ("stubborn",)
    release.set()
    await story.clock.settle()
    assert story.supervisor.count() == 0


async def test_a_broken_reporter_does_not_stop_the_restart() -> None:
    clock, starts = FakeClock(auto=False), []

    def broken(name: str, error: BaseException) -> None:
        raise OSError("no space left")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    supervisor = Supervisor(clock, broken)

    async def crash() -> None:
        starts.append(clock.elapsed)
        raise KeyError

    supervisor.start("crash", crash)
    await clock.advance(3.5)
    assert starts == [0, 1, 3]
    await supervisor.stop(1)


async def test_two_tasks_of_one_name_are_a_mistake() -> None:
    story = Story()
    story.supervisor.start("probe", lambda: story.clock.sleep(10))
    with pytest.raises(ValueError, match="probe"):
        story.supervisor.start("probe", lambda: story.clock.sleep(10))
    await story.supervisor.stop(1)
