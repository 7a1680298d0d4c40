"""A revert over a real repository and a store in memory; it may be killed at each step, and be run again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.cli import examples as x
from tests.support.clocks import FakeClock
from tests.support.git_repositories import ENVIRON, Hosted
from watchdog.adapters.repositories.plain_git import PlainGit
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.git_steps.revert import Revert
from watchdog.domain.code_comparison import MIGRATION_PATHS, MigrationRules
from watchdog.domain.remedies.git_steps import Push, Reverted, RevertOrder
from watchdog.domain.store_records import ActionRow
from watchdog.ports.code_host import CodeHost


class Killed(BaseException):
    """The process is gone: nothing of ours handles it."""


class Journal(MemoryStore):
    """A store before, or after, whose n-th write the process is killed; a rival may write before one."""

    dies: tuple[int, str] | None = None
    rival: ActionRow | None = None
    writes = 0

    async def put_action_by_hand(self, row: ActionRow, expect: str | None) -> bool:
        self.writes += 1
        if self.dies == (self.writes, "before"):
            raise Killed
        if self.rival is not None:
            rival, self.rival = self.rival, None
            assert await super().put_action_by_hand(rival, expect)
        written = await super().put_action_by_hand(row, expect)
        if self.dies == (self.writes, "after"):
            raise Killed
        return written


class Host(PlainGit):
    """The program git; something may happen right before and right after it pushes."""

    before: Callable[[], object] = staticmethod(lambda: None)
    after: Callable[[], object] = staticmethod(lambda: None)
    pushes = 0

    async def fast_forward(self, branch: str, commit: str, head: str) -> Push:
        return await self._around(super().fast_forward, branch, commit, head)

    async def reset_branch(self, branch: str, commit: str, head: str) -> Push:
        return await self._around(super().reset_branch, branch, commit, head)

    async def _around(self, push: Callable[[str, str, str], Awaitable[Push]], *to: str) -> Push:
        self.before()
        self.pushes += 1
        came = await push(*to)
        self.after()
        return came


def die() -> None:
    raise Killed


class Writes(Protocol):
    """What every scene has."""

    store: Journal
    clock: FakeClock
    told: list[str]
    noted: list[str]


def revert_of(scene: Writes, host: CodeHost, stable: str, **order: Any) -> Revert:
    """Return a revert, with the parts of a command's process."""

    async def note(line: str) -> None:
        scene.noted.append(line)

    given = RevertOrder("web-1", "terminal:ann", **order)
    rules = MigrationRules(MIGRATION_PATHS)
    return Revert(given, x.incident(), "main", stable, rules, host, scene.store, scene.clock, note, scene.told.append)


@dataclass
class Scene:
    """A repository with a stable and a bad commit, and what a person orders there."""

    repo: Hosted
    clock: FakeClock = field(default_factory=lambda: FakeClock(x.BEGIN + 600))
    told: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    stable: str = ""

    def __post_init__(self) -> None:
        self.store = Journal(self.clock)
        self.stable = self.repo.commit("app.py", "good")
        self.repo.commit("app.py", "bad")
        self.bad = self.repo.merge("other.py", "worse")

    async def run(self, host: PlainGit | None = None, **order: Any) -> Reverted:
        return await self.with_revert(lambda revert: revert.run(), host, **order)

    async def with_revert(
        self, do: Callable[[Revert], Awaitable[Any]], host: PlainGit | None = None, **order: Any
    ) -> Any:
        """Make the parts of a command's process, use them, and give them back."""
        host = host or self.host()
        try:
            return await do(revert_of(self, host, self.stable, **order))
        finally:
            await host.close()

    def host(self) -> Host:
        return Host(self.repo.address, ENVIRON, self.clock)

    @property
    def reverts(self) -> list[str]:
        """Return the commits of the branch that have the stable tree and are not the stable commit."""
        good = self.repo.tree(self.stable)
        commits = self.repo.log()
        return [one for one in commits if self.repo.tree(one) == good and one != self.stable]
