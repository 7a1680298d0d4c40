"""Channels that are down during a critical incident: somebody else is told, nothing is lost, nothing rings twice."""

from collections.abc import Sequence

import pytest

from tests.core.world import START, make_policy
from tests.core.worlds import incident_of, reach
from tests.support.simulated_daemon import Guarded, guarded
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Mode
from watchdog.domain.store_records import PendingEffect, Write

OUTAGE_SECONDS = 600.0
LONGEST_GAP_SECONDS = 60.0
CONFIRMED_SECONDS = 75
CHAIN = ("pagerduty", "slack", "email")


def attempts(world: Guarded, name: str, since: float) -> int:
    """Return how often a vendor was asked since that second."""
    return sum(at >= since for at in world.vendors[name].asked_at)


@pytest.mark.parametrize(
    ("down", "up"), [(("slack",), "pagerduty"), (("pagerduty",), "slack"), (("pagerduty", "slack"), "email")]
)
async def test_case_36_while_a_channel_is_down_the_next_has_the_page_at_once(down: tuple[str, ...], up: str) -> None:
    """Only dead ones are named; the next rings as soon as it is decided, and each dead one once when it is back."""
    async with guarded(*CHAIN, told=down) as world:
        await world.begin()
        await world.go_on(120)
        world.down(OUTAGE_SECONDS, *down)
        world.break_site()
        await world.go_on(CONFIRMED_SECONDS)
        (page,) = world.rings(up)
        assert "web is down: " in page and world.vendors[up].asked_at[0] - world.vendors[up].notices[0].at <= 1.0
        assert all(world.rings(name) == [] for name in CHAIN if name != up)
        await world.go_on(OUTAGE_SECONDS - CONFIRMED_SECONDS + LONGEST_GAP_SECONDS)
        assert all(world.rings(name) == [page] for name in (*down, up))
        world.mend_site()
        await world.go_on(600)
        assert all(world.kinds(name)[-1] == "resolved" for name in (*down, up))
        assert all(world.rings(name) == [page] for name in (*down, up))
        assert len({notice.dedup_key for name in (*down, up) for notice in world.heard(name)}) == 1
        assert world.daemon.outbox.waiting == 0


async def test_case_36_a_breaker_per_channel() -> None:
    """Ten minutes of outage cost the dead vendor a handful of attempts, and the other is not touched by it."""
    async with guarded(*CHAIN, told=("slack", "email")) as world:
        await world.begin()
        await world.go_on(120)
        world.down(OUTAGE_SECONDS, "slack")
        world.break_site()
        await world.go_on(OUTAGE_SECONDS)
        assert world.daemon.outbox.up == {"pagerduty": True, "slack": False, "email": True}
        assert attempts(world, "slack", 120) <= 3 + OUTAGE_SECONDS / LONGEST_GAP_SECONDS + 5
        assert attempts(world, "email", 120) == len(world.vendors["email"].notices)


@pytest.mark.long
async def test_case_36_the_escalation_clock_runs_on_the_journal() -> None:
    """A question is asked and no channel works for an hour: its repetition is decided in its minute all the same."""
    asking = reach(Phase.ASKING, make_policy(Mode.ASSIST))
    asked_at = incident_of(asking).question.asked_at
    assert asked_at is not None
    async with guarded("pager", "chat", policy=asking.policy, start=START + asking.time) as world:
        await world.store.open()
        question = asking.tells[-1]
        await world.store.save(Write(asking.state, effects=(question,)))
        world.down(3600)
        world.break_site()
        await world.begin()
        await world.go_on(3600 + LONGEST_GAP_SECONDS)
        for name in ("pager", "chat"):
            of_web = [notice for notice in world.vendors[name].notices if notice.service == "web"]
            asked, repeated = (notice for notice in of_web if notice.wakes)
            assert (asked.identity, repeated.kind) == (question.notice.identity, NoticeKind.HUMAN_NEEDED)
            assert 300 <= repeated.at - asked_at <= 301 and ": no answer for 5 min" in repeated.title


async def test_case_37_all_down_for_ten_minutes_then_each_has_it_once_and_the_outside_knew() -> None:
    """The page goes on being tried; health and heartbeat say so; afterwards one page per channel and one all-clear."""
    async with guarded("pagerduty", "slack") as world:
        await world.begin()
        await world.go_on(120)
        assert world.signals == ["success"] * 2
        world.down(OUTAGE_SECONDS)
        world.break_site()
        await world.go_on(OUTAGE_SECONDS)
        assert world.vendors["pagerduty"].took == world.vendors["slack"].took == []
        reasons = world.daemon.health.reasons()
        assert any(why.startswith("channel pagerduty fails: down") for why in reasons)
        assert any(why.startswith("channel slack fails: down") for why in reasons)
        assert any(why.startswith("notices cannot be delivered") for why in reasons)
        assert (world.daemon.outbox.undelivered > 0, world.daemon.outbox.silenced) == (True, True)
        assert world.signals[3:] == ["fail"] * 9, "the outside rings for us"
        await world.go_on(LONGEST_GAP_SECONDS)
        pages = {name: world.rings(name) for name in ("pagerduty", "slack")}
        assert pages["pagerduty"] == pages["slack"] and len(pages["slack"]) == 1 and world.daemon.health.reasons() == []
        world.mend_site()
        await world.go_on(600)
        for name in ("pagerduty", "slack"):
            assert (world.rings(name), world.kinds(name).count("resolved")) == (pages[name], 1)
            assert {notice.dedup_key for notice in world.heard(name)} == {"watchdog/web/web-1"}
        assert world.signals[-1] == "success"


async def test_case_37_a_process_that_dies_meanwhile_loses_no_page_and_repeats_none() -> None:
    """Killed and started again every two minutes of the outage: the page is in the journal, and arrives once."""
    async with guarded("pagerduty", "slack") as world:
        await world.begin()
        await world.go_on(120)
        world.down(OUTAGE_SECONDS)
        world.break_site()
        for _ in range(4):
            await world.go_on(120)
            await world.daemon.supervisor.stop(5.0)
            await world.begin()
        await world.go_on(OUTAGE_SECONDS - 4 * 120 + LONGEST_GAP_SECONDS)
        assert len(world.rings("pagerduty")) == len(world.rings("slack")) == 1 and world.daemon.health.reasons() == []


class Unsure(MemoryStore):
    """A store whose saves fail while `trouble` is set: before the commit, or after it, with the answer lost."""

    trouble = ""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        if self.trouble != "before":
            saved = await super().save(write)
        if self.trouble:
            raise Temporary("the store does not answer")
        return saved


@pytest.mark.parametrize("trouble", ["before", "after"])
@pytest.mark.parametrize("outage_seconds", [0.0, 60.0, 400.0])
async def test_case_22_without_a_database_people_are_told_from_memory_and_once(
    trouble: str, outage_seconds: float
) -> None:
    """The store is away for five minutes, the channels not at all, for a part of it, or for longer."""
    async with guarded("pagerduty", "slack") as world:
        world.store = store = Unsure(world.clock)
        await world.begin()
        await world.go_on(120)
        store.trouble = trouble
        world.down(outage_seconds)
        world.break_site()
        await world.go_on(300)
        assert len(world.rings("slack")) == (outage_seconds < 300)
        assert any(why.startswith("the store does not answer") for why in world.daemon.health.reasons())
        assert world.signals[-1] == "fail"
        store.trouble = ""
        await world.go_on(300)
        pages = world.rings("slack")
        assert len(pages) == 1 and world.rings("pagerduty") == pages
        world.mend_site()
        await world.go_on(600)
        for name in ("pagerduty", "slack"):
            assert (world.rings(name), world.kinds(name).count("resolved")) == (pages, 1)
        assert await store.pending() == () and (world.daemon.outbox.waiting, world.daemon.health.reasons()) == (0, [])
