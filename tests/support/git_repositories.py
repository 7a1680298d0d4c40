"""Real repositories for the real program `git`: a host in a folder, and people who push to it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS

PEOPLE = {f"GIT_{who}_{what}": said for who in ("AUTHOR", "COMMITTER") for what, said in (("NAME", "Ann"),)}
PEOPLE |= {"GIT_AUTHOR_EMAIL": "ann@acme.example", "GIT_COMMITTER_EMAIL": "ann@acme.example"}
ENVIRON = {**PEOPLE, "PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
"""The environment of a person; it holds no setting of this machine's user."""


def git(folder: Path, *words: str, text: str = "") -> str:
    """Run git in a folder, and return what it says."""
    command = [program("git"), *words]
    environ = {**ENVIRON, "HOME": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environ, input=text, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class Hosted:
    """A bare repository that serves partial clones, and the work tree of a person beside it."""

    host: Path
    work: Path

    @property
    def address(self) -> str:
        return f"file://{self.host}"

    def commit(self, name: str, says: str, message: str = "", *, push: bool = True) -> str:
        """Write a file, commit it on the present branch, and push that; return the commit."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(says)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", message or f"Say {says}")
        return self.push() if push else git(self.work, "rev-parse", "HEAD")

    def push(self) -> str:
        git(self.work, "push", "-q", "origin", "HEAD")
        return git(self.work, "rev-parse", "HEAD")

    def merge(self, name: str, says: str) -> str:
        """Commit on a branch of its own, and merge that; return the merge."""
        git(self.work, "checkout", "-q", "-b", f"topic-{name}", "HEAD~1")
        self.commit(name, says, push=False)
        git(self.work, "checkout", "-q", "main")
        git(self.work, "merge", "-q", "--no-ff", "-m", f"Merge {name}", f"topic-{name}")
        return self.push()

    def head(self, branch: str = "main") -> str:
        return git(self.host, "rev-parse", f"refs/heads/{branch}")

    def log(self) -> list[str]:
        """Return the commits of the branch as people see it, newest first: of a merge, its first parent."""
        return git(self.host, "rev-list", "--first-parent", "main").split()

    def branches(self) -> list[str]:
        return git(self.host, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def parents(self, commit: str = "main") -> list[str]:
        return git(self.host, "rev-list", "--parents", "-n1", commit).split()[1:]

    def tree(self, commit: str = "main") -> str:
        return git(self.host, "rev-parse", f"{commit}^{{tree}}")

    def message(self, commit: str = "main") -> str:
        return git(self.host, "log", "-1", "--format=%B", commit)

    def protect(self, branch: str = "main") -> None:
        """Refuse every push to a branch, as a host with protected branches does."""
        hook = self.host / "hooks" / "update"
        hook.write_text(f'#!/bin/sh\n[ "$1" != refs/heads/{branch} ] || {{ echo "protected branch" >&2; exit 1; }}\n')
        hook.chmod(0o755)


def hosted(folder: Path) -> Hosted:
    """Return a host without a commit; its branch is main."""
    it = Hosted(folder / "host.git", folder / "work")
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", "-b", "main", str(it.host))
    git(it.host, "config", "uploadpack.allowFilter", "true")
    git(folder, "init", "-q", "-b", "main", str(it.work))
    git(it.work, "remote", "add", "origin", it.address)
    return it
