"""Entries that people add to the record at the same moment, through several workers on one PostgreSQL."""

import asyncio

from tests.adapters.stores.conftest import Opened
from watchdog.domain.store_records import Write


async def test_two_workers_that_add_at_once_give_different_numbers(
    postgres_url: str, opened: Opened, a_state, an_incident
) -> None:
    """Each waits for the other: no one is refused, no number is given out twice, none is left out."""
    stores = [await opened(postgres_url, *names) for names in (("api",), (), ())]
    await stores[0].save(Write(a_state(an_incident(1))))
    adding = [
        store.follow_up("inc-1", f"{store}", "ann", owner="ann", due_at=9.0) for store in stores for _ in range(4)
    ]
    numbers = [one.number for one in await asyncio.gather(*adding) if one is not None]
    assert sorted(numbers) == list(range(1, 13))
    assert [one.number for one in await stores[1].follow_ups("inc-1")] == list(range(1, 13))
    ticking = [store.tick("inc-1", "lessons", "ann") for store in stores]
    assert await asyncio.gather(*ticking) == [True] * 3 and len(await stores[2].ticks()) == 3
