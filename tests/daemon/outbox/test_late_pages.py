"""A worker that lost a service: its page does not ring after the all-clear of the one that has it, or is resolved."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock, eventually
from tests.support.notification_vendors import Channel, tell
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.daemon.engine.persistence import OURSELVES
from watchdog.daemon.outbox.late_pages import CLOCKS_SECONDS, LOOK_SECONDS, SEEN_SECONDS
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import Incident, Outcome, Phase
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.readings import Bad, Good, Reading, Unknown
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Write

PAGE, OVER = "shop: shop is down", "shop: shop-1 is over"


class Gated(Channel):
    """A channel whose answers wait until the gate is open, as those of a process that stands still do."""

    def __init__(self, name: str, *script: BaseException | None) -> None:
        super().__init__(name, *script)
        self.gate, self.asked = asyncio.Event(), 0
        self.gate.set()

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        self.asked += 1
        await self.gate.wait()
        return await super().send(notice, reference)


@dataclass
class Two:
    """A worker that holds every service, and its heir."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(auto=False))
    pager: Gated = field(default_factory=lambda: Gated("pager"))
    chat: Gated = field(default_factory=lambda: Gated("chat"))

    def __post_init__(self) -> None:
        database = MemoryDatabase(self.clock)
        self.one = Worker("one", database, self.clock, pager=self.pager, chat=self.chat)
        self.heir = Worker("two", database, self.clock)

    async def begin(self) -> None:
        await self.clock.during(self.one.sharing.begin())

    def page(
        self, kind: NoticeKind = NoticeKind.OPENED, resumed: bool = False, to: str = "pager", **more: object
    ) -> asyncio.Task[None]:
        """Let the first worker tell of the shop's incident, from memory."""
        now = self.clock.now()
        news = IncidentNews(Topic.FOUND, Incident("shop-1", "shop", Severity.CRITICAL, now, now, "shop is down"))
        about = {"at": now, "incident": "shop-1", "service": "shop", "wakes": True, "about": news, **more}
        effect = tell(PAGE, to, kind=kind, **about)  # type: ignore[arg-type]
        return asyncio.create_task(self.one.outbox.deliver(None, effect, resumed=resumed))

    async def rings(self, **more: Any) -> None:
        """Let a page arrive."""
        await self.lands(self.page(**more))

    async def lands(self, page: asyncio.Task[None]) -> None:
        """Open the gate, and wait until a page that is on its way has arrived."""
        self.pager.gate.set()
        await self.clock.during(asyncio.wait_for(page, 60.0))

    async def rings_and_is_lost(self, **more: Any) -> None:
        """Let a page arrive, and the heir take over."""
        await self.rings(**more)
        await self.take_over()

    async def hold(self, **more: object) -> asyncio.Task[None]:
        """Let a page be on its way, and its answer wait, while the heir takes over."""
        self.pager.gate.clear()
        page, asked = self.page(**more), self.pager.asked  # type: ignore[arg-type]
        # The store takes its time for the reference of a channel's first page.
        await self.clock.during(eventually(lambda: self.pager.asked > asked))
        await self.take_over()
        return page

    async def save_heir(self, denied: tuple[str, ...] = (), **fields: Any) -> None:
        """Let the heir save the shop with these fields."""
        state = self.heir.engine.state
        services = {**state.services, "shop": replace(state.services["shop"], **fields)}
        self.heir.engine.state = replace(state, services=services, denied=denied)
        await self.clock.during(self.heir.store.save(Write(self.heir.engine.state)))

    async def take_over(self) -> None:
        """Let the first worker's leases run out, and the heir take everything; the first has not noticed."""
        await self.clock.advance(30.0)
        await self.clock.during(self.heir.sharing.begin())

    async def saves(self, phase: Phase, closed_at: float | None = None, **more: Any) -> None:
        """Let the heir save the shop's incident; `paged`: it knows that people were told of it."""
        opened = self.clock.now() - 40.0
        outcome = Outcome.RECOVERED if closed_at else Outcome.OPEN
        made = Incident("shop-1", "shop", Severity.CRITICAL, opened, opened, PAGE, outcome=outcome, closed_at=closed_at)
        await self.save_heir(phase=phase, incident=replace(made, **{"paged": True, **more}))

    async def passes(self, seconds: float) -> None:
        """Let time pass; the heir keeps what it has."""
        for _ in range(round(seconds / 2.0)):
            await self.clock.advance(2.0)
            await self.clock.during(self.heir.sharing.renew())

    async def notices(self) -> None:
        """Let the first worker notice that it lost everything, and have time to look."""
        await self.clock.during(self.one.sharing.renew())
        await self.passes(2 * LOOK_SECONDS)

    @property
    def titles(self) -> list[str]:
        """Return what the first worker's channel took."""
        return [title for title, _ in self.pager.took]


@pytest.fixture
async def two() -> Two:
    made = Two()
    await made.begin()
    return made


@pytest.mark.parametrize(
    ("ahead", "noticed"), [(0.0, False), (3600.0, False), pytest.param(3600.0, True, marks=pytest.mark.long)]
)
async def test_case_53_a_page_that_lands_after_the_heirs_all_clear_is_resolved_again(
    two: Two, ahead: float, noticed: bool
) -> None:
    """The process stood still while it was sent: with nothing to end it, it would ring for ever. The heir's clock may
    be an hour ahead. What is under way as the loss is noticed is looked after until it has landed.
    """
    page = await two.hold()
    await two.saves(Phase.CALM, closed_at=two.clock.now() + ahead)
    if noticed:
        await two.notices()
    await two.lands(page)
    await (two.clock.advance(2 * LOOK_SECONDS) if noticed else two.notices())
    assert two.titles == [PAGE, OVER]
    await two.clock.advance(SEEN_SECONDS)
    assert two.titles == [PAGE, OVER], "once"


@pytest.mark.long
@pytest.mark.parametrize("noticed", [False, True])
async def test_case_53_a_page_that_is_tried_again_is_not_sent_once_the_heir_closed_the_incident(noticed: bool) -> None:
    """It asks before each send, whether it knows that it lost the service or was only still for long."""
    two = Two(pager=Gated("pager", Temporary("down"), Temporary("down"), Temporary("down")))
    await two.begin()
    page = await two.hold()
    await two.saves(Phase.CALM, closed_at=two.clock.now())
    if noticed:
        await two.notices()
    await two.lands(page)
    assert (two.pager.asked, two.titles) == (1, [])


@pytest.mark.parametrize("noticed", [False, True])
async def test_case_53_a_page_of_what_the_heir_closed_without_a_word_is_sent_and_resolved(noticed: bool) -> None:
    """The channel was down for the whole outage, the store as it was decided: nobody else could tell people of it."""
    two = Two(pager=Gated("pager", *[Temporary("down")] * 3))
    await two.begin()
    page = await two.hold()
    await two.saves(Phase.CALM, closed_at=two.clock.now(), paged=False)
    if noticed:
        await two.notices()
    await two.lands(page)
    await two.notices()
    assert two.titles == [PAGE, OVER]


@pytest.mark.parametrize(("stood_still", "sent"), [(0.0, True), (60.0, False)])
async def test_case_53_the_store_is_asked_again_by_a_process_that_stood_still_as_it_asked(
    two: Two, stood_still: float, sent: bool
) -> None:
    """Its time for the answer ran out unused. By its own fast clock, the page is younger than the close."""
    await two.take_over()
    await two.saves(Phase.CALM, closed_at=two.clock.now() - 3600.0)
    ask = two.one.store.incident

    async def stall(_incident: str) -> Incident | None:
        two.one.store.incident = ask  # type: ignore[method-assign]
        await two.clock.sleep(stood_still)
        raise Temporary("no answer")

    two.one.store.incident = stall  # type: ignore[method-assign]
    await two.clock.during(asyncio.wait_for(two.page(at=two.clock.now() - 20.0), 60.0))
    assert two.titles == [PAGE] * sent


async def test_what_the_heir_has_open_is_the_heirs_to_resolve(two: Two) -> None:
    """And a page of it is still sent: in doubt people are called."""
    await two.rings_and_is_lost()
    await two.saves(Phase.PAGED)
    await two.notices()
    await two.rings(at=two.clock.now() - 20.0)
    await two.clock.advance(SEEN_SECONDS)
    assert two.titles == [PAGE, PAGE]


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
@pytest.mark.parametrize("renewed", [True, False])
async def test_a_page_from_before_the_last_renewal_has_the_heirs_all_clear(
    two: Two, renewed: bool, ahead: float
) -> None:
    """Of what was told in time nothing is said twice, whatever the heir's clock says. Without a renewal the heir may
    have had the service for long, while this worker, which the store did not answer, paged from memory.
    """
    if not renewed:
        await two.take_over()
    await two.rings()
    await two.clock.advance(1.0)
    if renewed:
        await two.clock.during(two.one.sharing.renew())
        await two.take_over()
    await two.passes(60.0)
    await two.saves(Phase.CALM, closed_at=two.clock.now() + ahead)
    await two.notices()
    assert two.titles == [PAGE, OVER][: 2 - renewed]


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
async def test_case_53_a_page_found_in_the_store_is_not_sent_once_its_incident_is_closed(
    two: Two, ahead: float
) -> None:
    """The service was handed over seconds after the worker paged and closed, so that the page is young."""
    await two.take_over()
    await two.saves(Phase.CALM, closed_at=two.clock.now())
    await two.rings(at=two.clock.now() + ahead, resumed=True)
    assert two.titles == []


@pytest.mark.parametrize("first", ["pager", "chat"])
async def test_a_page_that_lands_while_the_store_is_asked_counts_from_then(two: Two, first: str) -> None:
    """A channel has an older one, of well before the close; if that is another one, both are ended.

    The chat is aside: it gets no end but one that names it.
    """
    await two.rings(to=first)
    second = await two.hold()
    await two.saves(Phase.PAGED)
    ask, asked, answers = two.one.store.incident, asyncio.Event(), asyncio.Event()

    async def slowly(incident: str) -> Incident | None:
        found = await ask(incident)
        asked.set()
        await answers.wait()
        return found

    two.one.store.incident = slowly  # type: ignore[method-assign]
    await two.clock.during(two.one.sharing.renew())
    await eventually(asked.is_set)
    await two.lands(second)
    answers.set()
    await two.passes(LOOK_SECONDS)
    await two.saves(Phase.CALM, closed_at=two.clock.now())
    await two.passes(2 * LOOK_SECONDS)
    told = ([PAGE, PAGE, OVER], []) if first == "pager" else ([PAGE, OVER], [PAGE, OVER])
    assert (two.titles, [title for title, _ in two.chat.took]) == told


async def test_what_was_resolved_here_is_not_resolved_again(two: Two) -> None:
    """The all-clear has arrived behind the page."""
    await two.rings()
    await two.rings_and_is_lost(kind=NoticeKind.RESOLVED)
    await two.saves(Phase.CALM, closed_at=two.clock.now())
    await two.notices()
    assert two.titles == [PAGE, PAGE]


async def test_what_the_heir_closed_without_knowing_of_the_page_is_resolved(two: Two) -> None:
    """It was told from memory: the heir had nothing to resolve, whenever it closed the incident."""
    await two.rings_and_is_lost()
    await two.saves(Phase.PAGED, paged=False)
    await two.notices()
    await two.passes(SEEN_SECONDS)
    assert two.titles == [PAGE], "it goes on there"
    await two.saves(Phase.CALM, closed_at=two.clock.now(), paged=False)
    await two.passes(2 * LOOK_SECONDS)
    assert two.titles == [PAGE, OVER]


async def test_a_page_that_was_decided_after_the_heirs_close_is_not_sent_or_is_resolved(two: Two) -> None:
    """The process woke up and paged from memory, before it heard that the service is another worker's."""
    await two.take_over()
    await two.saves(Phase.CALM, closed_at=two.clock.now())
    await two.clock.advance(5.0)
    await two.rings()
    await two.notices()
    assert two.titles == [PAGE, OVER]
    await two.rings()
    assert two.titles == [PAGE, OVER], "now it knows"


def reads(*readings: Reading) -> dict[str, Check]:
    return {f"check-{n}": Check(f"check-{n}", "http", last=reading) for n, reading in enumerate(readings)}


@pytest.mark.parametrize(
    ("phase", "checks", "resolved"),
    [
        (Phase.CALM, reads(Good(), Good()), True),
        (Phase.CALM, reads(Good(), Unknown("no network")), False),
        (Phase.CALM, reads(Good(), Bad("HTTP 500")), False),
        (Phase.CALM, {}, False),
        (Phase.SUSPECT, reads(Good()), False),
    ],
)
async def test_case_53_what_the_store_never_had_is_resolved_once_the_heir_saw_all_good(
    two: Two, phase: Phase, checks: dict[str, Check], resolved: bool
) -> None:
    """Told from memory while the store was away. That the heir sees nothing, or has not looked, is no all-clear."""
    await two.rings_and_is_lost()
    await two.notices()
    for seen in (0.0, SEEN_SECONDS):
        await two.passes(seen)
        now = two.clock.now()
        read = {name: replace(check, last_at=now) for name, check in checks.items()}
        await two.save_heir(phase=phase, checks=read)
        await two.passes(2 * LOOK_SECONDS)
        assert two.titles == [PAGE, OVER][: 1 + (resolved and seen > 0.0)]


@pytest.mark.parametrize("about", ["shop-1", "shop-1/auto-deploy"])
async def test_case_53_a_page_under_way_when_the_service_moved_is_ended_though_it_came_back(
    two: Two, about: str
) -> None:
    """It is in the state of no worker any more, so that no step ends it: decided without the store, or found there, and
    decided by another worker, whose clock is ahead.
    """
    alert: dict[str, Any] = {"incident": about, "about": None}
    found: dict[str, Any] = {"resumed": True, "at": two.clock.now() + 3600.0}
    two.pager.gate.clear()
    page = two.page(**(alert if about.endswith("/auto-deploy") else found))
    await two.clock.during(eventually(lambda: two.pager.asked == 1))
    await two.take_over()
    await two.clock.during(two.one.sharing.renew())
    await two.clock.advance(30.0)
    two.heir = two.one
    await two.clock.during(two.one.sharing.renew())
    assert "shop" in two.one.held
    await two.lands(page)
    assert two.titles == [PAGE]
    await two.passes(SEEN_SECONDS)
    now, on = two.clock.now(), ServiceFacts("srv", "shop", auto_deploy="commit")
    checks = {name: replace(check, last_at=now) for name, check in reads(Good()).items()}
    await two.save_heir(checks=checks, facts=on, deploys_at=now, deploys_why="")
    await two.passes(2 * LOOK_SECONDS)
    assert two.titles == [PAGE, f"shop: {about} is over"]


@pytest.mark.parametrize("paged", [True, False])
async def test_what_goes_on_under_another_number_says_so(two: Two, paged: bool) -> None:
    """The heir found the outage by itself; without a page of its own this one rings on."""
    await two.rings_and_is_lost()
    await two.saves(Phase.PAGED, id="shop-7", paged=paged)
    await two.notices()
    told = [(PAGE, None), ("shop: shop-1 goes on as shop-7", f"after {PAGE}")]
    assert two.pager.took == told[: 1 + paged], "in the thread of its page, which the record does not know"


BACK, OTHER = (Deploy(name, "live", commit=code) for name, code in (("dep-6", "bad"), ("dep-7", "good")))
OFF, ON = (ServiceFacts("srv", "shop", auto_deploy=value) for value in ("off", "commit"))
THREAD = "shop-1/auto-deploy"


@pytest.mark.parametrize(
    ("about", "still", "over"),
    [
        ("dep-6", {"deploys": (BACK,)}, {"deploys": (OTHER,)}),
        ("dep-6", {"deploys": (OTHER,), "returned": ("dep-6",)}, {"deploys": (OTHER,)}),
        (THREAD, {"facts": OFF}, {"facts": ON}),
        (THREAD, {"facts": ON, "auto_deploy_notice_thread": THREAD}, {"facts": ON}),
    ],
)
async def test_a_page_outside_incidents_is_resolved_once_its_matter_is_over_at_the_heir(
    two: Two, about: str, still: dict[str, Any], over: dict[str, Any]
) -> None:
    """Told from memory, a bad commit that came back and auto-deploy that is off are in no state but this worker's."""
    await two.rings_and_is_lost(incident=about, about=None)
    await two.notices()
    for fields, resolved in ((still, False), (over, True)):
        known = {"deploys_why": "", "returned": (), "auto_deploy_notice_thread": "", **fields}
        await two.save_heir(("bad",), deploys_at=two.clock.now() + 60.0, **known)
        await two.passes(2 * LOOK_SECONDS)
        assert two.titles == [PAGE, f"shop: {about} is over"][: 1 + resolved]
    await two.rings(incident=about, about=None)
    assert len(two.titles) == 2, "now it is not even sent"


async def test_an_alert_that_lands_after_its_matter_ended_at_the_heir_is_resolved_at_the_first_look(two: Two) -> None:
    """The list was read before the page landed, and after it was decided: a worker that stops soon must not wait."""
    decided_at = two.clock.now()
    page = await two.hold(incident=THREAD, about=None)
    await two.save_heir(deploys_at=decided_at + CLOCKS_SECONDS + 1.0, deploys_why="", facts=ON)
    await two.lands(page)
    await two.notices()
    assert two.titles == [PAGE, f"shop: {THREAD} is over"]


async def test_a_page_of_an_incident_whose_facts_another_version_wrote_rings_until_that_is_closed(two: Two) -> None:
    """Its row has words alone, as an alert outside incidents does: no deploy of that name says nothing of it."""
    await two.rings_and_is_lost(about=None)
    await two.save_heir(deploys_at=two.clock.now() + 60.0, deploys_why="")
    for phase, closed_at in ((Phase.PAGED, None), (Phase.CALM, two.clock.now() + 60.0)):
        await two.saves(phase, closed_at, paged=False)
        await two.notices()
        assert two.titles == [PAGE, OVER][: 1 + (closed_at is not None)]


@pytest.mark.parametrize("more", [{}, {"wakes": False}])
async def test_what_is_said_of_a_service_without_a_page_is_left_alone(two: Two, more: dict[str, Any]) -> None:
    """And a page of which the heir knows nothing rings on."""
    await two.rings_and_is_lost(incident="shop-1/follow-ups", about=None, **more)
    await two.notices()
    await two.passes(2 * SEEN_SECONDS)
    assert len(two.titles) == 1


async def test_a_channel_that_is_down_holds_back_no_other_end(two: Two) -> None:
    """Two incidents of lost services; the end of the first cannot be sent for hours."""
    for incident in ("shop-1", "shop-2"):
        await two.rings(incident=incident)
    await two.take_over()
    for name in ("shop-1", "shop-2"):
        await two.saves(Phase.CALM, closed_at=two.clock.now(), paged=False, id=name)
    two.pager.gate.clear()
    before = two.pager.asked
    await two.notices()
    assert two.pager.asked == before + 2, "both ends are on their way"


async def test_an_end_that_comes_while_the_store_is_asked_keeps_the_page_from_ringing(two: Two) -> None:
    """A page that the channel refused is tried again after minutes; meanwhile its end overtakes it."""
    two.pager.script = [Permanent("refused")]
    page = two.page()
    await two.clock.advance(299.0)
    asked = asyncio.Event()

    async def slowly(incident: str) -> Incident | None:
        asked.set()
        await two.clock.sleep(4.0)
        return None

    two.one.store.incident = slowly  # type: ignore[method-assign]
    await two.clock.advance(2.0)
    assert asked.is_set()
    end = two.page(kind=NoticeKind.RESOLVED)
    await two.clock.advance(30.0)
    assert len(two.titles) == 1 and page.done() and end.done()


DOWN, LONG_DOWN = Temporary("down"), Temporary("down", retry_after_seconds=60.0)


@pytest.mark.parametrize(
    ("script", "seconds", "kind", "rang", "told"),
    [
        ([DOWN] * 2, 0.0, NoticeKind.RESOLVED, False, [PAGE, OVER]),  # by then the heir could not have it
        ([DOWN, DOWN, None, DOWN], 0.0, NoticeKind.RESOLVED, False, [PAGE, OVER]),  # refused once, as well
        ([DOWN] * 6, 60.0, NoticeKind.RESOLVED, False, []),  # asked again: its end is there, and it is not rung
        ([DOWN, None, LONG_DOWN], 0.0, NoticeKind.RESOLVED, True, [PAGE]),
        ([DOWN, None, LONG_DOWN], 0.0, NoticeKind.UPDATED, True, [PAGE]),
    ],
)
async def test_case_53_what_the_heir_brought_is_sent_again_where_it_came_before_the_page_rang(
    two: Two, script: list[Any], seconds: float, kind: NoticeKind, rang: bool, told: list[str]
) -> None:
    """The worker's own page waits for a channel that is down; its all-clear has a row, and was brought by the heir.

    Brought before the page rang it ends nothing; after that it is not sent again.
    """
    two.pager.script = list(script)
    of_itself = {"incident": "blind", "service": OURSELVES, "about": None}
    page = two.page(kind=NoticeKind.SELF_ALERT, **of_itself)
    await two.clock.advance(seconds)
    after = tell(OVER, "pager", kind=kind, at=two.clock.now(), **of_itself)
    (row,) = await two.clock.during(two.one.store.save(Write(two.one.engine.state, effects=(after,))))
    later = asyncio.create_task(two.one.outbox.deliver(row.id, after))
    await two.clock.advance(1.5)
    assert two.titles == [PAGE] * rang and not (rang and two.pager.script)
    await two.clock.during(two.heir.outbox.deliver(row.id, after))
    await two.clock.advance(300.0)
    assert page.done() and later.done() and two.titles == told


@pytest.mark.parametrize("script", [[LONG_DOWN], [DOWN] * 6])
@pytest.mark.parametrize(("brought", "told"), [(True, [OVER]), (False, [PAGE, OVER])])
async def test_case_53_a_page_whose_end_the_heir_brought_meanwhile_does_not_ring(
    two: Two, script: list[Any], brought: bool, told: list[str]
) -> None:
    """Page and end of the worker wait for the channel. Killed between the two, it would leave the page without an end.

    An answer of its own may have been lost, and the page have come after the heir's end: that is sent once more.
    """
    two.pager.script = list(script)
    page = two.page()
    await two.clock.advance(0.5)
    over = tell(OVER, "pager", kind=NoticeKind.RESOLVED, at=two.clock.now(), incident="shop-1", service="shop")
    (row,) = await two.clock.during(two.one.store.save(Write(two.one.engine.state, effects=(over,))))
    end = asyncio.create_task(two.one.outbox.deliver(row.id, over))
    await two.clock.advance(1.0)
    if brought:
        await two.clock.during(two.heir.outbox.deliver(row.id, over))
    await two.clock.advance(300.0)
    assert page.done() and end.done() and two.titles == told
