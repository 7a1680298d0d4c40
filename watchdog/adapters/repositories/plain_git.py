"""Any repository by the program `git`, over https, ssh or a path, with the credentials of the person who runs it.

Rule 1: the copy is bare and has no file's contents (`blob:none`), in a folder that is removed at the end.
Rule 2: a push names the head that it expects (`--force-with-lease`): with another one it is refused. Except for a reset
its commit is on top of that head, so that it is a fast-forward.
Rule 3: what came of a push is read from the branch, not from what git says.
"""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.repositories.git_program import GitProgram, GitTimeoutError, without_key
from watchdog.domain.code_comparison import FILES_MAX, Comparison, is_commit
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import OutcomeUnknown, Permanent, Temporary
from watchdog.domain.remedies.git_steps import CommitRange, Push
from watchdog.ports import Clock

COMMITS_MAX = 100
"""The commits that are read, the newest first."""
TITLE_MAX, AUTHOR_MAX, FILE_MAX = 100, 40, 200
DEFAULT_IDENTITY = {"GIT_AUTHOR_NAME": "watchdog", "GIT_AUTHOR_EMAIL": "watchdog@localhost"}
DEFAULT_IDENTITY |= {"GIT_COMMITTER_NAME": "watchdog", "GIT_COMMITTER_EMAIL": "watchdog@localhost"}
"""The author where git knows none."""
_BRANCH = re.compile(r"(?!.*(\.\.|//|@\{|\.lock(/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]{0,200}(?<![./])")
_KEY = re.compile(r"\w+://[^/]*:[^/]*@|.*\?")
"""An address with a password or a query: it would stand in the list of processes, and in the printed plan."""
_ADDRESS = re.compile(r"(https://|ssh://|file://|/|[\w.-]+@[\w.-]+:)[^\s-]\S*")


def check_branch(branch: str) -> str:
    """Return the name of a branch. Raises Permanent for one that git would not take, or would take for an option."""
    if not _BRANCH.fullmatch(branch):
        raise Permanent(f"{branch[:60]!r} is not the name of a branch")
    return branch


class PlainGit:
    """One repository by `git` (implements ports.CodeHost)."""

    def __init__(self, address: str, environ: Mapping[str, str], clock: Clock) -> None:
        if not _ADDRESS.fullmatch(address):
            raise Permanent("not an address of a repository: write https://…, ssh://…, git@HOST:PATH or a path")
        if _KEY.match(address):
            raise Permanent("an address of a repository without a password: git asks your credential helper for it")
        self.where = without_key(address)
        self._clock = clock
        self.folder = Path(tempfile.mkdtemp(prefix="watchdog-git-"))
        self._git = GitProgram(self.folder, environ)
        self._address = address
        self._ready = False

    async def head(self, branch: str) -> str | None:
        """Return the commit of a branch, as it is now, and fetch it; None if there is no such branch."""
        await self._set_up()
        head = await self._listed(branch)
        if head is not None:
            # By its name, not its id: a server need not give out an id. A push in between makes the copy newer.
            await self._git.ok("fetch", "--no-tags", "--filter=blob:none", "origin", f"+refs/heads/{branch}:refs/at")
            head = await self._git.ok("rev-parse", "refs/at^{commit}")
        return head

    async def tree(self, commit: str) -> str:
        """Return the tree of a commit."""
        return await self._git.ok("rev-parse", f"{_id(commit)}^{{tree}}")

    async def holds(self, head: str, commit: str) -> bool:
        """Return whether a commit is `head`, or one of its ancestors; `head` has been fetched."""
        # Without asking the host for one that the copy lacks: what the head holds, the copy has.
        words = ("merge-base", "--is-ancestor", _id(commit), _id(head))
        return (await self._git.run(*words, environ={"GIT_NO_LAZY_FETCH": "1"})).code == 0

    async def between(self, base: str, head: str) -> CommitRange:
        """Return the commits of `head` that `base` lacks."""
        base, head = _id(base), _id(head)
        if base == head:
            return CommitRange(Comparison(base, head, "identical"))
        shared = await self._git.run("merge-base", base, head)
        if shared.code not in (0, 1):
            raise Permanent(f"{base[:7]} is not in {self.where}: {shared.said}")
        found = shared.out.strip()
        status = "ahead" if found.startswith(base) else "behind" if found.startswith(head) else "diverged"
        span = f"{base}..{head}"
        total = int(await self._git.ok("rev-list", "--count", span))
        merges = int(await self._git.ok("rev-list", "--count", "--merges", span))
        # A message may hold any sign but NUL.
        form = "--format=%H%x00%ct%x00%an%x00%B"
        read = (await self._git.ok("log", "--no-show-signature", "-z", f"--max-count={COMMITS_MAX}", form, span)).split(
            "\0"
        )
        rows = [read[at : at + 4] for at in range(0, len(read) - 3, 4)]
        commits = tuple(_commit(*row) for row in rows)
        # Without a search for renames, which would need the files' contents.
        names = await self._git.ok("diff", "--name-only", "--no-renames", "-z", base, head)
        files = tuple(plain(name, FILE_MAX) for name in names.split("\0") if name)[:FILES_MAX]
        messages = tuple((row[0], row[3]) for row in rows)
        return CommitRange(Comparison(base, head, status, total, commits, files, "", messages), merges)

    async def asks_for_pull_requests(self, branch: str) -> bool:
        """Return False: only a push shows it."""
        return False

    async def has(self, commit: str) -> bool:
        """Return False: the copy of an earlier run is gone, and the host need not give out a commit by its id."""
        return False

    async def make_commit(self, text: str, tree: str, parent: str, at: float) -> str:
        """Make a commit in the copy, by the person whom git knows, else by the watchdog; again, it is the same."""
        known = await self._git.run("var", "GIT_COMMITTER_IDENT")
        dated = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"@{int(at)} +0000")
        author = dated if known.code == 0 else {**DEFAULT_IDENTITY, **dated}
        return await self._git.ok("commit-tree", _id(tree), "-p", _id(parent), "-F", "-", text=text, environ=author)

    async def fast_forward(self, branch: str, commit: str, head: str) -> Push:
        """Move a branch from `head` to a commit on top of it. Raises OutcomeUnknown where the branch cannot be read."""
        return await self._push(branch, commit, head)

    async def whole_id(self, commit: str) -> str:
        """Return the whole id of a commit of the fetched branch."""
        return await self._git.ok("rev-parse", "--verify", f"{_id(commit)}^{{commit}}")

    async def reset_branch(self, branch: str, commit: str, head: str) -> Push:
        """Move a branch from `head` back to one of its ancestors, by force, unless it is at another head by then.

        Raises OutcomeUnknown where the branch cannot be read.
        """
        return await self._push(branch, commit, head)

    async def create_branch(self, branch: str, commit: str) -> Push:
        """Make a branch at a commit; MOVED if there is one at another commit."""
        await self._set_up()
        return await self._push(branch, commit, "")

    async def propose(self, branch: str, onto: str, title: str, text: str) -> str:
        """Return how to open the pull request: git itself has none."""
        return f"the branch {branch}: open its pull request onto {onto} where {self.where} is hosted"

    async def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _set_up(self) -> None:
        if self._ready:
            return
        await self._git.ok("init", "--bare", "--quiet", ".")
        for key, value in (("url", self._address), ("promisor", "true"), ("partialclonefilter", "blob:none")):
            await self._git.ok("config", f"remote.origin.{key}", value)
        self._ready = True

    async def _listed(self, branch: str) -> str | None:
        """Return the commit of a branch as the host lists it."""
        name = f"refs/heads/{check_branch(branch)}"
        listed = await self._git.ok("ls-remote", "origin", name)
        return next((line.split()[0] for line in listed.splitlines() if line.endswith(f"\t{name}")), None)

    async def _push(self, branch: str, commit: str, head: str) -> Push:
        name, killed = f"refs/heads/{check_branch(branch)}", False
        lease, moves = f"--force-with-lease={name}:{head}", f"{_id(commit)}:{name}"
        try:
            pushed = await self._git.run("push", "--porcelain", lease, "origin", moves)
            if pushed.code == 0:
                return Push.DONE
            why, killed = pushed.said or f"exit code {pushed.code}", pushed.code < 0
        except GitTimeoutError as error:
            why, killed = str(error), True
        try:
            now = await self._listed(branch)
        except Temporary as error:
            raise OutcomeUnknown(f"the push to {branch} may or may not have happened ({why}): {error}") from error
        if now == commit:
            return Push.DONE
        # It may still land: the host goes on with what it has received.
        if killed:
            raise OutcomeUnknown(f"the push to {branch} may or may not have happened ({why})")
        return Push.PROTECTED if now == (head or None) else Push.MOVED


def _id(name: str) -> str:
    # All ids go onto a command line: a text that begins with a dash would be an option.
    if not is_commit(name):
        raise Permanent(f"{name[:60]!r} is not a commit's id")
    return name


def _commit(sha: str, at: str, author: str, message: str) -> Commit:
    title = message.lstrip().partition("\n")[0]
    return Commit(sha, float(at), plain(title, TITLE_MAX), plain(author, AUTHOR_MAX))
