"""The store is restored from a copy of before, during or after a rollback, and the bad commit is deployed again.

Rule: the copies are of one life, made while its daemon ran or where it was killed. Then each is guarded by a daemon of
its own, all beside the same cloud at the same time: whichever changes anything there is found out.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.journeys import BACK, GOOD, changes, unfinished
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding
from tests.support.databases import DATABASES, Record, copied

pytestmark = pytest.mark.long

RUNNER = Path(__file__).with_name("signalled_daemon.py")
BAD = "b" * 40
FAST = SHORT.replace("run: 3s,", "run: 3s, calm: 3s, fresh: 5s,")
NO_OTHER_BRAKE = "budget: {per_service_per_day: 9, per_fleet_per_10m: 9, cooldown: 1s}\n"
"""What keeps a second rollback back is that its code was denied, and no budget."""


@dataclass(frozen=True)
class Way:
    """How the bad commit was rolled back: what was sent for it, and where the daemon died of it and went on."""

    sent: Mapping[str, set[int]]
    deaths: tuple[str, ...] = ()
    modes: Mapping[str, str] = field(default_factory=dict)


PINNED = {"srv-web off": {1, 2}}
"""A switch whose answer is late on a busy machine may be sent again: it changes nothing."""
ROLLBACK = Way({**PINNED, **BACK}, ("after_intent", "after_answer"))
REBUILD = Way({**PINNED, **BACK, f"deploys {GOOD}": {1}}, modes={"rollback": "expired"})
OVER = "closed"
"""The copy of after the rollback."""


class Life:
    """A bad deploy that was rolled back once, and copies of its record, by when they were made."""

    def __init__(self, cloud: Cloud, daemon: Daemon, way: Way, keep: ExitStack) -> None:
        self.cloud = cloud
        self.copies: dict[str, Record] = {}
        self.sent: Mapping[str, int] = {}
        self._daemon = daemon
        self._way = way
        self._keep = keep

    def live(self) -> None:
        """Begin calm, roll back once, prove it, and end calm."""
        cloud, daemon = self.cloud, self._daemon
        for name, mode in self._way.modes.items():
            cloud.post("modes", name=name, mode=mode)
        cloud.post("modes", name="patch", mode="slow", times=1)
        deaths = list(self._way.deaths)
        daemon.start(*self._until(deaths[:1])).until_watching()
        daemon.until(lambda: daemon.rows("SELECT 1 FROM parts WHERE json LIKE '%dep-41%'"))
        self._copy("calm")
        cloud.bad_deploy(commit=BAD)
        daemon.until(lambda: cloud.log("auto_deploy_changed"))
        self._copy("pinning")
        while deaths:
            assert daemon.until_ended() == -9
            self._copy(deaths.pop(0))
            daemon.start(*self._until(deaths[:1]))
        daemon.until_story("RESTORED")
        daemon.until(lambda: not unfinished(daemon))
        self._copy(OVER)
        daemon.kill()
        self.sent = changes(cloud)
        assert set(self.sent) == set(self._way.sent), self.sent
        assert all(self.sent[what] in self._way.sent[what] for what in self.sent), self.sent
        self.assert_untouched()

    def _copy(self, moment: str) -> None:
        path = self.cloud.folder / f"{moment}.db"
        self.copies[moment] = self._keep.enter_context(copied(self._daemon.record, path))

    def _until(self, deaths: list[str]) -> tuple[str, ...]:
        return (sys.executable, str(RUNNER), deaths[0], str(self.cloud.config)) if deaths else ()

    def assert_untouched(self) -> None:
        """Auto-deploy is off, and nothing was sent since that life."""
        assert changes(self.cloud) == self.sent
        assert [one["to"] for one in self.cloud.log("auto_deploy_changed")] == ["off"]

    @contextmanager
    def restored(self, name: str, *, without: str = "") -> Iterator[list[Daemon]]:
        """Restore every copy but one, and start a daemon on each."""
        with ExitStack() as keep:
            heirs: list[Daemon] = []
            for moment in [one for one in self.copies if one != without]:
                record = keep.enter_context(copied(self.copies[moment], self.cloud.folder / f"{name}-{moment}.db"))
                heir = Daemon(self.cloud.guarded_from(self.cloud.folder.parent / f"{name}-{moment}", record))
                heir.record = record
                keep.callback(heir.end)
                heirs.append(heir.start())
            yield heirs


def until_told_of_auto_deploy(heir: Daemon) -> None:
    """Wait until people read that it is off: with what it was before, or that nobody knows."""
    heir.until(lambda: "AUTO-DEPLOY IS OFF" in heir.words() or 'it was "commit"' in heir.cli("status").stdout)


def pages(heir: Daemon) -> int:
    """Return how often it called a human because of an incident."""
    return sum("(page)" in text for text in heir.story("NOTIFIED"))


def until_left_to_human(heir: Daemon, since: int = 0) -> None:
    """Wait until it called a human once more than so often, and has nothing left to do by itself."""
    pending = "SELECT count(*) FROM effects WHERE status = 'pending'"
    heir.until(lambda: pages(heir) > since and heir.rows(pending) == [(0,)])


@contextmanager
def a_life(folder: Path, store: str, way: Way) -> Iterator[Life]:
    """Live through it on such a store."""
    folder = folder.resolve()
    with DATABASES[store]() as databases, guarding(folder, quirks=False) as (cloud, daemon), ExitStack() as keep:
        record = keep.enter_context(databases(cloud.folder))
        cloud.write(replace={daemon.record.url: record.url}, more=FAST + NO_OTHER_BRAKE)
        daemon.record = record
        life = Life(cloud, daemon, way, keep)
        life.live()
        yield life


@pytest.mark.parametrize(
    ("store", "way"),
    [
        pytest.param("sqlite", ROLLBACK, id="sqlite"),
        pytest.param("postgresql", ROLLBACK, id="postgresql", marks=pytest.mark.nightly),
        pytest.param("sqlite", REBUILD, id="rebuild", marks=pytest.mark.nightly),
    ],
)
def test_case_55_a_restored_copy_rolls_no_commit_back_a_second_time_by_itself(
    tmp_path: Path, store: str, way: Way
) -> None:
    """Of whatever moment: it is asked about or paged when it serves again, and auto-deploy stays off and is told."""
    with a_life(tmp_path / "life", store, way) as life:
        with life.restored("calm") as heirs:
            for heir in heirs:
                heir.until_watching()
                heir.until(lambda heir=heir: not unfinished(heir))
                until_told_of_auto_deploy(heir)
            life.assert_untouched()
            before = [pages(heir) for heir in heirs]  # a busy machine may make a site look slow
            life.cloud.bad_deploy(commit=BAD)
            for heir, since in zip(heirs, before, strict=True):
                until_left_to_human(heir, since)
            life.assert_untouched()
        with life.restored("failing", without=OVER) as heirs:
            for heir in heirs:
                until_left_to_human(heir)
                until_told_of_auto_deploy(heir)
            life.assert_untouched()
