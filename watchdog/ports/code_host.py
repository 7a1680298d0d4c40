"""The repository of a service, as a person's command writes it. No part of the daemon has one."""

from typing import Protocol

from watchdog.domain.remedies.git_steps import CommitRange, Push


class CodeHost(Protocol):
    """One repository. Reads raise Temporary or Permanent; so do changes that did not happen, and OutcomeUnknown."""

    where: str
    """The repository in words, without a key in it."""

    async def head(self, branch: str) -> str | None:
        """Return the commit of a branch, as it is now; None if there is no such branch."""

    async def tree(self, commit: str) -> str:
        """Return the tree of a commit."""

    async def holds(self, head: str, commit: str) -> bool:
        """Return whether a commit is `head`, or one of its ancestors; False for one that the repository lacks."""

    async def between(self, base: str, head: str) -> CommitRange:
        """Return the commits of `head` that `base` lacks."""

    async def asks_for_pull_requests(self, branch: str) -> bool:
        """Return whether rules that can be read keep pushes from a branch; False if none can be read."""

    async def has(self, commit: str) -> bool:
        """Return whether the repository has a commit that perhaps no branch holds; False where that is not known."""

    async def make_commit(self, text: str, tree: str, parent: str, at: float) -> str:
        """Make a commit that no branch holds yet, and return it: by itself it changes nothing.

        `at` (UTC epoch seconds) is its time, where it may be chosen: then the same arguments make the same commit.
        """

    async def fast_forward(self, branch: str, commit: str, head: str) -> Push:
        """Move a branch from `head` to a commit on top of it, in one request without force."""

    async def create_branch(self, branch: str, commit: str) -> Push:
        """Make a branch at a commit; MOVED if there is one at another commit."""

    async def propose(self, branch: str, onto: str, title: str, text: str) -> str:
        """Return the address of the open pull request of a branch, made if there is none; or how to open one."""

    async def close(self) -> None:
        """Close connections, and remove what was copied here."""
