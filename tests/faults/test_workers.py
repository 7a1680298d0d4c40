"""Two real workers on one real PostgreSQL: one dies, freezes, is cut off; the database goes away and comes back.

Told short here: what happens, and in which order. How soon the leases of a killed worker move is asserted here, too:
the database notes it by its own clock, and a test that waits for a processor measures nothing of its own. All else of
time is measured at full length only (40 services at the shipped pace, a minute of freeze), on a machine that does
nothing else: pytest -m nightly tests/faults.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.faults.workers import Pair, pair, seconds_until
from tests.support.daemon_processes import SHORT, Daemon, together, until
from tests.support.many_services import EVERY_TEN

TAKEOVER_SECONDS = 15.0
GAP_SECONDS = 16.0
"""How much longer than its interval a service may be without a probe when its worker dies."""
CALM_SOON = SHORT.replace("run: 3s,", "run: 3s, calm: 3s,")
CALM_SOON_EVERY_TEN = EVERY_TEN.replace("run: 3s,", "run: 3s, calm: 3s,")


def assert_one_rollback(two: Pair) -> None:
    """One pin, one rollback, to the right deploy; the page is resolved; the record says verified."""
    cloud = two.cloud
    until(lambda: cloud.log("pagerduty_resolve"), lambda: told(two))
    assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]
    assert [(one["from"], one["to"]) for one in cloud.log("auto_deploy_changed")] == [("commit", "off")]
    keys = {one["dedup_key"] for what in ("trigger", "resolve") for one in cloud.log(f"pagerduty_{what}")}
    assert len(keys) == 1, keys
    (row,) = two.near.history()
    assert (row["target"], row["verified"]) == ("dep-40", True)


def told(two: Pair) -> str:
    return "\n".join(f"--- {worker.name}\n{worker.words()[-4000:]}" for worker in two.both)


def taken_over(two: Pair, heir: Daemon, timed: bool) -> float:
    """Wait until everything is held by the heir; return after how many seconds, which is promised where it is timed."""
    moved = seconds_until(lambda: two.holding(heir) == set(two.services))
    assert not timed or moved <= TAKEOVER_SECONDS, f"the leases moved after {moved:.1f} s"
    return moved


def one_dies(folder: Path, services: int, pace: str, every_seconds: float, timed: bool) -> None:
    """kill -9: all its services are watched by the other; who was told of an outage is not told anew."""
    with pair(folder, services, more=pace) as two:
        two.start()
        cloud, heir, victim = two.cloud, two.near, two.far
        sick = [sorted(two.holding(worker) - {"web"})[0] for worker in two.both]
        for service in sick:
            cloud.post("faults", target=service, kind="error", status=503)
        until(lambda: len(cloud.log("pagerduty_trigger")) >= len(sick), lambda: told(two))
        until(lambda: heir.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
        began, settled = time.time(), len(cloud.log("pagerduty_trigger"))
        two.note_moves()
        killed_at = two.clock()
        victim.kill()
        taken_over(two, heir, timed=False)
        moved = two.last_move(victim) - killed_at
        assert moved <= TAKEOVER_SECONDS, f"the leases moved after {moved:.1f} s"
        until(lambda: two.seen_since(began + moved) == set(two.services), lambda: told(two))
        late = {name: gap for name, gap in two.gaps(began - every_seconds).items() if gap > every_seconds + GAP_SECONDS}
        assert not timed or not late, f"not probed for so many seconds: {late}"
        for service in sick:
            cloud.post("faults", target=service, kind="good")
        until(lambda: len(cloud.log("pagerduty_resolve")) >= len(sick), lambda: told(two))
        keys = Counter(one["dedup_key"] for one in cloud.log("pagerduty_trigger"))
        assert len(keys) == len(sick) and set(keys.values()) == {1}, keys
        assert len(cloud.log("pagerduty_trigger")) == settled, "what was told is not told again"
        assert {one["dedup_key"] for one in cloud.log("pagerduty_resolve")} == set(keys) and two.changes() == []
        print(
            f"{services} services: leases moved after {moved:.1f} s; longest gap {max(two.gaps(began).values()):.1f} s"
        )


def one_freezes(folder: Path, point: str, frozen_seconds: float, timed: bool) -> None:
    """SIGSTOP in the middle of a rollback; the other does it, once; who wakes up later changes nothing."""
    with pair(folder) as two:
        two.start(point)
        two.cloud.bad_deploy()
        until((two.cloud.folder / "stopped").exists, lambda: told(two))
        began, frozen = time.monotonic(), two.holder("web")
        other = two.other(frozen)
        assert not two.cloud.log("rollback_accepted")
        taken_over(two, other, timed)
        assert_one_rollback(two)
        until(lambda: time.monotonic() - began >= frozen_seconds)
        wakes_and_changes_nothing(two, frozen)


def wakes_and_changes_nothing(two: Pair, frozen: Daemon) -> None:
    """SIGCONT: it takes its share again, and neither Render nor a pager hears of it."""
    before, pages = two.changes(), len(two.cloud.log("pagerduty_trigger"))
    frozen.process.send_signal(signal.SIGCONT)
    until(two.shared, lambda: told(two))
    since = time.time()
    until(lambda: two.seen_since(since) == set(two.services), lambda: told(two))
    assert two.changes() == before and len(two.cloud.log("pagerduty_trigger")) == pages
    until(lambda: all(worker.get("/healthz").status_code == 200 for worker in two.both), lambda: told(two))


def both_at_once(folder: Path, mode: str | None) -> None:
    """Both alive during an incident: one rollback, also if its answer is lost."""
    with pair(folder) as two:
        two.start()
        if mode is not None:
            two.cloud.post("modes", name="rollback", mode=mode, times=1)
        two.cloud.bad_deploy()
        assert_one_rollback(two)
        assert len(two.cloud.requests("render", "POST")) == (2 if mode == "refuse_429" else 1)


def database_restarts(folder: Path, away_seconds: float) -> None:
    """SIGQUIT while a rollback is under way, and back after a while: followed to its proof, once; both are well."""
    with pair(folder, rollback_seconds=3.0) as two:
        two.start()
        two.cloud.post("modes", name="rollback", mode="slow", times=1)
        two.cloud.bad_deploy()
        until(lambda: two.cloud.log("rollback_accepted"), lambda: told(two))
        two.server.kill()
        gone = time.monotonic()
        until(lambda: time.monotonic() - gone >= away_seconds)
        two.server.start()
        assert_one_rollback(two)
        until(lambda: all(worker.get("/healthz").status_code == 200 for worker in two.both), lambda: told(two))
        until(two.shared, lambda: told(two))


@contextmanager
def gone(two: Pair) -> Iterator[None]:
    """SIGQUIT: every connection is cut, and none can be made."""
    two.server.kill()
    yield
    two.server.start()


@contextmanager
def locked(two: Pair, table: str) -> Iterator[None]:
    """Another session (a person, a migration) holds a table, and commits only later."""
    import psycopg

    with psycopg.connect(two.near.record.url) as session:
        session.execute(f"LOCK TABLE {table}")
        yield


def database_gone(folder: Path, harmed: Callable[[Pair], AbstractContextManager[None]]) -> None:
    """Of no use from suspicion to page: people are told from memory and nothing is changed; then all recovers."""
    with pair(folder, more=CALM_SOON.replace("run: 3s, run_in_watch: 3s", "run: 10s, run_in_watch: 10s")) as two:
        two.start()
        two.cloud.bad_deploy()
        holder = two.holder("web")
        until(lambda: holder.story("SUSPECT"), lambda: told(two))
        with harmed(two):
            until(lambda: any("web is down" in page for page in two.cloud.pages()), lambda: told(two))
            until(lambda: holder.get("/healthz").status_code == 503)
            assert two.changes() == []
        until(lambda: all(worker.get("/healthz").status_code == 200 for worker in two.both), lambda: told(two))
        good = {"kind": "good"}
        two.cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour=good, commit="a" * 40)
        until(lambda: two.cloud.log("pagerduty_resolve"), lambda: told(two))
        assert not two.cloud.log("rollback_accepted"), "a human has it: nothing is done late"


def network_cut(folder: Path) -> None:
    """Packets to the database vanish when a worker has a suspicion: it tells from memory; the other acts, alone."""
    with pair(folder, more=CALM_SOON.replace("run: 3s,", "run: 5s,")) as two:
        two.start()
        cloud, cut = two.cloud, two.far
        service = sorted(two.holding(cut) - {"web"})[0]
        broken = {"kind": "error", "after_seconds": 0.0}
        cloud.post("deploys", service=service, build_seconds=0.2, update_seconds=0.2, behaviour=broken)
        until(lambda: cut.story("SUSPECT"), lambda: told(two))
        assert not cut.story("CRITICAL"), "the cut comes before the decision"
        two.network.cut()
        taken_over(two, two.near, timed=False)
        until(lambda: cut.get("/healthz").status_code == 503, lambda: told(two))
        until(lambda: cloud.log("pagerduty_resolve"), lambda: told(two))
        assert len(cloud.log("rollback_accepted")) == 1
        assert len(two.changes()) == 2, two.changes()
        until(lambda: cut.said("notice", channel="pagerduty", outcome="sent"), lambda: told(two))
        two.network.heal()
        until(lambda: all(worker.get("/healthz").status_code == 200 for worker in two.both), lambda: told(two))
        until(two.shared, lambda: told(two))
        assert len(two.changes()) == 2, "awake again, it changes nothing"

        def keys(what: str) -> set[str]:
            return {one["dedup_key"] for one in cloud.log(f"pagerduty_{what}")}

        # The cut may last long enough for the worker that is cut off to page that it has no record.
        until(lambda: keys("trigger") == keys("resolve"), lambda: told(two))
        assert len(keys("trigger") - {"watchdog/watchdog/record"}) == 1, keys("trigger")


@pytest.mark.long
def test_case_21_22_a_worker_that_dies_and_one_that_is_cut_off(tmp_path: Path) -> None:
    """What they watched is watched by the other; nobody is told twice, nothing is done twice."""
    together(lambda: one_dies(tmp_path / "dies", 8, CALM_SOON, 2.0, timed=False), lambda: network_cut(tmp_path / "cut"))


@pytest.mark.long
def test_case_06_21_22_frozen_or_both_at_once_or_the_database_restarts(tmp_path: Path) -> None:
    """One rollback: a worker frozen after its intent; both alive and the answer lost; SIGQUIT to the database."""
    together(
        lambda: one_freezes(tmp_path / "frozen", "after_intent", 20.0, timed=False),
        lambda: both_at_once(tmp_path / "both", "drop"),
        lambda: database_restarts(tmp_path / "restarts", 4.0),
    )


@pytest.mark.nightly
def test_case_21_forty_services_are_taken_over_in_time(tmp_path: Path) -> None:
    """At the shipped pace of 10 s: leases within 15 s, no service without a probe for more than 26 s."""
    one_dies(tmp_path, 40, CALM_SOON_EVERY_TEN, 10.0, timed=True)


@pytest.mark.nightly
@pytest.mark.parametrize("point", ["after_intent", "before_send"])
def test_case_06_frozen_for_a_minute_in_the_middle_of_a_rollback(tmp_path: Path, point: str) -> None:
    """Awake after 60 s, it changes nothing: its epoch is old, and its last look is too long ago."""
    one_freezes(tmp_path, point, 60.0, timed=True)


@pytest.mark.nightly
def test_case_06_frozen_for_a_minute_on_a_calm_day(tmp_path: Path) -> None:
    """Its services move; awake, it takes its share again, and neither Render nor a pager hears of it."""
    with pair(tmp_path) as two:
        two.start()
        began = time.monotonic()
        two.far.process.send_signal(signal.SIGSTOP)
        taken_over(two, two.near, timed=True)
        until(lambda: time.monotonic() - began >= 60.0)
        wakes_and_changes_nothing(two, two.far)


@pytest.mark.nightly
def test_case_22_the_database_is_gone_when_it_matters(tmp_path: Path) -> None:
    """Gone, or its leases or effects locked, between suspicion and decision; gone for 30 s during a rollback."""
    together(
        lambda: database_gone(tmp_path / "gone", gone),
        lambda: database_gone(tmp_path / "leases", partial(locked, table="leases")),
        lambda: database_gone(tmp_path / "effects", partial(locked, table="effects")),
        lambda: database_restarts(tmp_path / "restarts", 30.0),
    )


@pytest.mark.nightly
def test_case_21_two_workers_and_every_bad_answer(tmp_path: Path) -> None:
    """An answer that comes too late, an error after it was taken, a reset before, a rate limit: one rollback."""
    for mode in ("slow", "error_after", "refuse_429"):
        both_at_once(tmp_path / mode, mode)
