"""The repository of the code, which is only read."""

from collections.abc import Sequence
from typing import Protocol

from watchdog.domain.code_comparison import Comparison
from watchdog.domain.deploys import Commit


class Repository(Protocol):
    """The repository of the code, read at most every `every_seconds`. Raises Temporary or Permanent."""

    every_seconds: float

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        """Return the newest commits on a branch of the repository with that address, newest first."""

    async def compare(self, repo: str, base: str, head: str) -> Comparison:
        """Return the commits and files between two commits of the repository with that address."""

    async def close(self) -> None:
        """Close connections."""
