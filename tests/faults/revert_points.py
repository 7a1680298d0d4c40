"""Every commit and push of `watchdog incident revert`: its process is killed there with -9, and the command run again.

    python -m tests.faults.revert_points [--store sqlite postgresql] [--only TEXT]

The store, the repository and the program git are real; in front of git stands a script of three lines that has a point
before and after each push, and kills the command there.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli import examples as x
from tests.support import warm_processes
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from tests.support.databases import DATABASES, Databases, Record
from tests.support.git_repositories import ENVIRON, Hosted, hosted
from tests.support.stores import opened
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Write

KILLABLE = Path(__file__).with_name("killable_command.py")
CONFIG = """\
version: 1
store: "{store}"
services: {{web: {{signals: {{home: {{http: "https://www.acme.example"}}}}}}}}
channels: {{console: {{}}}}
"""
GIT = """\
#!/bin/sh
point() {{ echo "$1 push #1" >> {trail}; [ "$1 push #1" != "$FATAL" ] || {{ kill -9 $PPID; sleep 0.1; exit 1; }}; }}
case " $* " in *" push "*) point before; {git} "$@"; code=$?; point after; exit $code;; *) exec {git} "$@";; esac
"""
"""The process that it kills is its parent: the command."""
MOMENTS = ("put_action_by_hand git_revert sending", "push", "put_action_by_hand git_revert done")
POINTS = [f"{when} {what} #1" for what in MOMENTS for when in ("before", "after")]
"""The points of the revert itself; `path` finds those of its notes as well."""


@dataclass(frozen=True)
class Ground:
    """A repository with a bad commit on a good one, an incident about it, and the ways to run the command."""

    folder: Path
    repo: Hosted
    record: Record
    stable: str
    bad: str

    @property
    def trail(self) -> list[str]:
        path = self.folder / "trail"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def run(self, fatal: str = "") -> "tuple[int, str]":
        """Run the command, which dies at that point; return its exit code and what it said."""
        words = ("-c", "watchdog.yaml", "incident", "revert", "web-1", "--remote", self.repo.address)
        command = [sys.executable, str(KILLABLE), str(self.folder / "trail"), fatal, *words]
        path = f"{self.folder / 'bin'}:{ENVIRON['PATH']}"
        env = {**ENVIRON, "PATH": path, "FATAL": fatal, "HOME": str(self.folder)}
        done = warm_processes.run(command, env=env, cwd=self.folder, timeout=PATIENCE_SECONDS)
        return done.returncode, done.stdout + done.stderr

    @property
    def reverts(self) -> list[str]:
        """Return the commits of the branch above the bad one."""
        commits = self.repo.log()
        return commits[: commits.index(self.bad)]


@contextmanager
def ground(folder: Path, databases: Databases) -> Iterator[Ground]:
    """Make a repository, a store with the incident, and the git that has points."""
    repo = hosted(folder)
    stable, bad = repo.commit("app.py", "good"), repo.commit("app.py", "bad")
    with databases(folder) as record:
        asyncio.run(_remember(record.url, stable))
        (folder / "watchdog.yaml").write_text(CONFIG.format(store=record.url), encoding="utf-8")
        git = folder / "bin" / "git"
        git.parent.mkdir()
        git.write_text(GIT.format(git=program("git"), trail=folder / "trail"), encoding="utf-8")
        git.chmod(0o755)
        yield Ground(folder, repo, record, stable, bad)


async def _remember(url: str, stable: str) -> None:
    incident, facts = x.incident(target_code=stable), ServiceFacts("srv-web", "web", branch="main")
    async with opened(url, FakeClock()) as store:
        await store.renew_leases("before", ("web",), ttl_seconds=60.0)
        await store.save(Write(State(services={"web": ServiceState("web", incident=incident, facts=facts)})))
        await store.release()


def path(folder: Path, databases: Databases) -> list[str]:
    """Return the points of an undisturbed command."""
    with ground(folder, databases) as place:
        assert_done(place)
        return place.trail


def assert_done(place: Ground) -> None:
    """Run the command to its end, and again: one commit on the bad one, with the good tree, and recorded as done."""
    for _ in range(2):
        code, said = place.run()
        assert code == 0, said
        (commit,) = place.reverts
        assert place.repo.tree(commit) == place.repo.tree(place.stable) and place.repo.parents() == [place.bad]
        rows = place.record.rows("SELECT step, state, deploy FROM actions")
        assert rows == [("git_revert", "done", commit)], rows


def killed_at(folder: Path, databases: Databases, point: str) -> None:
    """Kill the command there: what it left is found, and is not done a second time."""
    with ground(folder, databases) as place:
        code, said = place.run(point)
        assert (code, place.trail[-1]) == (-9, point), said
        assert_done(place)
        assert sum(one.startswith("after push") for one in place.trail) <= 1, place.trail


def main() -> int:
    make = argparse.ArgumentParser(prog="python -m tests.faults.revert_points", description=__doc__.splitlines()[0])
    make.add_argument("--store", nargs="+", choices=sorted(DATABASES), default=sorted(DATABASES))
    make.add_argument("--only", default="", metavar="TEXT", help="only points that say this (any)")
    options = make.parse_args()
    wrong = count = 0
    for store in options.store:
        with tempfile.TemporaryDirectory() as name, DATABASES[store]() as databases:
            for number, point in enumerate(path(Path(name) / "undisturbed", databases), 1):
                if options.only not in point:
                    continue
                count += 1
                try:
                    killed_at(Path(name) / str(number), databases, point)
                    print(f"{number:4}  ok     {store}  {point}", flush=True)
                except AssertionError as error:
                    wrong += 1
                    print(f"{number:4}  WRONG  {store}  {point}\n{error}", flush=True)
    print(f"{count} points, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
