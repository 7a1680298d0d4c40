"""Every effect and every commit on the path of a rollback: the real daemon is killed there with -9 and started again.

    python -m tests.faults.crash_points [--store sqlite|postgresql] [--every N] [--first K] [--jobs 2] [--standby]

One undisturbed incident (bad deploy, pin, rollback, proof, all-clear) tells which points there are; then one incident
for each of them. What must hold is read from the outside: the sandbox's log, which survives any kill, and the record.
Prints a line per point; the exit code is 1 if any of them went wrong.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.databases import DATABASES, Databases
from tests.faults.processes import Cloud, Daemon, guarding, until

MORTAL = Path(__file__).with_name("mortal.py")
WITHIN_SECONDS = 150.0
"""A settle window, a lease to wait for, a start and an incident, on a busy machine."""


@dataclass(frozen=True)
class Verdict:
    """What became of one killed daemon; `wrong` is empty when all is well."""

    point: str
    seconds: float
    reached: bool = True
    wrong: str = ""


@contextmanager
def prepared(folder: Path, databases: Databases) -> Iterator[tuple[Cloud, Daemon]]:
    """Run a sandbox with a store of its own; the daemon is not started yet."""
    with guarding(folder, quirks=False) as (cloud, daemon), databases(cloud.folder) as record:
        cloud.write(replace={daemon.record.url: record.url})
        daemon.record = record
        yield cloud, daemon


def command(cloud: Cloud, trail: Path, *fatal: str) -> tuple[str, ...]:
    """Return how the daemon is started that can die."""
    return (sys.executable, str(MORTAL), str(cloud.config), str(trail), *fatal)


def path(folder: Path, databases: Databases) -> list[str]:
    """Return the points of one undisturbed incident, in order, from its first suspicion to the end of its pages."""
    trail = folder / "trail"
    with prepared(folder, databases) as (cloud, daemon):
        daemon.start(*command(cloud, trail)).until_watching()
        calm = len(trail.read_text(encoding="utf-8").splitlines())
        cloud.bad_deploy()
        assert_well(cloud, daemon)
        return trail.read_text(encoding="utf-8").splitlines()[calm:]


def killed_at(folder: Path, databases: Databases, point: str, *, standby: bool = False) -> Verdict:
    """Kill the daemon at the point and judge what a plain one makes of it, started then or (`standby`) long before.

    A path that missed the point is judged as well.
    """
    began = time.monotonic()
    trail = folder / "trail"
    with prepared(folder, databases) as (cloud, daemon):
        heir = Daemon(cloud, name="heir")
        heir.record = daemon.record
        try:
            daemon.start(*command(cloud, trail, point)).until_watching()
            cloud.bad_deploy()
            dead = daemon.process.poll
            if standby:
                until(lambda: dead() is not None or daemon.story("SUSPECT"), WITHIN_SECONDS)
                heir.start()
            until(lambda: dead() is not None or cloud.log("pagerduty_resolve"), WITHIN_SECONDS)
            until(lambda: dead() is not None or not unfinished(daemon), WITHIN_SECONDS)
            reached = dead() is not None
            if reached:
                assert dead() == -9, daemon.errors()
                assert trail.read_text(encoding="utf-8").splitlines()[-1] == point
            if reached and not standby:
                heir.start()
            assert_well(cloud, heir if reached else daemon)
        except AssertionError as error:
            return Verdict(point, time.monotonic() - began, wrong=str(error) or "see the traceback")
        finally:
            heir.end()
        return Verdict(point, time.monotonic() - began, reached=reached)


def unfinished(daemon: Daemon) -> bool:
    """Tell whether an incident is open or an effect not brought to its end, by the record."""
    open_, pending = (
        daemon.rows(f"SELECT count(*) FROM {what}")
        for what in ("incidents WHERE closed_at IS NULL", "effects WHERE status = 'pending'")
    )
    return (open_, pending) != ([(0,)], [(0,)])


def assert_well(cloud: Cloud, daemon: Daemon) -> None:
    """Wait for the end; one rollback, to the right deploy, after the pin; closed, proved; every channel told both."""
    daemon.until(lambda: cloud.log("pagerduty_resolve") and not unfinished(daemon), WITHIN_SECONDS)
    accepted = cloud.log("rollback_accepted")
    assert [one["target"] for one in accepted] == ["dep-40"], f"rollbacks: {accepted}"
    pins = [(one["from"], one["to"]) for one in cloud.log("auto_deploy_changed")]
    assert pins == [("commit", "off")], f"auto-deploy: {pins}"
    assert cloud.log("auto_deploy_changed")[0]["at"] < accepted[0]["at"], "pinned before it was rolled back"
    events = [one for one in cloud.log() if one["what"] in ("pagerduty_trigger", "pagerduty_resolve")]
    assert len({one["dedup_key"] for one in events}) == 1, f"one outage is one page: {events}"
    assert events[0]["what"] == "pagerduty_trigger" and events[-1]["what"] == "pagerduty_resolve", f"pages: {events}"
    texts = [str(one["text"]) for one in cloud.log("slack_webhook")]
    assert "ROLLING BACK to dep-40" in texts[0] and "RESOLVED: rolled back and verified" in texts[-1], f"Slack: {texts}"
    (row,) = daemon.history()
    kept = (row["target"], row["rollback_deploy"], row["verified"])
    assert kept == ("dep-40", accepted[0]["deploy"], True), f"the record: {row}"
    assert "Traceback" not in daemon.words() and "a task failed" not in daemon.words(), daemon.words()[-3000:]


def judge(folder: Path, databases: Databases, point: str, *, standby: bool) -> Verdict:
    """Judge one point; a path that missed it (a reading more or less) is tried once again."""
    verdict = killed_at(folder / "1", databases, point, standby=standby)
    return verdict if verdict.reached else killed_at(folder / "2", databases, point, standby=standby)


def judge_all(
    folder: Path, databases: Databases, points: Sequence[str], jobs: int, *, standby: bool = False
) -> Iterator[Verdict]:
    """Judge every point, some at a time; each verdict as soon as it and those before it are there."""
    folders = [folder / f"point{number}" for number in range(len(points))]
    for one in folders:
        one.mkdir(parents=True)
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(
            lambda one: judge(one[0], databases, one[1], standby=standby), zip(folders, points, strict=True)
        )


def main() -> int:
    """Run the command line."""
    make = argparse.ArgumentParser(prog="python -m tests.faults.crash_points", description=__doc__.splitlines()[0])
    make.add_argument("--store", choices=sorted(DATABASES), default="sqlite")
    make.add_argument("--every", type=int, default=1, help="only every Nth point (1)")
    make.add_argument("--first", type=int, default=0, help="begin with this point (0)")
    make.add_argument("--jobs", type=int, default=2, help="so many at a time (2)")
    make.add_argument("--standby", action="store_true", help="a second daemon waits since the first suspicion")
    options = make.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, DATABASES[options.store]() as databases:
        folder = Path(name)
        points = path(folder / "undisturbed", databases)[options.first :: options.every]
        print(f"{len(points)} points on {options.store}", flush=True)
        verdicts = []
        found = judge_all(folder, databases, points, options.jobs, standby=options.standby)
        for number, verdict in enumerate(found, 1):
            verdicts.append(verdict)
            how = "WRONG" if verdict.wrong else "ok" if verdict.reached else "NOT REACHED"
            print(f"{number:4}  {how:11}  {verdict.seconds:5.1f} s  {verdict.point}", flush=True)
            if verdict.wrong:
                print(verdict.wrong, flush=True)
    wrong, missed = sum(bool(one.wrong) for one in verdicts), sum(not one.reached for one in verdicts)
    print(f"{len(verdicts)} points, {wrong} wrong, {missed} not reached, {time.monotonic() - began:.0f} s")
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
