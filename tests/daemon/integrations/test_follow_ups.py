"""What is left to people: counted, and told once when it is overdue, whatever restarts or fails meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock, eventually
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from watchdog.core.updates.follow_up_reminders import LABEL
from watchdog.daemon.integrations.follow_ups import AGAIN_SECONDS, EVERY_SECONDS, REMIND_WITHIN_SECONDS, FollowUpKeeper
from watchdog.daemon.supervision.lease_manager import TTL_SECONDS
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain import events as e
from watchdog.domain.errors import Temporary
from watchdog.domain.events import Event
from watchdog.domain.follow_ups import Left
from watchdog.domain.policy import Suppression
from watchdog.domain.severity import Severity
from watchdog.ports import Clock, StoreReader


@dataclass
class Desk:
    """A keeper, what is left, and what it counts."""

    left: list[Left] = field(default_factory=list)
    metrics: Metrics = field(default_factory=lambda: Metrics("9.9"))
    reminds: bool = True
    why: str = ""

    async def read(self) -> list[Left]:
        if self.why:
            raise Temporary(self.why)
        return self.left

    def keeper(
        self, journal: StoreReader, clock: Clock, held: Callable[[], object], ask: Callable[[Event], Awaitable[object]]
    ) -> FollowUpKeeper:
        more = {"reminds": lambda: self.reminds, "held": held, "ask": ask}
        return FollowUpKeeper(self.read, journal, clock, self.metrics, **more)  # type: ignore[arg-type]

    def of(self, s: Scene) -> FollowUpKeeper:
        return self.keeper(s.store, s.clock, lambda: s.engine.held, s.engine.submit_and_wait)

    def counted(self) -> tuple[float | None, float | None]:
        get = self.metrics.registry.get_sample_value
        return get("watchdog_followups_open"), get("watchdog_followups_overdue")


def item(name: str, due_at: float | None, *, service: str = "web", number: int = 1, channels=("pager",)) -> Left:
    return Left(f"{service}-{number}", service, Severity.HIGH, channels, name, f"{name}: ann, due", due_at)


async def written(s: Scene) -> list[str]:
    return [note.text.partition(" (")[0] for note in await s.store.notes() if note.label == LABEL]


async def test_it_counts_to_the_second_and_tells_nobody_unless_it_is_asked_for() -> None:
    """What is due when it is not known yet is open, and never overdue."""
    async with scene() as s:
        now = s.clock.now()
        desk = Desk([item("docs", now), item("lessons", now - 0.1), item("own-1", None)], reminds=False)
        await desk.of(s).look()
        assert desk.counted() == (3, 1) and s.pages == [] and await written(s) == []
        desk.left = []
        await desk.of(s).look()
        assert desk.counted() == (0, 0)


async def test_what_is_overdue_is_told_once() -> None:
    """In one message of an incident; what falls due later, in another; the next look and the next run know of it."""
    async with scene() as s:
        now = s.clock.now()
        desk = Desk(
            [item("docs", now - 5), item("lessons", now - 5), item("own-1", now + 50), item("x", now - 5, number=2)]
        )
        await desk.of(s).look()
        await s.quiet()
        assert sorted(s.pages) == ["web: 1 follow-up of web-2 overdue", "web: 2 follow-ups of web-1 overdue"]
        await desk.of(s).look()
        s.clock.elapsed += 60
        await desk.of(s).look()
        await s.quiet()
        assert s.pages[2:] == ["web: 1 follow-up of web-1 overdue"]
        await s.stop()
        again = await s.another()
        await desk.of(again).look()
        await again.quiet()
        assert len(s.pages) == 3 and await written(again) == ["docs, lessons", "x", "own-1"]
        await again.stop()


@pytest.mark.parametrize(
    "left",
    [
        *(item("docs", due) for due in (None, 50.0, -REMIND_WITHIN_SECONDS - 1)),
        *(item("docs", -5.0, **other) for other in ({"service": "shop"}, {"channels": ()})),
    ],
)
async def test_what_is_not_reminded_of(left: Left) -> None:
    """Not due, due long ago, of another worker's service, or where nobody would hear it."""
    async with scene() as s:
        due = s.clock.now() + left.due_at if left.due_at is not None else None
        await Desk([replace(left, due_at=due)]).of(s).look()
        assert s.pages == [] and await written(s) == []


async def test_a_reminder_that_cannot_be_written_down_is_not_told() -> None:
    """It would be told again by whoever looks next; once the store takes it, it is told, once."""
    async with scene() as s:
        desk, store = Desk([item("docs", s.clock.now() - 5)]), s.store
        assert isinstance(store, ShakyStore)
        store.saving = SHUT
        await desk.of(s).look()
        await s.quiet()
        assert s.pages == []
        store.saving = None
        for _ in range(2):
            await desk.of(s).look()
        await s.quiet()
        assert len(s.pages) == 1 and await written(s) == ["docs"]


async def test_killed_between_the_record_and_the_message_it_is_told_by_the_next_run() -> None:
    """The notice stands in the journal; nobody reminds again."""
    async with scene() as s:
        desk = Desk([item("docs", s.clock.now() - 5)])
        s.pager.script = [Temporary("down")] * 3
        await desk.of(s).look()
        await s.stop()
        s.pager.script = []
        again = await s.another()
        await desk.of(again).look()
        await eventually(lambda: len(s.pages) > 0)
        await again.quiet()
        assert s.pages == ["web: 1 follow-up of web-1 overdue"] and await written(again) == ["docs"]
        await again.stop()


async def test_a_silence_puts_it_off_until_it_ends() -> None:
    """The core is asked each hour; what falls due meanwhile is asked for by itself."""
    async with scene() as s:
        now = s.clock.now()
        desk = Desk([item("docs", now - 5), item("lessons", now + 90), item("late", now + 9000)])
        s.engine.policy = replace(s.engine.policy, silences=(Suppression("s", "web", "ann", "x", now - 9, now + 30),))
        asked: list[Event] = []

        async def ask(event: Event) -> None:
            asked.append(event)
            await s.engine.submit_and_wait(event)

        keeper = desk.keeper(s.store, s.clock, lambda: s.engine.held, ask)
        await keeper.look()
        assert s.pages == [] and await written(s) == [] and len(asked) == 1
        s.clock.elapsed += 60
        await keeper.look()
        assert len(asked) == 1
        s.clock.elapsed += 60
        await keeper.look()
        await s.quiet()
        assert len(asked) == 2 and s.pages == ["web: 1 follow-up of web-1 overdue"]
        s.clock.elapsed += AGAIN_SECONDS - 120
        await keeper.look()
        await s.quiet()
        assert len(s.pages) == 2 and await written(s) == ["lessons", "docs"]


async def test_a_frozen_worker_that_wakes_up_reminds_of_nothing(one: Worker, other: Worker) -> None:
    """It looked, saw that nobody was told, and froze; the other took the service over and told them."""
    await one.sharing.begin()
    desk = Desk([item("docs", one.clock.now() - 5, service="api")])

    async def freeze(event: Event) -> None:
        one.clock.freeze(TTL_SECONDS + 1)
        await other.sharing.begin()
        assert "api" in other.held
        await desk.keeper(other.store, other.clock, lambda: other.engine.held, other.engine.handle).look()
        await one.engine.handle(event)

    with capture_logs() as lines:
        await desk.keeper(one.store, one.clock, lambda: one.engine.held, freeze).look()
    assert lines[-1]["event"] == "follow-up reminder left to another worker"
    notes = [note for note in await other.store.notes() if note.label == LABEL]
    assert len(notes) == 1 and len(await other.store.pending(("api",))) <= 1
    await eventually(lambda: len(other.pager.took) == 1)
    assert one.pager.took == []


async def test_it_looks_now_and_then_also_after_a_store_that_did_not_answer() -> None:
    """Never more often than each minute."""
    clock = FakeClock(auto=False)
    desk = Desk([item("docs", clock.now() + 90)], why="the store does not answer")
    asked: list[Event] = []

    async def ask(event: Event) -> None:
        asked.append(event)

    async with scene() as s:
        keeper = desk.keeper(s.store, clock, lambda: {"web": 1}, ask)
        s.supervisor.start("follow-ups", keeper.run)
        await clock.advance(EVERY_SECONDS - 1)
        assert desk.counted() == (0, 0) and s.errors == []
        desk.why = ""
        await clock.advance(1)
        assert desk.counted() == (1, 0)
        await clock.advance(EVERY_SECONDS)
        assert desk.counted() == (1, 1)
        await eventually(lambda: asked)
        assert [type(one) for one in asked] == [e.FollowUpsFellDue]
