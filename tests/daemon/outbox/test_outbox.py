"""The outbox: at least once, whatever happens. Real channels over real HTTP, a real SQLite, simulated time."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.clocks import PATIENCE_SECONDS, FakeClock, eventually
from tests.support.loopback import serve
from tests.support.notification_vendors import HOOK, Channel, Town, channels, tell
from tests.support.stores import store_at
from watchdog.adapters.stores import build_store
from watchdog.daemon.outbox.attempt import RETRY_AFTER_MAX_SECONDS
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS
from watchdog.daemon.outbox.outbox import BROKEN_GAP_SECONDS, Outbox
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Write
from watchdog.domain.units import show_seconds
from watchdog.ports import Notifier, Store
from watchdog.sandbox import keys


class Telling:
    """A store, channels, and the outbox between them; it can be started again. `reports`: what the metrics are told."""

    def __init__(
        self, clock: FakeClock, store: Store, notifiers: Mapping[str, Notifier], aside: Sequence[str] = ()
    ) -> None:
        self.clock, self.store, self.notifiers, self.aside = clock, store, notifiers, aside
        self.reports: list[tuple[str, str]] = []
        self.outbox = self.new_outbox()

    def new_outbox(self) -> Outbox:
        """Return a fresh outbox, as after a restart: it remembers nothing."""
        return Outbox(self.store, self.notifiers, self.clock, self.report, aside=self.aside)

    def report(self, channel: str, outcome: str, notice: Notice) -> None:
        self.reports.append((channel, outcome))

    async def deliver(self, effect: Tell) -> None:
        (pending,) = await self.store.save(Write(State(), effects=(effect,)))
        await self.outbox.deliver(pending.id, effect)

    def outcomes(self, channel: str) -> list[str]:
        return [outcome for name, outcome in self.reports if name == channel]


class Scene(Telling):
    """An outbox over a store file, which tells a town."""

    def __init__(self, clock: FakeClock, folder: Path, url: str, town: Town, *names: str) -> None:
        self.town = town
        super().__init__(clock, store_at(f"sqlite:///{folder}/watchdog.db", clock), channels(url, clock, *names))


@asynccontextmanager
async def scene(folder: Path, *names: str, clock: FakeClock | None = None) -> AsyncIterator[Scene]:
    ticking = clock or FakeClock()
    town = Town(ticking)
    async with serve(town) as url:
        made = Scene(ticking, folder, url, town, *(names or ("pagerduty", "slack")))
        await made.store.open()
        try:
            yield made
        finally:
            await made.store.close()
            for notifier in made.notifiers.values():
                await notifier.close()


async def test_with_pagerduty_down_slack_has_it_at_once_and_pagerduty_later(tmp_path: Path) -> None:
    """No simulated second passes before Slack has it; the effect ends when PagerDuty has it too."""
    clock = FakeClock(auto=False)
    async with scene(tmp_path, clock=clock) as s, asyncio.TaskGroup() as group:
        s.town.down("pagerduty")
        delivery = group.create_task(s.deliver(tell("site is down", "pagerduty", "slack", wakes=True)))
        await eventually(lambda: s.town.slack == ["site is down"] and s.town.asked["pagerduty"] == 1)
        assert clock.elapsed == 0 and "503" in s.outbox.failing["pagerduty"]
        for attempts in (2, 3):
            await eventually(lambda: clock.sleepers)
            await clock.advance(GAPS_SECONDS[attempts - 2])
            await eventually(lambda attempts=attempts: s.town.asked["pagerduty"] == attempts)
        assert len(await s.store.pending()) == 1
        s.town.back("pagerduty")
        await eventually(lambda: clock.sleepers)
        await clock.advance(GAPS_SECONDS[2])
        await delivery
        assert s.town.rings == ["site is down"] and s.town.slack == ["site is down"]
        assert await s.store.pending() == () and (s.outbox.failing, s.outbox.waiting) == ({}, 0)


async def test_a_page_that_was_held_up_says_as_of_when_it_is_true(tmp_path: Path) -> None:
    """The webhook was down for ten minutes: what was true then is told as of then, for it may be over."""
    async with scene(tmp_path, "slack", "webhook") as s:
        began = s.clock.now() - 300.0
        seen = Finding("home", "http", "run", began, 1.0, "9 of 9 probes failed", symptom="HTTP 503")
        incident = Incident("web-1", "web", Severity.CRITICAL, began, began, "home fails", findings=(seen,))
        about = IncidentNews(Topic.ESCALATED, incident, by="lead")
        s.town.down("webhook", 15)
        await s.deliver(tell("", "slack", "webhook", wakes=True, about=about))
        (body,) = s.town.pagers.webhook
        assert body["title"] == "web is down: not acknowledged for 5 min"
        assert s.town.slack == [body["title"]] * 2, "the message, and the details in its thread"
        late = f"delivered {show_seconds(s.clock.elapsed)} later: the incident may have changed since."
        assert body["lines"][0] == f"As of 15:06 UTC, {late}" and s.clock.elapsed > 400.0
        assert body["lines"][1].startswith("Critical for 5 min, since 15:01 UTC.")


async def test_the_gaps_grow_to_a_minute_and_stay_there(tmp_path: Path) -> None:
    async with scene(tmp_path, "pagerduty") as s:
        s.town.down("pagerduty", 9)
        await s.deliver(tell("site is down", "pagerduty", wakes=True))
        gaps = [later - earlier for earlier, later in pairwise(s.town.asked_at["pagerduty"])]
        assert gaps == [*GAPS_SECONDS, 60.0, 60.0, 60.0]


@pytest.mark.parametrize(("asked", "waited"), [("90", 90.0), ("999999", RETRY_AFTER_MAX_SECONDS), ("0", 1.0)])
async def test_a_channel_that_asks_for_time_gets_it_within_reason(tmp_path: Path, asked: str, waited: float) -> None:
    async with scene(tmp_path, "pagerduty") as s:
        s.town.down("pagerduty", 1, status=429, retry_after=asked)
        await s.deliver(tell("site is down", "pagerduty", wakes=True))
        first, second = s.town.asked_at["pagerduty"]
        assert second - first == waited


async def test_a_channel_that_refuses_for_good_is_stood_in_for_and_tried_every_five_minutes(tmp_path: Path) -> None:
    """A revoked key: Slack, which nobody named, has it once; PagerDuty when a human has repaired it."""
    async with scene(tmp_path) as s:
        s.town.down("pagerduty", 3, status=400)
        await s.deliver(tell("site is down", "pagerduty", wakes=True))
        times = s.town.asked_at["pagerduty"]
        assert [later - earlier for earlier, later in pairwise(times)] == [BROKEN_GAP_SECONDS] * 3
        assert (s.town.rings, s.town.slack) == (["site is down"], ["site is down"])


@pytest.mark.parametrize("stood_in", [True, False])
async def test_who_was_told_as_a_stand_in_hears_the_end_too(tmp_path: Path, stood_in: bool) -> None:
    """Slack was down, so the pager got information; the all-clear names Slack only, and the pager is closed as well.

    A pager that was told of nothing hears of no end.
    """
    async with scene(tmp_path) as s:
        s.town.down("slack", int(stood_in))
        await s.deliver(tell("slow", "slack"))
        assert [one.status for one in s.town.pagers.incidents] == ["triggered"] * stood_in
        s.outbox = s.new_outbox() if stood_in else s.outbox
        await s.deliver(tell("fast again", "slack", kind=NoticeKind.RESOLVED))
        assert [one.status for one in s.town.pagers.incidents] == ["resolved"] * stood_in
        assert s.town.slack == ["slow", "fast again"] and s.town.asked["pagerduty"] == 2 * stood_in


async def test_a_stand_in_that_gives_no_reference_hears_the_end_too(tmp_path: Path) -> None:
    """A webhook may be a bridge to a pager of its own: what rang there is closed there, also by the next process."""
    async with scene(tmp_path, "pagerduty", "webhook") as s:
        s.town.down("pagerduty", 1)
        await s.deliver(tell("down", "pagerduty", wakes=True))
        s.outbox = s.new_outbox()
        await s.deliver(tell("up again", "pagerduty", kind=NoticeKind.RESOLVED))
        assert s.town.asked["webhook"] == 2


async def test_what_was_information_rings_when_it_becomes_a_page_even_after_a_restart(tmp_path: Path) -> None:
    """The first alert is closed, a second one opened: PagerDuty would not ring for an open one."""
    async with scene(tmp_path, "pagerduty") as s:
        await s.deliver(tell("rolling back", "pagerduty"))
        s.outbox = s.new_outbox()
        await s.deliver(tell("it did not help", "pagerduty", kind=NoticeKind.HUMAN_NEEDED, wakes=True))
        told = [(one.severity, one.status) for one in s.town.pagers.incidents]
        assert told == [("info", "resolved"), ("critical", "triggered")]


async def recorded(store: Store, channel: str) -> None:
    """Wait until the store knows that the channel has the notice of the only pending effect."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        (pending,) = await store.pending()
        while channel not in await store.deliveries(pending.id):
            await asyncio.sleep(0.01)


async def test_a_cancelled_delivery_stays_pending_and_a_restart_skips_who_has_it(tmp_path: Path) -> None:
    """SIGTERM while Slack is down: after the restart PagerDuty is left alone and Slack gets it."""
    clock = FakeClock(auto=False)
    async with scene(tmp_path, clock=clock) as s:
        s.town.down("slack")
        async with asyncio.TaskGroup() as group:
            delivery = group.create_task(s.deliver(tell("site is down", "pagerduty", "slack", wakes=True)))
            await eventually(lambda: s.town.rings and clock.sleepers)
            await recorded(s.store, "pagerduty")
            delivery.cancel()
        assert s.outbox.waiting == 0
        s.town.back("slack")
        s.outbox = s.new_outbox()
        for pending in await s.store.pending():
            assert isinstance(pending.effect, Tell)
            await s.outbox.deliver(pending.id, pending.effect)
        assert (s.town.asked["pagerduty"], s.town.slack) == (1, ["site is down"]) and await s.store.pending() == ()


async def test_what_an_earlier_run_left_arrives_in_the_order_of_the_journal(tmp_path: Path) -> None:
    """Whichever is taken up first: an all-clear does not give way to the page it ends."""
    async with scene(tmp_path, clock=FakeClock(auto=False)) as s:
        page, over = tell("down", "slack", wakes=True), tell("over", "slack", kind=NoticeKind.RESOLVED)
        rows = await s.store.save(Write(State(), effects=(page, over)))
        async with asyncio.TaskGroup() as group:
            for row in reversed(rows):
                group.create_task(s.outbox.deliver(row.id, row.effect))
        assert s.town.slack == ["down", "over"]


async def test_a_page_is_not_the_last_word_where_the_dead_worker_brought_its_end(tmp_path: Path) -> None:
    """It had recorded that Slack has the end, and not yet that it has the page; PagerDuty is down.

    The page is not sent again, or else the end once more after it.
    """
    async with scene(tmp_path, "slack", "pagerduty", clock=FakeClock(auto=False)) as s:
        s.town.down("pagerduty")
        named = ("slack", "pagerduty")
        page, over = tell("down", *named, wakes=True), tell("over", *named, kind=NoticeKind.RESOLVED)
        rows = await s.store.save(Write(State(), effects=(page, over)))
        await s.store.delivered(rows[1].id, "slack", over.notice.incident, None)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(s.outbox.deliver(row.id, row.effect)) for row in rows]
            await eventually(lambda: s.outcomes("slack") in (["gave_way"], ["sent", "sent"]))
            for each in running:
                each.cancel()
        assert s.town.slack in ([], ["down", "over"])


async def test_after_an_outage_pages_arrive_in_order_and_old_information_does_not(tmp_path: Path) -> None:
    """Of what piled up: every page, and the newest state."""
    clock = FakeClock(auto=False)
    async with scene(tmp_path, "slack", clock=clock) as s, asyncio.TaskGroup() as group:
        s.town.down("slack")
        for number in range(6):
            effect = tell(f"step {number}", "slack", wakes=number in (1, 3))
            group.create_task(s.outbox.deliver(None, effect))
            await eventually(lambda: clock.sleepers)
        s.town.back("slack")
        for _ in range(4):
            await clock.advance(1)
            await asyncio.sleep(0.05)
        await eventually(lambda: s.outbox.waiting == 0)
        assert s.town.slack == ["step 1", "step 3", "step 5"] and s.outcomes("slack").count("gave_way") == 3


class Hanging(Channel):
    """A channel that never answers."""

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Wait for ever, the first three times."""
        if self.script:
            self.script.pop()
            await asyncio.Event().wait()
        return await super().send(notice, reference)


def outbox(*notifiers: Notifier, store: Store | None = None, clock: FakeClock | None = None, **more: float) -> Outbox:
    """Return an outbox over port-level fakes and a store in memory."""
    ticking = clock or FakeClock()
    kept = store or build_store("memory://", ticking)
    return Outbox(kept, {one.name: one for one in notifiers}, ticking, lambda *_: None, **more)


@pytest.mark.parametrize(
    "fault", [KeyError("canary-hook-ffffffff"), asyncio.CancelledError(), RecursionError(), OSError("x")]
)
async def test_a_fault_nobody_foresaw_stops_neither_this_channel_nor_the_others(fault: BaseException) -> None:
    """A bug in one channel, or a cancellation that leaked out of a library: tried again, its text not repeated."""
    odd, other = Channel("odd", fault, fault), Channel("other")
    with capture_logs() as lines:
        await outbox(odd, other).deliver(None, tell("page", "odd", "other", wakes=True))
    assert [one.took for one in (odd, other)] == [[("page", None)]] * 2 and "canary" not in str(lines)


async def test_a_channel_that_hangs_does_not_hang_the_outbox() -> None:
    hanging, other = Hanging("hanging", None, None, None), Channel("other")
    await outbox(hanging, other, attempt_seconds=0.05).deliver(None, tell("page", "hanging", wakes=True))
    assert hanging.took == other.took == [("page", None)]


async def test_equal_notices_to_two_groups_of_readers_do_not_wait_for_each_other() -> None:
    """Stakeholders of one zone read the same words by channels of their own, and one may be down for a day."""
    down, board = Hanging("down", Temporary("no")), Channel("board")
    teller, notice = outbox(down, board), tell("web is down", "down")
    async with asyncio.timeout(60.0), asyncio.TaskGroup() as group:
        first = group.create_task(teller.deliver(1, notice))
        await group.create_task(teller.deliver(2, replace(notice, channels=("board",))))
        assert board.took == [("web is down", None)] and down.took == []
        first.cancel()


async def test_stand_ins_are_tried_in_their_order_until_one_has_it() -> None:
    """The first that is configured, then the next; the one who heard it is not told twice."""
    first, second, third, fourth = (
        Channel("first", Permanent("no")),
        Channel("second", *[Temporary("no")] * 3),
        Channel("third"),
        Channel("fourth"),
    )
    await outbox(first, second, third, fourth).deliver(None, tell("page", "second", wakes=True))
    assert (first.script, first.took, fourth.took) == ([], [], []) and second.took == third.took == [("page", None)]


class Busy(Channel):
    """A channel that counts how many sends overlap."""

    inside = most = 0

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.02)
        self.inside -= 1
        return await super().send(notice, reference)


async def test_a_stand_in_does_not_overlap_with_a_notice_that_names_the_channel() -> None:
    """Both read and replace the incident's reference: one after the other, or a thread would be opened twice."""
    broken, busy = Channel("broken", Temporary("no")), Busy("busy")
    teller = outbox(broken, busy)
    async with asyncio.TaskGroup() as group:
        for title, name in (("first", "broken"), ("second", "busy")):
            group.create_task(teller.deliver(None, tell(title, name, wakes=True)))
    assert busy.most == 1 and [reference is None for _, reference in busy.took] == [True, False]


@pytest.mark.parametrize(("named", "wakes", "told"), [("quick", False, 0), ("console", False, 1), ("quick", True, 1)])
async def test_information_needs_no_stand_in_where_somebody_heard_it(named: str, wakes: bool, told: int) -> None:
    """The second named channel has it, and people read that; only a page is carried further."""
    quick, slow, stand_in = Channel(named), Channel("slow", Temporary("no")), Channel("stand-in")
    await outbox(quick, slow, stand_in).deliver(None, tell("first", named, "slow", wakes=wakes))
    assert len(stand_in.took) == told


async def test_a_page_refused_for_good_does_not_hold_up_the_next_and_never_rings_after_the_end() -> None:
    """Its own words are the problem: the end passes it, and it is given up then."""
    clock = FakeClock(auto=False)
    picky = Channel("picky", Permanent("these words"), None)
    teller = outbox(picky, clock=clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(teller.deliver(None, tell("page", "picky", wakes=True)))
        await clock.settle()
        group.create_task(teller.deliver(None, tell("end", "picky", kind=NoticeKind.RESOLVED)))
        await eventually(lambda: teller.waiting == 0)
    assert [title for title, _ in picky.took] == ["end"]


async def test_a_name_that_is_no_longer_configured_falls_to_the_first_channel() -> None:
    """The configuration changed while a page was pending; with nobody named, nobody is told. The console is nobody."""
    first, second, console = Channel("first"), Channel("second"), Channel("console")
    teller = outbox(console, first, second)
    await teller.deliver(None, tell("page", "gone", wakes=True))
    await teller.deliver(None, tell("printed", "gone", "console", wakes=True))
    await teller.deliver(None, tell("note", "gone", "second"))
    await teller.deliver(None, tell("silence"))
    took = [[title for title, _ in one.took] for one in (first, second, console)]
    assert took == [["page", "printed"], ["note"], ["printed"]]


async def test_a_broken_reporter_stops_no_page() -> None:
    """Metrics are worth less than a page."""
    channel = Channel("slack", Temporary("no"))

    def report(name: str, outcome: str, notice: Notice) -> None:
        raise ZeroDivisionError

    teller = Outbox(build_store("memory://", FakeClock()), {"slack": channel}, FakeClock(), report)
    await teller.deliver(None, tell("page", "slack", wakes=True))
    assert channel.took == [("page", None)]


async def test_nothing_of_a_secret_is_logged_or_told(tmp_path: Path) -> None:
    """Vendors that repeat our keys in their refusals, over all HTTP channels."""
    async with scene(tmp_path, "pagerduty", "slack", "webhook") as s:
        for name in ("pagerduty", "slack", "webhook"):
            s.town.down(name, 2, status=403)
        with capture_logs() as lines:
            await s.deliver(tell("page", "pagerduty", "slack", "webhook", wakes=True))
        assert sum(line["outcome"] == "failed" for line in lines) == 6
        for secret in (keys.PAGERDUTY_ROUTING_KEY, keys.SLACK_BOT_TOKEN, HOOK, HOOK.split("/")[-1]):
            assert secret not in str(lines)


async def test_nothing_is_kept_of_incidents_that_are_told(tmp_path: Path) -> None:
    """Three hundred incidents later no queue is left."""
    channel = Channel("slack")
    teller = outbox(channel)
    for number in range(300):
        await teller.deliver(None, tell("t", "slack", incident=f"web-{number}"))
    gc.collect()
    assert len(teller._queues) == 0
