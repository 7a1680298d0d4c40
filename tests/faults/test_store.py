"""A store that does not take a record during a critical incident: nothing is changed in production, people are told.

Rule 2 of the engine: it fails closed towards Render, and open towards people.
"""

import contextlib
import re
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, Entry, guarding, together, watching

CALM_SOON = SHORT.replace(
    "run: 3s, run_in_watch: 3s", "run: 10s, run_in_watch: 10s, calm: 3s, cusum_limit: 40.0, cusum_limit_in_watch: 40.0"
)


@contextmanager
def locked(daemon: Daemon) -> Iterator[None]:
    """Another process (a backup, somebody's shell) holds the write lock of the file."""
    path = daemon.cloud.folder / "watchdog.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def full(daemon: Daemon) -> Iterator[None]:
    """No file may grow any more, as on a full disk; the daemon's log is such a file too, and so is its recording."""
    before = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    daemon.until(lambda: daemon.metric("watchdog_recorded_steps_total", outcome="dropped"))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, before)


def lists(cloud: Cloud) -> list[Entry]:
    return [one for one in cloud.requests("render", "GET") if one["path"].endswith("/deploys")]


def told_and_untouched(folder: Path, trouble: Callable[[Daemon], AbstractContextManager[None]], quirks: bool) -> None:
    """The page goes out while the store is away; afterwards the record is caught up, and nothing was ever changed."""
    with watching(folder, quirks=quirks, more=CALM_SOON) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until(lambda: daemon.story("SUSPECT"))
        listed = len(lists(cloud))
        daemon.until(lambda: len(lists(cloud)) > listed)
        with trouble(daemon):
            assert not daemon.story("CRITICAL"), "the trouble begins before the decision"
            daemon.until(lambda: any("web is down" in page for page in cloud.pages()))
            daemon.until(lambda: daemon.get("/healthz").status_code == 503)
            assert any("the store does not answer" in why for why in daemon.get("/healthz").json()["reasons"])
            assert daemon.metric("watchdog_store_errors_total") >= 1 and cloud.untouched()
        cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"}, commit="a" * 40)
        daemon.until(lambda: cloud.log("pagerduty_resolve"))
        daemon.until(lambda: daemon.get("/healthz").status_code == 200)
        assert cloud.untouched(), "a human has it: nothing is done late"
        assert daemon.history() == [] and re.search("web-1 .* critical", daemon.cli("incidents").stdout)
        assert "dep-42" in daemon.cli("explain", "web-1").stdout, "the deploy was blamed, and yet not rolled back"
        assert daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)]
        daemon.stop()


@pytest.mark.long
def test_case_22_24_a_store_that_cannot_be_written_fails_closed_and_pages(tmp_path: Path) -> None:
    """Locked by another process, and on a full disk."""
    together(
        lambda: told_and_untouched(tmp_path / "locked", locked, quirks=True),
        lambda: told_and_untouched(tmp_path / "full", full, quirks=False),
    )


def nobody_s_notes(path: Path) -> None:
    path.write_bytes(b"not a database, but somebody's notes" * 100)


def damaged(path: Path) -> None:
    """A page in the middle of our own file is overwritten."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def newer(path: Path) -> None:
    """A watchdog of the future was here."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE watchdog_schema SET version_num = '9999'")
        connection.commit()


def observed_and_repaired(folder: Path, harm: Callable[[Path], None], quirks: bool) -> None:
    """A page and a start that only watches; the file stays as it is, until a human puts a good one in its place."""
    with guarding(folder, quirks=quirks) as (cloud, daemon):
        cloud.write()
        path = cloud.folder / "watchdog.db"
        if harm is not nobody_s_notes:
            daemon.start().until_watching()
            daemon.stop()
        harm(path)
        before = path.read_bytes()
        daemon.start().until_watching()
        daemon.until(lambda: any("runs without its store" in page for page in cloud.pages()))
        cloud.bad_deploy()
        daemon.until(lambda: any("web is down" in page for page in cloud.pages()))
        assert daemon.get("/healthz").status_code == 503 and cloud.untouched() and path.read_bytes() == before
        for file in cloud.folder.glob("watchdog.db*"):
            if file.name in ("watchdog.db", "watchdog.db-wal", "watchdog.db-shm"):
                file.unlink()
        daemon.until(lambda: any("record" in one["dedup_key"] for one in cloud.log("pagerduty_resolve")))
        daemon.process.terminate()
        assert daemon.until_ended() == 0 and "Traceback" not in daemon.words()


def test_case_25_a_record_that_cannot_be_used_is_watched_without_and_paged(tmp_path: Path) -> None:
    """No database, a damaged one, one of a newer version: nothing is repaired, nothing is changed in production."""
    together(
        lambda: observed_and_repaired(tmp_path / "notes", nobody_s_notes, quirks=False),
        lambda: observed_and_repaired(tmp_path / "damaged", damaged, quirks=True),
        lambda: observed_and_repaired(tmp_path / "newer", newer, quirks=False),
    )
