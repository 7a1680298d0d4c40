"""Every effect and commit on the path of a rollback, or of a remedy: the daemon is killed there with -9, and started.

    python -m tests.faults.crash_points [--store sqlite postgresql] [--journey rollback|rebuild|veto|button|restore …]
                                        [--every N] [--first K] [--only TEXT] [--jobs 2] [--standby]

`--journey remedies` is all of those with a remedy before the rollback, each kind with each outcome.

One undisturbed journey (an incident: bad deploy, pin, rollback, proof, all-clear) tells which points there are; then
one for each of them. What must hold is read from the outside: the sandbox's log, which survives any kill, and the
record. Prints a line per point; the exit code is 1 if any of them went wrong.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx

from tests.faults.journeys import JOURNEYS, ROLLBACK, Journey
from tests.faults.remedy_journeys import REMEDY_JOURNEYS
from tests.support.daemon_processes import Cloud, Daemon, guarding, until
from tests.support.databases import DATABASES, Databases

EVERY = {**JOURNEYS, **REMEDY_JOURNEYS}
REMEDIES = "remedies"
NO_EFFECT = " [] "
"""How a point of a save that saves no effect is written."""
FIRST_LIST = "after save DeploysListed"
MORTAL = Path(__file__).with_name("killable_daemon.py")


@dataclass(frozen=True)
class Verdict:
    """What became of one killed daemon; `wrong` is empty when all is well."""

    point: str
    seconds: float
    reached: bool = True
    wrong: str = ""


@contextmanager
def prepared(folder: Path, databases: Databases, journey: Journey) -> Iterator[tuple[Cloud, Daemon]]:
    """Run a sandbox with a store of its own; the daemon is not started yet."""
    with guarding(folder, quirks=False) as (cloud, daemon), databases(cloud.folder) as record:
        cloud.write(replace={daemon.record.url: record.url, **journey.written(cloud)}, secrets=journey.secrets)
        for name, mode in journey.modes.items():
            cloud.post("modes", name=name, mode=mode)
        daemon.record = record
        yield cloud, daemon


def command(cloud: Cloud, trail: Path, *fatal: str) -> tuple[str, ...]:
    """Return how the daemon is started that can die."""
    return (sys.executable, str(MORTAL), str(cloud.config), str(trail), *fatal)


def passed(trail: Path) -> list[str]:
    """Return what was written down, in order: the points, and which calls raised."""
    return trail.read_text(encoding="utf-8").splitlines()


def is_between(trail: Path) -> bool:
    """Tell whether no call is under way: what it commits can be seen before the point after it is reached."""
    begun = Counter(point.partition(" ")[0] for point in passed(trail))
    return begun["before"] == begun["after"] + begun["raised"]


def path(folder: Path, databases: Databases, journey: Journey = ROLLBACK) -> list[str]:
    """Return the points of one undisturbed journey, in order, from its cause to the end of its pages."""
    trail = folder / "trail"
    with prepared(folder, databases, journey) as (cloud, daemon):
        daemon.start(*command(cloud, trail)).until_watching()
        # Asked for by now, and saved a moment later: as a point it would kill the next daemon at its start.
        daemon.until(lambda: any(point.startswith(FIRST_LIST) for point in passed(trail)))
        journey.begin(cloud, daemon)
        calm = len(passed(trail))
        journey.cause(cloud, daemon)
        journey.assert_well(cloud, daemon)
        until(lambda: is_between(trail))
        return [point for point in passed(trail)[calm:] if not point.startswith("raised ")]


def killed_at(
    folder: Path, databases: Databases, point: str, journey: Journey = ROLLBACK, *, standby: bool = False
) -> Verdict:
    """Kill the daemon at the point and judge what a plain one makes of it, started then or (`standby`) long before.

    A path that missed the point is judged as well.
    """
    began = time.monotonic()
    trail = folder / "trail"
    with prepared(folder, databases, journey) as (cloud, daemon):
        heir = Daemon(cloud, name="heir")
        heir.record = daemon.record
        try:
            daemon.start(*command(cloud, trail, point)).until_watching()
            journey.begin(cloud, daemon)
            journey.cause(cloud, daemon)
            dead = daemon.process.poll
            if standby:
                until(lambda: dead() is not None or daemon.story("SUSPECT"))
                heir.start()
            until(lambda: dead() is not None or (journey.is_over(cloud, daemon) and is_between(trail)))
            reached = passed(trail)[-1] == point
            if reached:
                assert daemon.until_ended() == -9, daemon.errors()
            assert reached or dead() is None, daemon.errors()
            if reached and not standby:
                heir.start()
            journey.assert_well(cloud, heir if reached else daemon)
        except httpx.TransportError:
            return Verdict(point, time.monotonic() - began, reached=False)  # it died of a namesake, as it began
        except AssertionError as error:
            return Verdict(point, time.monotonic() - began, wrong=str(error) or "see the traceback")
        finally:
            heir.end()
        return Verdict(point, time.monotonic() - began, reached=reached)


def judge(folder: Path, databases: Databases, point: str, journey: Journey, *, standby: bool) -> Verdict:
    """Judge one point; a path that missed it (a reading more or less) is tried once again."""
    verdict = killed_at(folder / "1", databases, point, journey, standby=standby)
    return verdict if verdict.reached else killed_at(folder / "2", databases, point, journey, standby=standby)


def judge_all(
    folder: Path, databases: Databases, points: Sequence[str], journey: Journey, jobs: int, *, standby: bool = False
) -> Iterator[Verdict]:
    """Judge every point, some at a time; each verdict as soon as it and those before it are there."""
    folders = [folder / f"point{number}" for number in range(len(points))]
    for one in folders:
        one.mkdir(parents=True)
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(
            lambda one: judge(one[0], databases, one[1], journey, standby=standby), zip(folders, points, strict=True)
        )


def spread(points: Sequence[str], count: int, chance: Random) -> list[str]:
    """Return so many of the points, one drawn from each stretch of the path."""
    bounds = [number * len(points) // count for number in range(count + 1)]
    return [chance.choice(points[begin:end]) for begin, end in pairwise(bounds)]


def told(options: argparse.Namespace, folder: Path, store: str, name: str) -> list[Verdict]:
    """Judge a journey on a store, and print a line for each point."""
    with DATABASES[store]() as databases:
        found = path(folder / "undisturbed", databases, EVERY[name])[options.first :: options.every]
        points = [point for point in found if options.only in point]
        print(f"{len(points)} points of {name} on {store}", flush=True)
        verdicts = []
        judged = judge_all(folder, databases, points, EVERY[name], options.jobs, standby=options.standby)
        for number, verdict in enumerate(judged, 1):
            verdicts.append(verdict)
            how = "WRONG" if verdict.wrong else "ok" if verdict.reached else "NOT REACHED"
            print(f"{number:4}  {how:11}  {verdict.seconds:5.1f} s  {verdict.point}", flush=True)
            if verdict.wrong:
                print(verdict.wrong, flush=True)
    return verdicts


def main() -> int:
    make = argparse.ArgumentParser(prog="python -m tests.faults.crash_points", description=__doc__.splitlines()[0])
    make.add_argument("--store", nargs="+", choices=sorted(DATABASES), default=["sqlite"])
    make.add_argument("--journey", nargs="+", choices=[*EVERY, REMEDIES], default=["rollback"])
    make.add_argument("--every", type=int, default=1, help="only every Nth point (1)")
    make.add_argument("--first", type=int, default=0, help="begin with this point (0)")
    make.add_argument("--only", default="", metavar="TEXT", help="only points that say this (any)")
    make.add_argument("--jobs", type=int, default=2, help="so many at a time (2)")
    make.add_argument("--standby", action="store_true", help="a second daemon waits since the first suspicion")
    options = make.parse_args()
    began, verdicts = time.monotonic(), list[Verdict]()
    journeys = [one for named in options.journey for one in (REMEDY_JOURNEYS if named == REMEDIES else [named])]
    for store in options.store:
        for journey in journeys:
            with tempfile.TemporaryDirectory() as name:
                verdicts += told(options, Path(name), store, journey)
    wrong = sum(bool(one.wrong) for one in verdicts)
    # A save without effects may not come on a busy machine, where two readings share one: its story went well.
    missed = sum(not one.reached and NO_EFFECT not in one.point for one in verdicts)
    print(f"{len(verdicts)} points, {wrong} wrong, {missed} not reached, {time.monotonic() - began:.0f} s")
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
