"""What people add to the record from the command line, with a daemon, without one, and beside another command line."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.settings.texts import KEY, SMALL, loaded
from tests.support.clocks import FakeClock
from tests.support.postgres_server import postgres_server, postgres_url  # noqa: F401 - fixtures
from tests.support.stores import opened
from watchdog.adapters.stores import role_lock
from watchdog.app.commands.annotate import annotate
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import FLEET, Write
from watchdog.ports import Store
from watchdog.settings import Settings

INCIDENT = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "web is slow")
NOTES: list[tuple[str, dict[str, Any]]] = [("note", {"incident": "web-1", "text": f"note {n}"}) for n in range(12)]


def settings_of(url: str) -> Settings:
    return replace(loaded(SMALL, KEY), store_url=url)


@asynccontextmanager
async def left_by_a_daemon(url: str, ttl_seconds: float = 60.0) -> AsyncIterator[Store]:
    """Make a store with an incident; the worker that wrote it gives nothing back."""
    async with opened(url, SystemClock()) as store:
        await store.renew_leases("one", (FLEET, "web"), ttl_seconds=ttl_seconds)
        await store.save(Write(State(services={"web": ServiceState("web", incident=INCIDENT)}, incidents=1)))
        yield store


async def test_without_a_daemon_they_are_added_here_where_nothing_is_locked(postgres_url: str) -> None:  # noqa: F811
    """PostgreSQL has leases and no lock: one that a daemon gave back, or that ended, is nobody's."""
    async with left_by_a_daemon(postgres_url) as store:
        assert await store.is_served()
        await store.release()
        answered = await annotate(settings_of(postgres_url), NOTES, "terminal:ann", FakeClock())
        assert [one.ok for one in answered] == [True] * len(NOTES) and len(await store.remarks("web-1")) == len(NOTES)
        assert not await store.commands()


@pytest.mark.parametrize("by_command", [True, False])
async def test_another_command_line_with_the_lock_answers_nobody_and_need_not(tmp_path: Path, by_command: bool) -> None:
    """A rollback by hand is followed for minutes; a daemon that is silent is waited for, and leaves nothing behind."""
    url = f"sqlite:///{tmp_path}/watchdog.db"
    async with left_by_a_daemon(url) as store:
        lock = role_lock(url)
        assert lock is not None and lock.acquire(by_command=by_command)
        asked = annotate(settings_of(url), NOTES, "terminal:ann", FakeClock())
        if by_command:
            assert all(one.ok for one in await asked)
        else:
            with pytest.raises(Temporary, match="the running watchdog did not answer"):
                await asked
        lock.release()
        assert len(await store.remarks("web-1")) == (len(NOTES) if by_command else 0)
        assert not await store.commands(), "each was answered or withdrawn"


async def test_what_failed_here_is_answered_and_no_later_daemon_adds_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/watchdog.db"
    async with left_by_a_daemon(url) as store:
        with closing(sqlite3.connect(tmp_path / "watchdog.db")) as raw, raw:
            raw.execute("DROP TABLE remarks")
        with pytest.raises(Permanent, match="another program changed them"):
            await annotate(settings_of(url), NOTES[:1], "terminal:ann", FakeClock())
        assert not await store.commands()
        assert [one.ok for one in await store.asked()] == [False]


@pytest.mark.long
async def test_a_daemon_that_has_leases_and_dies_leaves_no_command_behind(postgres_url: str) -> None:  # noqa: F811
    """Every row is withdrawn before the store is closed, so that no later daemon adds what was said to have failed."""
    async with left_by_a_daemon(postgres_url) as store:
        with pytest.raises(Temporary, match="the running watchdog did not answer"):
            await annotate(settings_of(postgres_url), NOTES, "terminal:ann", FakeClock())
        assert not await store.commands() and not await store.remarks("web-1")
