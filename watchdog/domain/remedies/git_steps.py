"""What a person may order on the branch of a service after a rollback, or in its place: facts and plans. Pure.

Theory. A revert is ONE commit on top of the branch whose tree is that of the stable commit. It undoes all commits in
between, merges included, without a merge or a conflict, and it is pushed without force. Such a commit can land on one
head only: of two that are made for the same head the second is refused, so that nothing is undone twice.
A reset moves the branch back to the stable commit itself, by force: what came after it is on the branch no more. It is
bound to the head that a person was shown, and only a named person orders it.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.code_comparison import Comparison, MigrationReading


class GitStep(StrEnum):
    """The journal's names of what a person orders; the store holds the values."""

    REVERT = "git_revert"
    RESET = "git_reset"
    DEPLOY = "git_deploy"  # the deploy of a commit, as of a revert that no auto-deploy brings


PROPOSED = "proposed"
"""The state of a journal row whose commit waits in a pull request; its note is the address."""


class Push(StrEnum):
    """What came of a push, by the branch as it is read afterwards."""

    DONE = "done"  # the branch holds the commit
    MOVED = "moved"  # another head was there first: nothing was changed
    PROTECTED = "protected"  # the head is as before: the host refuses the push


@dataclass(frozen=True, slots=True)
class CommitRange:
    """The commits of a branch that the stable commit lacks."""

    changes: Comparison  # from the stable commit to the head
    merges: int = 0  # merges among those of them that were read


@dataclass(frozen=True, slots=True)
class BranchOrder:
    """What a person wants on a branch. An empty text: as the incident's record says."""

    incident: str  # its id
    by: str  # who orders it
    to: str = ""  # the stable commit
    branch: str = ""  # the branch that is deployed
    remote: str = ""  # the repository, for plain git


@dataclass(frozen=True, slots=True)
class TakeBackOrder(BranchOrder):
    """An order to take the branch back to the stable commit; by itself a reset."""

    head: str = ""  # the head that the plan named: with another one the order is refused
    with_migrations: bool = False  # although migrations are among the commits


@dataclass(frozen=True, slots=True)
class RevertOrder(TakeBackOrder):
    """What a person wants to be reverted."""

    pull_request: bool = False  # propose it, without a push to the branch
    deploy: bool = False  # have the commit deployed as well


@dataclass(frozen=True, slots=True)
class DeployOrder:
    """A commit that a person wants to be built and deployed; the branch stays as it is."""

    incident: str  # its id
    by: str  # who orders it
    commit: str = ""  # its whole id; empty: that of the rollback's target


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """What an order would do, by the branch as it was read."""

    where: str  # the repository, in words
    branch: str  # the branch
    head: str  # its commit then: of a revert, the parent; of a reset, the only head that it may replace
    stable: str  # the commit whose tree the branch gets
    tree: str  # that tree
    same_tree: bool  # the head has that tree already
    undone: CommitRange  # the commits that are undone, or lost
    migrations: MigrationReading  # the migrations among them
    asks_for_pull_request: bool = False  # the branch's rules do; who may pass them by is not known
    no_deploy: str = ""  # why it would not be deployed now, where that is ordered

    @property
    def migrates(self) -> bool:
        """Return whether a migration is, or may be, among the commits."""
        found = self.migrations
        return bool(found.total or found.marked) or not found.whole

    @property
    def obstacle(self) -> str:
        """Return why no such commit can be made, or ""."""
        if self.undone.changes.status in ("behind", "diverged"):
            return f"{self.stable[:7]} is not on {self.branch}, so going back to it would not undo what came after it"
        return ""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of the order to deploy a commit."""

    commit: str  # the commit
    deploy: str  # the deploy that brings it, by the platform's id
    status: str = ""  # the platform's word for its state; empty: it could not be read
    found: bool = False  # it was there already, or an earlier order: nothing was sent now
    failed: bool = False  # it ended without going live


@dataclass(frozen=True, slots=True)
class Reverted:
    """What came of an order."""

    commit: str  # the commit whose tree is the stable one; empty: the branch had that tree already
    found: bool = False  # an earlier order had pushed it: nothing was sent
    pull_request: str = ""  # the address of its pull request, or the branch to open one from
    head: str = ""  # the head that had that tree already; empty: a commit was made
    deployed: Deployed | None = None  # what came of its deploy; None: none was ordered, or it waits for a merge


@dataclass(frozen=True, slots=True)
class WasReset:
    """What came of the order of a reset."""

    commit: str  # the commit that the branch is at, or was moved back to
    lost: str = ""  # the head before, by which what was lost can be fetched; empty: nothing was to be done
    found: bool = False  # an earlier order had moved it: nothing was sent
