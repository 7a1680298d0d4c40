"""A clock that stands still until the test moves it; two workers of one database."""

import pytest

from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryDatabase


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=False)


@pytest.fixture
def two() -> tuple[Worker, Worker]:
    clock = FakeClock()
    database = MemoryDatabase(clock)
    return Worker("one", database, clock), Worker("two", database, clock)


@pytest.fixture
def one(two: tuple[Worker, Worker]) -> Worker:
    return two[0]


@pytest.fixture
def other(two: tuple[Worker, Worker]) -> Worker:
    return two[1]
