"""A worker that lost a service: its page does not ring after the all-clear of the one that has it, or is resolved."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock, eventually
from tests.support.notification_vendors import Channel, tell
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.daemon.outbox.late_pages import CLOCKS_SECONDS, LOOK_SECONDS, SEEN_SECONDS
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, Outcome, Phase
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity

PAGE, OVER = "shop is down", "shop: shop-1 is over"


class Gated(Channel):
    """A channel whose answers wait until the gate is open, as those of a process that stands still do."""

    def __init__(self, name: str, *script: BaseException | None) -> None:
        super().__init__(name, *script)
        self.gate, self.asked = asyncio.Event(), 0
        self.gate.set()

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Take the notice once the gate is open."""
        self.asked += 1
        await self.gate.wait()
        return await super().send(notice, reference)


@dataclass
class Two:
    """A worker that holds every service, and its heir."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(auto=False))
    pager: Gated = field(default_factory=lambda: Gated("pager"))

    def __post_init__(self) -> None:
        database = MemoryDatabase(self.clock)
        self.one = Worker("one", database, self.clock, pager=self.pager)
        self.heir = Worker("two", database, self.clock)

    async def begin(self) -> None:
        """Let the first worker take everything."""
        await self.clock.during(self.one.sharing.begin())

    def page(self, kind: NoticeKind = NoticeKind.OPENED, **more: object) -> asyncio.Task[None]:
        """Let the first worker tell of the shop's incident, from memory."""
        about = {"at": self.clock.now(), "incident": "shop-1", "service": "shop", "wakes": True, **more}
        effect = tell(PAGE, "pager", kind=kind, **about)  # type: ignore[arg-type]
        return asyncio.create_task(self.one.teller.deliver(None, effect))

    async def take_over(self) -> None:
        """Let the first worker's leases run out, and the heir take everything; the first has not noticed."""
        await self.clock.advance(30.0)
        await self.clock.during(self.heir.sharing.begin())

    async def saves(self, worker: Worker, phase: Phase, closed_at: float | None = None) -> None:
        """Let a worker save the shop's incident."""
        opened = self.clock.now() - 40.0
        made = Incident("shop-1", "shop", Severity.CRITICAL, opened, opened, PAGE, closed_at=closed_at)
        made = replace(made, outcome=Outcome.RECOVERED if closed_at else Outcome.OPEN)
        shop = replace(worker.engine.state.services["shop"], phase=phase, incident=made)
        worker.engine.state = replace(worker.engine.state, services={**worker.engine.state.services, "shop": shop})
        await self.clock.during(worker.store.save(None, worker.engine.state, ()))

    async def notices(self) -> None:
        """Let the first worker notice that it lost everything, and have time to look."""
        await self.clock.during(self.one.sharing.renew())
        await self.clock.advance(2 * LOOK_SECONDS)

    @property
    def titles(self) -> list[str]:
        """Return what the first worker's channel took."""
        return [title for title, _ in self.pager.took]


@pytest.fixture
async def two() -> Two:
    """Both of them."""
    made = Two()
    await made.begin()
    return made


async def test_a_page_that_lands_after_the_heirs_all_clear_is_resolved_again(two: Two) -> None:
    """The process stood still while it was sent: with nothing to end it, it would ring for ever."""
    two.pager.gate.clear()
    page = two.page()
    await eventually(lambda: two.pager.asked)
    await two.take_over()
    await two.saves(two.heir, Phase.CALM, closed_at=two.clock.now())
    two.pager.gate.set()
    await two.clock.during(asyncio.wait_for(page, 60.0))
    await two.notices()
    assert two.titles == [PAGE, OVER]
    await two.clock.advance(SEEN_SECONDS)
    assert two.titles == [PAGE, OVER], "once"


async def test_it_is_so_when_it_lands_after_the_loss_was_noticed(two: Two) -> None:
    """What is under way is looked after until it has landed."""
    two.pager.gate.clear()
    two.page()
    await eventually(lambda: two.pager.asked)
    await two.take_over()
    await two.saves(two.heir, Phase.CALM, closed_at=two.clock.now())
    await two.notices()
    two.pager.gate.set()
    await two.clock.advance(2 * LOOK_SECONDS)
    assert two.titles == [PAGE, OVER]


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_page_that_is_tried_again_is_not_sent_once_the_heir_closed_the_incident(noticed: bool) -> None:
    """It asks before each send, whether it knows that it lost the service or was only still for long."""
    two = Two(pager=Gated("pager", Temporary("down"), Temporary("down"), Temporary("down")))
    await two.begin()
    two.pager.gate.clear()
    page = two.page()
    await eventually(lambda: two.pager.asked)
    await two.take_over()
    await two.saves(two.heir, Phase.CALM, closed_at=two.clock.now())
    if noticed:
        await two.notices()
    two.pager.gate.set()
    await two.clock.during(asyncio.wait_for(page, 60.0))
    assert (two.pager.asked, two.titles) == (1, [])


async def test_what_the_heir_has_open_is_the_heirs_to_resolve(two: Two) -> None:
    """And a page of it is still sent: in doubt people are called."""
    await two.clock.during(asyncio.wait_for(two.page(), 60.0))
    await two.take_over()
    await two.saves(two.heir, Phase.PAGED)
    await two.notices()
    await two.clock.during(asyncio.wait_for(two.page(at=two.clock.now() - 20.0), 60.0))
    await two.clock.advance(SEEN_SECONDS)
    assert two.titles == [PAGE, PAGE]


async def test_a_page_that_came_well_before_the_close_has_the_heirs_all_clear(two: Two) -> None:
    """Of what was told in time, and of what was resolved here, nothing is said twice."""
    await two.clock.during(asyncio.wait_for(two.page(), 60.0))
    await two.take_over()
    await two.saves(two.heir, Phase.CALM, closed_at=two.clock.now() + CLOCKS_SECONDS)
    await two.notices()
    assert two.titles == [PAGE]


async def test_what_was_resolved_here_is_not_resolved_again(two: Two) -> None:
    """The all-clear has arrived behind the page."""
    await two.clock.during(asyncio.wait_for(two.page(), 60.0))
    await two.clock.during(asyncio.wait_for(two.page(kind=NoticeKind.RESOLVED), 60.0))
    await two.take_over()
    await two.saves(two.heir, Phase.CALM, closed_at=two.clock.now())
    await two.notices()
    assert two.titles == [PAGE, PAGE]


@pytest.mark.parametrize(("phase", "resolved"), [(Phase.CALM, True), (Phase.SUSPECT, False)])
async def test_what_the_store_never_had_is_resolved_unless_the_heir_sees_it_too(
    two: Two, phase: Phase, resolved: bool
) -> None:
    """Told from memory while the store was away: the heir knows of no incident that it could close."""
    await two.clock.during(asyncio.wait_for(two.page(), 60.0))
    await two.take_over()
    shop = replace(two.heir.engine.state.services["shop"], phase=phase)
    two.heir.engine.state = replace(two.heir.engine.state, services={**two.heir.engine.state.services, "shop": shop})
    await two.clock.during(two.heir.store.save(None, two.heir.engine.state, ()))
    await two.notices()
    assert two.titles == [PAGE], "it has time to see the outage"
    await two.clock.advance(SEEN_SECONDS)
    assert two.titles == [PAGE, OVER][: 1 + resolved]
