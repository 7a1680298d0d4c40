"""The program git against real repositories: what a branch holds, pushes that never force, copies without contents."""

from pathlib import Path

import pytest

from tests.support.clocks import FakeClock
from tests.support.git_repositories import ENVIRON, Hosted, git, hosted
from watchdog.adapters.repositories.git_program import GitProgram, without_key
from watchdog.adapters.repositories.plain_git import PlainGit, check_branch
from watchdog.domain.errors import OutcomeUnknown, Permanent, Temporary
from watchdog.domain.remedies.git_steps import Push

KILLS_ITS_PUSH = """\
#!/bin/sh
pid=$PPID
until tr '\\0' ' ' </proc/$pid/cmdline | grep -q ' push '; do pid=$(cut -d' ' -f4 /proc/$pid/stat); done
kill -9 $pid
exit 1
"""


@pytest.fixture
def repo(tmp_path: Path) -> Hosted:
    return hosted(tmp_path)


@pytest.fixture
def host(repo: Hosted, closing) -> PlainGit:
    return closing(PlainGit(repo.address, ENVIRON, FakeClock()))


async def revert_to(host: PlainGit, good: str, head: str) -> str:
    return await host.make_commit("Go back", await host.tree(good), head, 7.0)


async def test_one_commit_undoes_all_that_came_after_merges_included(repo: Hosted, host: PlainGit) -> None:
    """Its tree is the good one, its parent the head: without a merge, a conflict or a force."""
    repo.commit("app.py", "1")
    good = repo.commit("app.py", "2", "Good one")
    repo.commit("app.py", "3", "Bad one\n\n#7 \x1f in full")
    bad = repo.merge("other.py", "4")
    assert await host.head("main") == bad
    undone = await host.between(good, bad)
    assert (undone.merges, undone.changes.status, undone.changes.total) == (1, "ahead", 3)
    assert {one.title for one in undone.changes.commits} == {"Bad one", "Say 4", "Merge other.py"}
    assert undone.changes.files == ("app.py", "other.py") and undone.changes.is_whole
    assert any(said.startswith("Bad one\n\n#7 \x1f in full") for _, said in undone.changes.messages)
    made = await revert_to(host, good, bad)
    assert made == await revert_to(host, good, bad), "again, it is the same commit"
    assert await host.fast_forward("main", made, bad) is Push.DONE
    assert (repo.head(), repo.parents(), repo.tree()) == (made, [bad], repo.tree(good))
    assert repo.message().startswith("Go back")
    later = repo.commit("late.py", "5") if git(repo.work, "pull", "-q", "origin", "main") == "" else ""
    assert await host.head("main") == later
    assert [await host.holds(later, one) for one in (made, later, "f" * 40)] == [True, True, False]
    assert not await host.holds(bad, made)


async def test_the_copy_holds_no_file_and_is_removed(repo: Hosted, host: PlainGit) -> None:
    """Also where the file that comes back is in no copy: git itself asks for no more than it must send."""
    good = repo.commit("big.txt", "x" * 5000)
    bad = repo.commit("big.txt", "y" * 5000)
    assert await host.head("main") == bad and await host.tree(good) == repo.tree(good)
    await host.between(good, bad)
    held = git(host.folder, "cat-file", "--batch-all-objects", "--batch-check", "--unordered")
    kinds = {line.split()[1] for line in held.splitlines()}
    assert kinds == {"commit", "tree"}
    assert await host.fast_forward("main", await revert_to(host, good, bad), bad) is Push.DONE
    await host.close()
    assert not host.folder.exists()


async def test_a_push_of_someone_else_is_never_overwritten(repo: Hosted, host: PlainGit) -> None:
    good, bad = repo.commit("a", "1"), repo.commit("a", "2")
    assert await host.head("main") == bad
    made = await revert_to(host, good, bad)
    fix = repo.commit("a", "3")
    assert await host.fast_forward("main", made, bad) is Push.MOVED and repo.head() == fix
    again = await revert_to(host, good, str(await host.head("main")))
    assert await host.fast_forward("main", again, fix) is Push.DONE and repo.parents() == [fix]


async def test_a_protected_branch_is_told_from_a_moved_one_and_takes_a_branch_beside_it(
    repo: Hosted, host: PlainGit
) -> None:
    good, bad = repo.commit("a", "1"), repo.commit("a", "2")
    repo.protect()
    await host.head("main")
    made = await revert_to(host, good, bad)
    assert await host.fast_forward("main", made, bad) is Push.PROTECTED and repo.head() == bad
    for outcome in (Push.DONE, Push.DONE):
        assert await host.create_branch("watchdog/revert-web-1", made) is outcome
    assert repo.head("watchdog/revert-web-1") == made
    assert await host.create_branch("watchdog/revert-web-1", good) is Push.MOVED
    repo.protect("watchdog/fix")
    assert await host.create_branch("watchdog/fix", good) is Push.PROTECTED, "it is refused, and there is none to move"
    assert "watchdog/revert-web-1" in await host.propose("watchdog/revert-web-1", "main", "t", "x")


async def test_what_is_not_there_is_said(repo: Hosted, host: PlainGit, tmp_path: Path, closing) -> None:
    good = repo.commit("a", "1")
    assert await host.head("nothing") is None and await host.head("main") == good
    assert (await host.between(good, good)).changes.status == "identical"
    git(repo.work, "checkout", "-q", "--orphan", "apart")
    apart = repo.commit("b", "2")
    assert await host.head("apart") == apart
    assert (await host.between(good, apart)).changes.status == "diverged"
    with pytest.raises(Temporary, match="git ls-remote"):
        await closing(PlainGit(f"file://{tmp_path}/none", ENVIRON, FakeClock())).head("main")


async def test_a_push_whose_end_cannot_be_read_is_unknown(repo: Hosted, host: PlainGit) -> None:
    good, bad = repo.commit("a", "1"), repo.commit("a", "2")
    await host.head("main")
    made = await revert_to(host, good, bad)
    repo.host.rename(repo.host.with_name("away"))
    with pytest.raises(OutcomeUnknown):
        await host.fast_forward("main", made, bad)


async def test_a_push_that_was_killed_is_unknown_and_not_refused(repo: Hosted, host: PlainGit) -> None:
    """The host goes on with what it has received: the branch may move at any moment."""
    good, bad = repo.commit("a", "1"), repo.commit("a", "2")
    await host.head("main")
    made = await revert_to(host, good, bad)
    hook = repo.host / "hooks" / "pre-receive"
    hook.write_text(KILLS_ITS_PUSH)
    hook.chmod(0o755)
    with pytest.raises(OutcomeUnknown, match="may or may not"):
        await host.fast_forward("main", made, bad)


@pytest.mark.parametrize("name", ["-f", "a b", "a..b", "/a", "a/", "a.lock", "@{-1}", "", "a\n", "x~1", "refs:b"])
def test_no_name_becomes_an_option_or_another_place(name: str) -> None:
    with pytest.raises(Permanent):
        check_branch(name)


KEYS = ("https://ann:c4n4ry@a.example/x", "https://ann:c4@n4ry@a.example/x", "https://a.example/x?private_token=c4n4ry")


@pytest.mark.parametrize(
    "address", ["ext::sh -c id", "-oProxyCommand=x", "http://a.example/x", "--upload-pack=x", "", *KEYS]
)
def test_no_address_runs_a_program_or_shows_a_key(address: str) -> None:
    with pytest.raises(Permanent):
        PlainGit(address, ENVIRON, FakeClock())


async def test_no_secret_of_ours_reaches_git_and_no_key_of_an_address_is_said(tmp_path: Path, closing) -> None:
    program = GitProgram(tmp_path, {**ENVIRON, "WATCHDOG_X": "c4n4ry-secret", "GIT_DIR": "/elsewhere"})
    seen = (await program.run("-c", "alias.env=!env", "env")).out
    assert "c4n4ry" not in seen and "GIT_DIR=/elsewhere" not in seen and "GIT_TERMINAL_PROMPT=0" in seen
    # An address of the user's own settings (url.….insteadOf, a helper) may have one, and stand in git's complaint.
    for password in ("c4n4ry", "c4n@4ry", "c4n4ry@"):
        complaint = f"fatal: https://ann:{password}@code.example/x"
        came = await program.run("-c", f"alias.fail=!echo '{complaint}' >&2; exit 3", "fail")
        assert (came.code, came.said) == (3, "fatal: https://code.example/x")
        assert without_key(complaint) == came.said
    assert closing(PlainGit("ssh://git@code.example:22/x", ENVIRON, FakeClock())).where == "ssh://code.example:22/x"
