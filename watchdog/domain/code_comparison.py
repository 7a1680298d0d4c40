"""The difference between two versions of the code, as their repository reports it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.domain.deploys import Commit

SHOWN_COMMITS, SHOWN_FILES = 3, 4
"""The number of commits and files that are named in one line; the rest are counted."""
# GitHub's comparison names at most 300 files, and does not say that it left some out.
FILES_MAX = 300
"""The most files that a repository names: with so many, there may be more."""
# From git's short form of 7 characters to an id of SHA-256, which a repository may use instead of SHA-1.
_SHA = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The commits and files between two commits."""

    base: str  # commit it starts from: the rollback target, or the code before the suspect
    head: str  # commit it leads to: the suspect
    status: str  # ahead, behind, identical or diverged: where `head` is, as seen from `base`
    total: int = 0  # commits between the two
    commits: tuple[Commit, ...] = ()  # the newest of them, newest first
    files: tuple[str, ...] = ()  # names of the files that differ
    href: str = ""  # page of the repository that shows it all

    @property
    def authors(self) -> tuple[str, ...]:
        """Return the authors of the commits, each once, the author of the newest commit first."""
        return tuple(dict.fromkeys(commit.author for commit in self.commits if commit.author))

    @property
    def summary(self) -> str:
        """Return the commits and files in one line; a notice cuts it at 500 characters."""
        if self.status == "identical":
            return "none: it is the code of the target"
        if self.status == "behind":
            return "none: it is older than the target"
        apart = "; the target is not among its ancestors" if self.status == "diverged" else ""
        return f"{named(self.commits, self.total)}; {_files(self.files)}{apart}"


def named(commits: Sequence[Commit], total: int | None = None) -> str:
    """Return commits in one line: `9f3c2ab "Refactor sessions" by Ann, and 2 more`."""
    shown = [_name(commit) for commit in commits[:SHOWN_COMMITS]]
    left = (total if total is not None else len(commits)) - len(shown)
    return ", ".join(shown) + (f", and {left} more" if left > 0 and shown else "" if shown else "none is named")


def is_commit(code: str | None) -> bool:
    """Return whether a version of the code is a commit's id (an image's digest is not)."""
    return code is not None and _SHA.fullmatch(code) is not None


def headline(message: str) -> str:
    """Return the title of a commit: the first line of its message, at most 60 characters of it."""
    line = message.partition("\n")[0].strip()
    return line if len(line) <= 60 else f"{line[:59]}…"


def _name(commit: Commit) -> str:
    by = f" by {commit.author}" if commit.author else ""
    return f'{commit.sha[:7]} "{headline(commit.title)}"{by}'


def _files(files: Sequence[str]) -> str:
    if not files:
        return "no file is named"
    count = f"{FILES_MAX} files or more" if len(files) >= FILES_MAX else f"{len(files)} file{'s' * (len(files) > 1)}"
    # The end of a path names the file; its begin is the same for most of them.
    shown = ", ".join(name if len(name) <= 40 else f"…{name[-39:]}" for name in files[:SHOWN_FILES])
    return f"{count} ({shown}{', …' if len(files) > SHOWN_FILES else ''})"
