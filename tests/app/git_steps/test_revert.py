"""A revert that a person orders, over real repositories: one commit, never twice, never over another's push."""

from pathlib import Path

import pytest

from tests.app.git_steps.scene import Killed, Scene, die
from tests.support.git_repositories import git, hosted
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.remedies.git_steps import PROPOSED
from watchdog.domain.store_records import ActionRow
from watchdog.presentation.git_steps import revert_text
from watchdog.presentation.outlooks.safe_order import DatabaseSteps


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(hosted(tmp_path))


async def test_one_commit_with_the_evidence_undoes_merges_as_well(scene: Scene) -> None:
    done = await scene.run()
    assert scene.reverts == [done.commit] == [scene.repo.head()] and scene.repo.parents() == [scene.bad]
    message = scene.repo.message()
    assert message.startswith(f"Revert to {scene.stable[:7]}: web failed (web-1)\n\n")
    for said in (
        "It undoes 3 commits, 1 merge among them:",
        "HTTP 503 on home, since 2026-11-25 02:14:14 UTC.",
        "Probability that deploy dep-42 (9f3c2ab) is to blame: 0.999 (need 0.80).",
        "Ordered by terminal:ann with `watchdog incident revert web-1`.",
        f"Watchdog-Incident: web-1\nWatchdog-Restores: {scene.stable}\nWatchdog-Undoes: {scene.stable}..{scene.bad}",
    ):
        assert said in message
    about_to, pushed = scene.noted
    assert "about to be sent: main of" in about_to and f"is at {done.commit}" in pushed
    row = await scene.store.action("web-1", "git_revert")
    assert row is not None and (row.state, row.target, row.baseline) == ("done", scene.stable, scene.bad)
    assert (row.deploy, row.attempts, row.sent_at) == (done.commit, 1, scene.clock.now())


async def test_run_again_it_finds_the_commit_and_keeps_what_came_after(scene: Scene) -> None:
    first = await scene.run()
    git(scene.repo.work, "pull", "-q", "origin", "main")
    fix = scene.repo.commit("app.py", "repaired")
    again = await scene.run()
    assert (again.commit, again.found) == (first.commit, True) and scene.repo.head() == fix
    assert "so nothing was sent now" in revert_text.outcome(again, "main")[0] and len(scene.noted) == 2


async def test_an_order_for_another_commit_is_not_answered_by_an_earlier_one(scene: Scene) -> None:
    oldest, scene.stable = scene.stable, scene.repo.log()[1]
    first = await scene.run()
    scene.stable = oldest
    second = await scene.run()
    assert not second.found and scene.repo.parents() == [first.commit] and scene.repo.head() == second.commit
    scene.stable = oldest[:9]
    assert (await scene.run()).found, "the same commit, shortened"


@pytest.mark.parametrize(
    ("write", "push"),
    [
        ((1, "before"), ""),
        ((1, "after"), ""),
        (None, "before"),
        (None, "after"),
        ((2, "before"), ""),
        ((2, "after"), ""),
    ],
)
async def test_killed_anywhere_it_is_done_once(scene: Scene, write: tuple[int, str] | None, push: str) -> None:
    """Before the intent, after it, around the push, around its outcome: the next run finds what is there."""
    scene.store.dies, host = write, scene.host()
    if push:
        setattr(host, push, die)
    with pytest.raises(Killed):
        await scene.run(host)
    landed = scene.reverts
    scene.store.dies = None
    host = scene.host()
    done = await scene.run(host)
    assert scene.reverts == [done.commit] and scene.repo.parents() == [scene.bad]
    assert (done.found, host.pushes) == ((True, 0) if landed else (False, 1))
    row = await scene.store.action("web-1", "git_revert")
    assert row is not None and (row.state, row.deploy) == ("done", done.commit)


async def test_killed_after_the_push_it_undoes_no_fix_that_came_meanwhile(scene: Scene) -> None:
    host = scene.host()
    host.after = die
    with pytest.raises(Killed):
        await scene.run(host)
    git(scene.repo.work, "pull", "-q", "origin", "main")
    fix = scene.repo.commit("app.py", "repaired")
    done = await scene.run()
    assert done.found and scene.repo.head() == fix
    assert "found after a run that was broken off" in scene.noted[-1]


async def test_a_race_with_someone_who_pushes_is_planned_anew(scene: Scene) -> None:
    """The push of the other is kept as a parent, and the message says that it is undone, too."""
    host, others = scene.host(), iter(("once", "twice"))
    host.before = lambda: (said := next(others, "")) and scene.repo.commit("app.py", said)
    done = await scene.run(host)
    assert host.pushes == 3 and scene.reverts == [done.commit]
    assert "It undoes 5 commits, 1 merge" in scene.repo.message()
    assert scene.told == ["main has moved meanwhile: planning anew"] * 2
    row = await scene.store.action("web-1", "git_revert")
    assert row is not None and row.attempts == 3


async def test_a_branch_that_never_rests_is_given_up(scene: Scene) -> None:
    host = scene.host()
    host.before = lambda: scene.repo.commit("app.py", str(host.pushes))
    with pytest.raises(Temporary, match="moved 3 times"):
        await scene.run(host)
    assert scene.reverts == []


async def test_a_head_that_a_person_saw_binds_the_order(scene: Scene) -> None:
    fix = scene.repo.commit("app.py", "repaired")
    with pytest.raises(Refused, match=f"main is at {fix} by now"):
        await scene.run(head=scene.bad)
    host = scene.host()
    host.before = lambda: scene.repo.commit("app.py", "again")
    with pytest.raises(Refused, match="by now"):
        await scene.run(host, head=fix)
    assert scene.reverts == []


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_protected_branch_gets_a_proposal(scene: Scene, ordered: bool) -> None:
    """Also where a person wants one; run again, the same one is named, and a merged one is done."""
    if not ordered:
        scene.repo.protect()
    for found in (False, True):
        done = await scene.run(pull_request=ordered)
        assert done.found is found and "watchdog/revert-web-1: open its pull request onto main" in done.pull_request
    assert scene.repo.head() == scene.bad and scene.repo.head("watchdog/revert-web-1") == done.commit
    row = await scene.store.action("web-1", "git_revert")
    assert row is not None and (row.state, row.note) == (PROPOSED, done.pull_request)
    git(scene.repo.host, "update-ref", "refs/heads/main", done.commit)
    merged = await scene.run()
    assert (merged.found, merged.pull_request) == (True, "")


async def test_killed_before_the_proposal_is_recorded_it_has_one_branch(scene: Scene) -> None:
    scene.repo.protect()
    scene.store.dies = (2, "before")
    with pytest.raises(Killed):
        await scene.run()
    scene.store.dies = None
    await scene.clock.sleep(60.0)
    done = await scene.run()
    assert scene.repo.branches() == ["main", "watchdog/revert-web-1"]
    assert scene.repo.head("watchdog/revert-web-1") == done.commit


async def test_a_proposal_of_an_old_head_is_followed_by_one_of_its_own(scene: Scene) -> None:
    first = await scene.run(pull_request=True)
    scene.repo.commit("app.py", "more")
    second = await scene.run(pull_request=True)
    assert first.commit != second.commit
    assert scene.repo.head(f"watchdog/revert-web-1-{second.commit[:7]}") == second.commit


@pytest.mark.parametrize(
    ("file", "message", "says"),
    [
        ("db/migrate/001.rb", "Add a column", "a migration is undone in the code, not in the database: db/migrate"),
        ("app.py", "x\n\nwatchdog: migration", "is marked as a migration"),
    ],
)
async def test_a_migration_is_refused_with_the_safe_order(scene: Scene, file: str, message: str, says: str) -> None:
    scene.repo.commit(file, "alter", message)
    plan = await scene.with_revert(lambda revert: revert.plan())
    shown = " ".join(" ".join(revert_text.plan_lines(plan, DatabaseSteps())).split())
    undone = "SAFE ORDER Code that is taken back undoes no migration."
    assert says in shown and undone in shown and "4. Roll back, then" in shown
    with pytest.raises(Refused, match="--with-migrations"):
        await scene.run()
    assert scene.noted == [] and scene.reverts == []
    assert (await scene.run(with_migrations=True)).commit == scene.repo.head()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fixes #12 and GH-12, closes gh-3 of acme/web#4", "fixes 12 and GH 12, closes gh 3 of acme/web 4"),
        ("@ann [skip ci] <b> `x`\nmore", "ann skip ci b x more"),
        ("high-5, GH-x, gh 7", "high-5, GH-x, gh 7"),
        ("x" * 300, "x" * 120),
    ],
)
def test_words_of_strangers_do_nothing_in_a_commit(words: str, said: str) -> None:
    """No issue is closed, no one is called, no build is skipped."""
    assert revert_text.inert(words) == said


async def test_what_cannot_be_reverted_is_refused(scene: Scene) -> None:
    git(scene.repo.work, "checkout", "-q", "--orphan", "apart")
    bad, scene.stable = scene.repo.head(), scene.repo.commit("b", "2")
    git(scene.repo.host, "update-ref", "refs/tags/apart", scene.stable)
    with pytest.raises((Refused, Permanent), match=r"is not on main|is not in"):
        await scene.run()
    scene.stable = bad
    done = await scene.run()
    assert done.commit == "" and scene.noted == []
    assert revert_text.outcome(done, "main") == ["Nothing to do: main has that tree already."]


async def test_a_lost_answer_is_looked_up(scene: Scene) -> None:
    """By the branch, for a while; where it cannot be read, a later run looks first."""
    host = scene.host()
    away = scene.repo.host.with_name("away.git")
    host.before = lambda: scene.repo.host.rename(away)
    with pytest.raises(OutcomeUnknown, match="run this command again"):
        await scene.run(host)
    away.rename(scene.repo.host)
    assert (await scene.run()).commit == scene.repo.head()
    assert len(scene.reverts) == 1


@pytest.mark.parametrize("error", [Temporary("the store is away"), Permanent("the store takes no notes")])
async def test_a_push_that_is_done_stays_done_though_its_record_is_refused(scene: Scene, error: Exception) -> None:
    """The row says that it was sent: the next run finds the commit, and records it then."""
    host = scene.host()

    async def refuse(row: ActionRow, expect: str | None) -> bool:
        raise error

    host.after = lambda: setattr(scene.store, "put_action_by_hand", refuse)
    first = await scene.run(host)
    assert scene.reverts == [first.commit] and scene.told[-1].startswith(f"done, and not recorded ({error}): ")
    del scene.store.put_action_by_hand
    assert (await scene.run()).found and "found after a run that was broken off" in scene.noted[-1]


async def test_of_two_commands_at_once_one_sends(scene: Scene) -> None:
    scene.store.rival = ActionRow("web-1", "git_revert", "sending", scene.stable, scene.bad, "c" * 40)
    with pytest.raises(Refused, match="another command reverts"):
        await scene.run()
    assert scene.reverts == [] and scene.noted == []
