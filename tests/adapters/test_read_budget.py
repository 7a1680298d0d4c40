"""Who may read when, in simulated time, against a vendor that counts like Render: in windows of a clock minute."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.clocks import FakeClock
from watchdog.adapters.http_exchange import Answer
from watchdog.adapters.read_budget import ReadBudget, reset_seconds, retry_after_seconds
from watchdog.domain.urgency import Urgency, reading_for, reading_for_suspects_first, urgency

LIMIT = 400
RECEIVED_AT = 1_780_000_000.0


class Vendor:
    """Counts reads of a minute, some of them other people's, and answers with the rest."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.budget = ReadBudget(clock, shares=True)
        self.minute, self.used, self.refused = 0, 0, 0
        self.sent: dict[Urgency, list[float]] = {one: [] for one in Urgency}

    def count(self, reads: int = 1) -> Answer:
        minute, into = divmod(self.clock.now(), 60)
        if minute != self.minute:
            self.minute, self.used = int(minute), 0
        self.used += reads
        left = {"ratelimit-limit": str(LIMIT), "ratelimit-remaining": str(max(0, LIMIT - self.used))}
        return Answer(200 if self.used <= LIMIT else 429, left | {"ratelimit-reset": str(int(60 - into))}, None, "")

    async def read(self, urgency: Urgency) -> float:
        """Read once it may be; return how long that waited."""
        began = self.clock.monotonic()
        while (seconds := max(self.budget.seconds_to_wait(urgency), self.budget.seconds_shut())) > 0:
            await self.clock.sleep(seconds)
        self.budget.sent(urgency)
        self.sent[urgency].append(self.clock.now())
        await self.clock.sleep(0.1)
        answer = self.count()
        self.refused += answer.status == 429
        self.budget.note(answer)
        return self.clock.monotonic() - began


@pytest.mark.parametrize("second", [0, 58, *(pytest.param(second, marks=pytest.mark.long) for second in (1, 10))])
async def test_case_48_what_acting_needs_is_left_to_it(second: int) -> None:
    """Calm polls and watches read as fast as they may for five minutes: an action never waits, nothing is refused.

    Whatever second of the minute it begins in, the first minute is used as well.
    """
    clock = FakeClock(start=1_750_000_020.0 + second)
    vendor = Vendor(clock)
    until = clock.now() + 300.0

    async def keep_reading(urgency: Urgency) -> None:
        while clock.now() < until:
            await vendor.read(urgency)

    async def act() -> float:
        longest = 0.0
        while clock.now() < until:
            await clock.sleep(2.0)
            longest = max(longest, await vendor.read(Urgency.ACTING))
        return longest

    crowd = [keep_reading(one) for one in (Urgency.SPARE, Urgency.WATCHING) * 20]
    longest, *_ = await asyncio.gather(act(), *crowd)
    assert longest < 0.2 and vendor.refused == 0
    spare, watching = len(vendor.sent[Urgency.SPARE]), len(vendor.sent[Urgency.WATCHING])
    assert spare > 100, "calm polls go on"
    assert sum(at < clock.start + 60.0 for at in vendor.sent[Urgency.WATCHING]) > 100, "from the beginning"
    assert 0.6 * LIMIT * 5 < spare + watching < 0.85 * LIMIT * 6


async def test_a_crowd_is_spread_over_the_window() -> None:
    """The first half of its share at once, the rest evenly: no later caller waits for the next minute."""
    clock = FakeClock(start=1_750_000_020.0)
    vendor = Vendor(clock)
    vendor.budget.note(vendor.count())
    await asyncio.gather(*(vendor.read(Urgency.WATCHING) for _ in range(250)))
    at = [one - clock.start for one in vendor.sent[Urgency.WATCHING]]
    assert sum(one < 1.0 for one in at) == pytest.approx(160, abs=5)
    later = [one for one in at if one >= 1.0]
    assert max(after - before for before, after in pairwise(later)) < 3.0


async def test_case_48_calm_reads_that_waited_do_not_take_the_next_window_from_watches() -> None:
    """A hundred calm reads waited for the minute to end: half a second later fifty watches are read at once."""
    clock = FakeClock(start=1_750_000_040.0)
    vendor = Vendor(clock)
    vendor.budget.note(vendor.count(300))

    async def watch() -> None:
        await clock.sleep(40.5)
        await vendor.read(Urgency.WATCHING)

    await asyncio.gather(*(vendor.read(Urgency.SPARE) for _ in range(100)), *(watch() for _ in range(50)))
    assert max(vendor.sent[Urgency.WATCHING]) - clock.start < 42.0
    calm = sorted(at - clock.start for at in vendor.sent[Urgency.SPARE])
    assert sum(40.0 < at < 45.0 for at in calm) < 30, "they are spread over the window"


async def test_case_48_what_others_use_of_the_same_key_counts() -> None:
    """Another worker takes 300 of 400: our calm reads wait for the next minute, a watch does not, an action never."""
    clock = FakeClock(start=1_750_000_040.0)
    vendor = Vendor(clock)
    vendor.budget.note(vendor.count(300))
    assert vendor.budget.seconds_to_wait(Urgency.SPARE) == pytest.approx(40, abs=1)
    assert vendor.budget.seconds_to_wait(Urgency.WATCHING) == 0
    vendor.budget.note(vendor.count(60))
    assert vendor.budget.seconds_to_wait(Urgency.WATCHING) == pytest.approx(40, abs=1)
    assert vendor.budget.seconds_to_wait(Urgency.ACTING) == 0
    clock.elapsed += 42
    assert vendor.budget.seconds_to_wait(Urgency.SPARE) == 0


async def test_an_answer_that_was_overtaken_opens_nothing_and_one_without_a_limit_sets_none() -> None:
    """A 429 closes for 30 s; the last answer before it, of a window that ends in a second, comes after it."""
    clock = FakeClock()
    budget = ReadBudget(clock)
    assert budget.note(Answer(429, {"retry-after": "30"}, None, "")) == 30.0
    budget.note(Answer(200, {"ratelimit-remaining": "0", "ratelimit-reset": "1"}, None, ""))
    assert budget.seconds_shut() == 30.0
    clock.elapsed += 29.0
    assert budget.seconds_shut() == 1.0
    budget = ReadBudget(FakeClock(), shares=True)
    budget.note(Answer(200, {}, None, ""))
    assert [budget.seconds_to_wait(one) for one in Urgency] == [0, 0, 0]


async def test_urgency_belongs_to_a_task_and_may_rise_while_it_waits() -> None:
    """Unsaid, a read is an action's."""
    assert urgency() is Urgency.ACTING
    now = [Urgency.SPARE]
    with reading_for(lambda: now[0]):
        assert urgency() is Urgency.SPARE
        now[0] = Urgency.WATCHING
        assert urgency() is Urgency.WATCHING
        with reading_for(Urgency.SPARE):
            assert urgency() is Urgency.SPARE
            with reading_for_suspects_first():
                assert urgency() is Urgency.SPARE
        with reading_for_suspects_first():
            assert urgency() is Urgency.ACTING
            now[0] = Urgency.SPARE
            assert urgency() is Urgency.SPARE
    assert urgency() is Urgency.ACTING


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("30", 30), ("0.5", 0.5), ("99999999", 3600)),
        ("Thu, 28 May 2026 20:27:10 GMT", 30),
        ("Thu, 28 May 2020 20:27:10 GMT", 0),
        *((nonsense, 0) for nonsense in ("-5", "nan", "soon", "")),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    """Both forms are read, nonsense is no wait, and no wait is longer than an hour."""
    assert retry_after_seconds({"retry-after": value}, RECEIVED_AT) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-remaining": "0", "ratelimit-reset": "59"}, 59),
        ({"ratelimit-remaining": "1", "ratelimit-reset": "59"}, None),
        ({"x-sentry-rate-limit-remaining": "0", "x-sentry-rate-limit-reset": str(int(RECEIVED_AT) + 12)}, 12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RECEIVED_AT) - 12)}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RECEIVED_AT + 8) * 1000)}, 8),
        ({"ratelimit-remaining": "0"}, None),
        ({"ratelimit-remaining": "none", "ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_reset_is_read_in_whatever_unit_the_vendor_sends(headers, seconds):
    assert reset_seconds(headers, RECEIVED_AT) == (None if seconds is None else pytest.approx(seconds))
