"""Thirty unlike services, ten incidents one after the other, the last begin before the first are over: right on each.

What fails without a deploy comes last: within a minute of it a deploy that breaks a part of the answers is asked about.
Five bad deploys, one of them of a dependency whose caller was deployed well at the same time; outages without a deploy;
one after a good deploy whose upstream says that it is down. Statistics are shortened, so that minutes are seconds; the
nightly ones have those that are shipped, and an incident a minute.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, until
from tests.support.many_services import many

SERVICES = 30
MANY_AT_ONCE = """\
budget: {per_fleet_per_10m: 10}
brakes: {window: 2s}
"""
"""The budget is that of ten minutes, and here they are one; what begins within two seconds is one cause."""
SHIPPED = "budget: {per_fleet_per_10m: 10}\n"
KILLED_EVERY_SECONDS = 8.0
LOOKS = 5 * SERVICES
"""So often sites are looked at between the beginnings of two incidents."""
BAD = {"s01": "error", "s02": "refused", "s12": "error", "s22": "partial", "s23": "error"}
"""Which bad deploy of what must be rolled back."""
OUTAGES = ("s04", "s05", "s24")
"""What fails without a deploy: people are paged."""
DEPENDENCY, CALLER, UPSTREAM = "s12", "s11", "s21"
"""The caller is deployed well just before its dependency is deployed badly; the last just before its upstream fails."""
GOOD = ("s06", "s07", CALLER, UPSTREAM)


def break_one(cloud: Cloud, service: str) -> None:
    """Deploy something bad; what calls it fails with it."""
    behaviour = {"kind": BAD[service], "after_seconds": 1.0} | ({"share": 0.7} if BAD[service] == "partial" else {})
    cloud.post("deploys", service=service, build_seconds=0.2, update_seconds=0.2, behaviour=behaviour)


def deploy_well(cloud: Cloud, service: str) -> None:
    cloud.post("deploys", service=service, build_seconds=0.2, update_seconds=0.2)


class Story:
    """What happens, and what came of it; `killed_every_seconds`: the daemon is killed and started again so often."""

    def __init__(self, cloud: Cloud, daemon: Daemon, killed_every_seconds: float | None) -> None:
        self.cloud = cloud
        self.daemon = daemon
        self.kills = 0
        self._every_seconds = killed_every_seconds
        self._started = time.monotonic()

    def incidents(self) -> list[Callable[[], None]]:
        return [
            self.bad("s01"), self.bad("s02"), self.good("s06"), self.dependency, self.bad("s22"), self.bad("s23"),
            self.upstream, self.outage("s04"), self.good("s07"), self.outage("s05"), self.outage("s24"),
        ]  # fmt: skip

    def bad(self, service: str) -> Callable[[], None]:
        return lambda: break_one(self.cloud, service)

    def good(self, service: str) -> Callable[[], None]:
        return lambda: deploy_well(self.cloud, service)

    def outage(self, service: str) -> Callable[[], None]:
        """Return a fault that no deploy brings."""
        return lambda: self.cloud.post("faults", target=service, kind="error")

    def dependency(self) -> None:
        """Deploy the caller well and its dependency badly: once that fails, the caller does, too."""
        deploy_well(self.cloud, CALLER)
        break_one(self.cloud, DEPENDENCY)
        self.until(lambda: any(name == DEPENDENCY and status >= 500 for _, name, _, status in self.cloud.hits()))
        self.cloud.post("faults", target=CALLER, kind="error")

    def upstream(self) -> None:
        """Deploy a service well; then its upstream says that it is down, and it fails."""
        deploy_well(self.cloud, UPSTREAM)
        self.cloud.post("faults", target="openai", kind="error")
        self.cloud.post("faults", target=UPSTREAM, kind="error")

    def until(self, condition: Callable[[], object]) -> None:

        def looked() -> bool:
            self._meanwhile()
            return bool(condition())

        until(looked, self.told)

    def _meanwhile(self) -> None:
        """Let the caller recover with its dependency; kill the daemon in its time."""
        if DEPENDENCY in self.rolled_back():
            self.cloud.post("faults", target=CALLER, kind="good")
        if self._every_seconds is not None and time.monotonic() - self._started >= self._every_seconds:
            self.daemon.kill()
            self.daemon.start()
            self.kills += 1
            self._started = time.monotonic()

    def rolled_back(self) -> list[str]:
        return sorted(str(one["service"]) for one in self.cloud.log("rollback_accepted"))

    def paged(self) -> set[str]:
        return {name for name in (*OUTAGES, *GOOD, *BAD) for text in self.cloud.pages() if name in text}

    def is_done(self) -> bool:
        return set(self.rolled_back()) >= set(BAD) and self.paged() >= {*OUTAGES, UPSTREAM}

    def told(self) -> str:
        return f"rolled back: {self.rolled_back()}; paged: {sorted(self.paged())}; kills: {self.kills}"


def play(
    folder: Path,
    *,
    killed_every_seconds: float | None = None,
    more: str = SHORT + MANY_AT_ONCE,
    apart_seconds: float = 0.0,
) -> Story:
    """Let it all happen, and judge it: what was bad is rolled back, once; people were called; the good is untouched."""
    with many(folder, SERVICES, more=more) as (cloud, names):
        depends = {CALLER: DEPENDENCY, UPSTREAM: "openai"}
        heads = {f"  {name}:\n    render: srv-{name}\n": f"    depends_on: [{on}]\n" for name, on in depends.items()}
        cloud.write(replace={head: head + more for head, more in heads.items()}, more="")
        assert len(names) == SERVICES
        daemon = Daemon(cloud).start().until_watching()
        try:
            story = Story(cloud, daemon, killed_every_seconds)
            for happens in story.incidents():
                happens()
                looks, at = len(cloud.hits()) + LOOKS, time.monotonic() + apart_seconds
                story.until(lambda looks=looks, at=at: len(cloud.hits()) >= looks and time.monotonic() >= at)
            story.until(story.is_done)
            looks = len(cloud.hits()) + 2 * LOOKS
            story.until(lambda: len(cloud.hits()) >= looks)  # nor is anything else done a little later
            assert story.rolled_back() == sorted(BAD), story.told()
            rows = {name for (name,) in daemon.rows("SELECT DISTINCT service FROM incidents")}
            assert rows <= {*BAD, *OUTAGES, CALLER, UPSTREAM}, rows
        finally:
            daemon.end()
    return story


@pytest.mark.nightly
def test_each_of_ten_is_judged_for_itself(tmp_path: Path) -> None:
    play(tmp_path)


@pytest.mark.nightly
def test_and_so_it_is_by_a_daemon_that_is_killed_again_and_again(tmp_path: Path) -> None:
    """Every incident is told, and none is rolled back twice."""
    assert play(tmp_path, killed_every_seconds=KILLED_EVERY_SECONDS).kills >= 3


@pytest.mark.nightly
@pytest.mark.parametrize("killed_every_seconds", [None, 20.0])
def test_so_it_is_in_its_own_time(tmp_path: Path, killed_every_seconds: float | None) -> None:
    """As shipped, a quarter of an hour each; also killed every twenty seconds."""
    play(tmp_path, killed_every_seconds=killed_every_seconds, more=SHIPPED, apart_seconds=60.0)
