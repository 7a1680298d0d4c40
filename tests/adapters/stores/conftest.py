"""Stores to test, and the words to put into them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.databases import with_tables
from tests.support.postgres_server import (  # noqa: F401 - fixtures
    new_postgres_url,
    own_postgres,
    postgres_server,
    postgres_url,
)
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.effects import Tell
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import FLEET
from watchdog.ports import Store

PATIENT_SECONDS = 60.0
"""How long one call may take where a test is not about that: a busy machine lets it wait for more than the product."""
NOON = 1_790_000_000.0 - 1_790_000_000.0 % 86400 + 43200
"""A noon, so that hours and days begin where they should."""


@dataclass
class HandClock:
    """A clock that a test moves by hand."""

    at: float = NOON

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def patient_store(url: str, clock: HandClock) -> SqlStore:
    """Return the store of a url, not yet opened, for a test that is not about how long a call may take."""
    return SqlStore(url, clock, call_seconds=PATIENT_SECONDS)


Opened = Callable[..., Awaitable[SqlStore]]


@pytest.fixture
def opened(clock: HandClock, closing: Callable[[SqlStore], SqlStore]) -> Opened:
    """Open the store of a url and take leases of these names; it is closed at the end of the test."""

    async def make(
        url: str, *names: str, worker: str = "the-worker", call_seconds: float | None = PATIENT_SECONDS
    ) -> SqlStore:
        store = closing(SqlStore(url, clock, call_seconds=call_seconds))
        await store.open()
        if names:
            await store.renew_leases(worker, names, ttl_seconds=600.0)
        return store

    return make


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def new_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/watchdog.db"


@pytest.fixture
def url(new_url: str) -> str:
    Path(new_url.removeprefix("sqlite:///")).write_bytes(with_tables())
    return new_url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("new_url" if request.param == "sqlite" else "new_postgres_url")


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
async def store(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[Store]:
    """Every kind of store, opened, with the leases that the tests need; a new kind is one more parameter."""
    kind = {"sqlite": "url", "postgresql": "postgres_url"}.get(request.param)
    built: Store = patient_store(request.getfixturevalue(kind), clock) if kind else MemoryStore(clock)
    await built.open()
    await built.renew_leases("the-worker", ("api", FLEET), ttl_seconds=60.0)
    yield built
    await built.close()


@pytest.fixture
def an_incident() -> Callable[..., Incident]:
    def make(number: int = 1, **changes: object) -> Incident:
        at = NOON + number
        return replace(Incident(f"inc-{number}", "api", Severity.CRITICAL, at, at - 60, "api is down"), **changes)

    return make


@pytest.fixture
def a_tell() -> Callable[[str], Tell]:
    def make(service: str) -> Tell:
        return Tell(Notice(5.0, "inc-1", service, Severity.CRITICAL, NoticeKind.OPENED, "down", wakes=True), ("pager",))

    return make


@pytest.fixture
def a_state() -> Callable[..., State]:
    def make(incident: Incident | None = None, **changes: object) -> State:
        return State(services={"api": ServiceState("api", incident=incident)}, **changes)

    return make
