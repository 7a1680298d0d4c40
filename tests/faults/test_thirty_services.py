"""Thirty unlike services, ten incidents one after the other, the last begin before the first are over: right on each.

What fails without a deploy comes last: within a minute of it a deploy that breaks a part of the answers is asked about.
Five bad deploys, one of them of a dependency whose caller was deployed well at the same time; outages without a deploy;
one after a good deploy whose upstream says that it is down. Statistics are shortened, so that minutes are seconds; the
nightly ones have those that are shipped, and an incident a minute.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, Entry, until
from tests.support.many_services import many

SERVICES = 30
MANY_AT_ONCE = """\
budget: {per_fleet_per_10m: 10}
brakes: {window: 2s}
"""
"""The budget is that of ten minutes, and here they are one; what begins within two seconds is one cause."""
SHIPPED = "budget: {per_fleet_per_10m: 10}\n"
KILLED_EVERY_SECONDS = 8.0
KILLS_MIN = 20
"""In eleven minutes and more, with a few seconds for each start."""
LATER_MAX_SECONDS = 30.0
"""So much later than an undisturbed daemon one that is killed every 20 s may have a rollback on its way."""
LOOKS = 5 * SERVICES
"""So often sites are looked at between the beginnings of two incidents."""
BAD = {"s01": "error", "s02": "refused", "s12": "error", "s22": "partial", "s23": "error"}
"""Which bad deploy of what must be rolled back."""
OUTAGES = ("s04", "s05", "s24")
"""What fails without a deploy: people are paged."""
DEPENDENCY, CALLER, UPSTREAM = "s12", "s11", "s21"
"""The caller is deployed well just before its dependency is deployed badly; the last just before its upstream fails."""
GOOD = ("s06", "s07", CALLER, UPSTREAM)
WAKING = "SELECT service, id FROM incidents WHERE json_extract(json, '$.severity') IN ('critical', 'high')"
"""The incidents for which people are called."""


def delays(log: Sequence[Entry]) -> dict[str, float]:
    """Return the seconds from the beginning of each fault to its rollback, by service, from the sandbox's log."""
    began, found = dict[str, float](), dict[str, float]()
    for entry in log:
        if entry["what"] == "fault_started":
            began[str(entry["target"])] = float(entry["at"])
        elif entry["what"] == "rollback_accepted":
            found.setdefault(str(entry["service"]), float(entry["at"]) - began[str(entry["service"])])
    return found


def too_late(undisturbed: Mapping[str, float], killed: Mapping[str, float]) -> list[str]:
    """Return each rollback of the undisturbed daemon that the killed one made too much later, or never; in words."""
    seconds = {name: (before, killed.get(name)) for name, before in sorted(undisturbed.items())}
    return [
        f"{name}: {f'{after:.1f} s' if after is not None else 'never'}, undisturbed {before:.1f} s"
        for name, (before, after) in seconds.items()
        if after is None or after - before > LATER_MAX_SECONDS
    ]


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

    def untold(self) -> set[str]:
        """Return the keys of the incidents that people are called for, and that PagerDuty never received."""
        known = {one["dedup_key"] for one in self.cloud.log("pagerduty_trigger")}
        return {f"watchdog/{service}/{incident}" for service, incident in self.daemon.rows(WAKING)} - known

    def is_done(self) -> bool:
        return set(self.rolled_back()) >= set(BAD) and self.paged() >= {*OUTAGES, UPSTREAM}

    def told(self) -> str:
        return f"rolled back: {self.rolled_back()}; paged: {sorted(self.paged())}; kills: {self.kills}"


def play(folder: Path, *, killed_every_seconds: float | None = None, shipped: bool = False) -> Story:
    """Let it all happen, and judge it: what was bad is rolled back, once; people were called; the good is untouched."""
    more, apart_seconds = (SHIPPED, 60.0) if shipped else (SHORT + MANY_AT_ONCE, 0.0)
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
            assert {*BAD, *OUTAGES, UPSTREAM} <= rows <= {*BAD, *OUTAGES, CALLER, UPSTREAM}, rows
            story.until(lambda: not story.untold())
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
@pytest.mark.timeout(3600.0)
def test_killed_every_twenty_seconds_it_rolls_back_at_most_thirty_seconds_later(tmp_path: Path) -> None:
    """As shipped, a quarter of an hour each: every incident is told, and each rollback is compared with its twin."""
    undisturbed = play(tmp_path / "undisturbed", shipped=True)
    killed = play(tmp_path / "killed", killed_every_seconds=20.0, shipped=True)
    assert killed.kills >= KILLS_MIN and undisturbed.kills == 0
    before, after = (delays(story.cloud.log()) for story in (undisturbed, killed))
    assert before.keys() == set(BAD) and too_late(before, after) == []


@pytest.mark.parametrize(
    ("killed", "named"),
    [
        pytest.param({"s01": 61.0, "s02": 20.0}, [], id="as soon, or sooner"),
        pytest.param({"s01": 91.0, "s02": 60.0}, [], id="thirty seconds later"),
        pytest.param({"s01": 91.1, "s02": 30.0}, ["s01: 91.1 s, undisturbed 61.0 s"], id="one is later than that"),
        pytest.param({"s01": 0.0, "s02": 60.1}, ["s02: 60.1 s, undisturbed 30.0 s"], id="not on average: each"),
        pytest.param({"s02": 30.0}, ["s01: never, undisturbed 61.0 s"], id="one never"),
        pytest.param({"s01": 61.0, "s02": 30.0, "s03": 500.0}, [], id="without a twin"),
    ],
)
def test_each_rollback_is_compared_with_its_twin(killed: dict[str, float], named: list[str]) -> None:
    assert too_late({"s01": 61.0, "s02": 30.0}, killed) == named


def test_a_rollback_is_timed_from_the_beginning_of_its_fault() -> None:
    """By the sandbox's own log; a service that fails without a deploy has none, and only the first rollback counts."""
    log = [
        {"at": 10.0, "what": "deploy_live", "service": "s01", "deploy": "dep-50"},
        {"at": 11.0, "what": "fault_started", "target": "s01", "kind": "error", "deploy": "dep-50"},
        {"at": 15.0, "what": "fault_started", "target": "s04", "kind": "error"},
        {"at": 31.0, "what": "fault_started", "target": "s02", "kind": "refused", "deploy": "dep-51"},
        {"at": 72.0, "what": "rollback_accepted", "service": "s01", "deploy": "dep-52", "target": "dep-40"},
        {"at": 81.5, "what": "rollback_accepted", "service": "s02", "deploy": "dep-53", "target": "dep-39"},
        {"at": 99.0, "what": "rollback_accepted", "service": "s02", "deploy": "dep-54", "target": "dep-39"},
    ]
    assert delays(log) == {"s01": 61.0, "s02": 50.5}
