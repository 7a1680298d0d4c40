"""A reset that a person approves, over real repositories: bound to the head of the question, never over a push."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.app.git_steps.scene import Host, Killed, Scene, die
from tests.cli import examples as x
from tests.support.git_repositories import git, hosted
from watchdog.app.git_steps.reset import Reset
from watchdog.domain.code_comparison import MIGRATION_PATHS, MigrationRules
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused
from watchdog.domain.remedies.git_steps import GitStep, TakeBackOrder, WasReset
from watchdog.domain.store_records import ActionRow
from watchdog.presentation.git_steps import reset_text
from watchdog.presentation.outlooks.safe_order import DatabaseSteps


@dataclass
class Asking(Scene):
    """The person at the terminal answers with the service's name, unless told otherwise."""

    answer: str = "web"
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    async def reset(self, host: Host | None = None, **order: Any) -> WasReset:
        host = host or self.host()

        async def note(line: str) -> None:
            self.noted.append(line)

        async def ask(lines: Sequence[str]) -> str:
            self.asked.append(" ".join(" ".join(lines).split()))
            self.meanwhile()
            return self.answer

        given, rules = TakeBackOrder("web-1", "said:ann", **order), MigrationRules(MIGRATION_PATHS)
        parts = (given, x.incident(), "main", self.stable, rules, host, self.store, self.clock, note, self.told.append)
        try:
            return await Reset(*parts, DatabaseSteps()).run(ask)
        finally:
            await host.close()

    async def row(self) -> ActionRow:
        row = await self.store.action("web-1", GitStep.RESET)
        assert row is not None
        return row


@pytest.fixture
def scene(tmp_path: Path) -> Asking:
    return Asking(hosted(tmp_path))


async def test_the_branch_is_moved_back_after_the_question_that_says_what_disappears(scene: Asking) -> None:
    lost = [one[:7] for one in git(scene.repo.host, "rev-list", f"{scene.stable}..main").split()]
    came = await scene.reset()
    assert (scene.repo.head(), came.commit, came.lost, came.found) == (scene.stable, scene.stable, scene.bad, False)
    (question,) = scene.asked
    assert "LOST 3 commits, 1 merge among them: no longer on main, other people's work included" in question
    assert all(sha in question for sha in lost) and "Say worse (Ann)" in question
    assert f"git push file://{scene.repo.host} {scene.bad}:refs/heads/kept-{scene.bad[:7]}" in question
    assert "INSTEAD a revert has the same code" in question and "types the name of the service (web)" in question
    about_to, done = scene.noted
    assert "approved and about to be sent: main of" in about_to and all(sha in about_to for sha in lost)
    assert done == f"git reset, done: main of file://{scene.repo.host} is at {scene.stable}; it was at {scene.bad}"
    row = await scene.row()
    assert (row.state, row.target, row.baseline, row.attempts) == ("done", scene.stable, scene.bad, 1)
    again = await scene.reset()
    assert (again.lost, len(scene.asked)) == ("", 1), "nobody is asked where there is nothing to do"
    assert reset_text.outcome(again, "main") == f"Nothing to do: main is at {scene.stable} already."


@pytest.mark.parametrize("answer", ["", "yes", "main", "api"])
async def test_without_the_services_name_nothing_is_changed(scene: Asking, answer: str) -> None:
    scene.answer = answer
    with pytest.raises(Refused, match=r"not approved: web was not typed\. Nothing was changed"):
        await scene.reset()
    assert scene.repo.head() == scene.bad and scene.noted == []
    assert await scene.store.action("web-1", GitStep.RESET) is None


@pytest.mark.parametrize("when", ["while it is asked", "right before the push"])
async def test_what_someone_pushes_meanwhile_is_never_lost(scene: Asking, when: str) -> None:
    """The push is bound to the head that the person saw; it is not tried again for another one."""
    host, fixes = scene.host(), []

    def push() -> None:
        if not fixes:
            fixes.append(scene.repo.commit("app.py", "repaired"))

    if when == "while it is asked":
        scene.meanwhile = push
    else:
        host.before = push
    with pytest.raises(Refused, match=f"main is not at {scene.bad[:7]} any more"):
        await scene.reset(host)
    assert scene.repo.head() == fixes[0] and host.pushes == 1
    assert (await scene.row()).state == "failed" and "git reset of main, not made: " in scene.noted[-1]
    await scene.reset()
    assert scene.repo.head() == scene.stable and "4 commits" in scene.asked[-1], "a new question for the new head"


async def test_a_branch_that_takes_no_force_is_told_what_to_do_instead(scene: Asking) -> None:
    for close in (lambda: git(scene.repo.host, "config", "receive.denyNonFastForwards", "true"), scene.repo.protect):
        close()
        with pytest.raises(Refused, match=r"refuses a push by force to main: .*: watchdog incident revert web-1$"):
            await scene.reset()
    assert scene.repo.head() == scene.bad and (await scene.row()).state == "failed"
    (scene.repo.host / "hooks" / "update").unlink()
    assert (await scene.run()).commit == scene.repo.head(), "the revert that it names"


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
async def test_killed_anywhere_it_is_done_once_and_never_without_a_question(
    scene: Asking, write: tuple[int, str] | None, push: str
) -> None:
    """What is in force is found; what never arrived is asked about anew."""
    scene.store.dies, host = write, scene.host()
    if push:
        setattr(host, push, die)
    with pytest.raises(Killed):
        await scene.reset(host)
    landed, told = scene.repo.head() == scene.stable, (await scene.store.action("web-1", GitStep.RESET))
    recorded = told is not None and told.state == "done"
    scene.store.dies, host = None, scene.host()
    came = await scene.reset(host)
    assert (scene.repo.head(), host.pushes, len(scene.asked)) == (scene.stable, 0 if landed else 1, 1 if landed else 2)
    assert (came.found, came.lost) == (landed and not recorded, "" if recorded else scene.bad)
    row = await scene.row()
    assert (row.state, row.baseline) == ("done", scene.bad)


async def test_killed_after_the_push_it_takes_no_fix_away_that_came_meanwhile(scene: Asking) -> None:
    host = scene.host()
    host.after = die
    with pytest.raises(Killed):
        await scene.reset(host)
    git(scene.repo.work, "fetch", "-q", "origin")
    git(scene.repo.work, "reset", "-q", "--hard", "origin/main")
    fix = scene.repo.commit("app.py", "repaired")
    came = await scene.reset()
    assert came.found and scene.repo.head() == fix and len(scene.asked) == 1
    assert "found after a run that was broken off" in scene.noted[-1]
    assert "nothing was sent now" in reset_text.outcome(came, "main")


async def test_a_lost_answer_is_looked_up_on_the_branch(scene: Asking) -> None:
    host, away = scene.host(), scene.repo.host.with_name("away.git")
    host.before = lambda: scene.repo.host.rename(away)
    with pytest.raises(OutcomeUnknown, match="run this command again, it looks first"):
        await scene.reset(host)
    away.rename(scene.repo.host)
    assert (await scene.row()).state == "sending"
    await scene.reset()
    assert scene.repo.head() == scene.stable and len(scene.asked) == 2, "it had not arrived"


async def test_what_cannot_or_must_not_be_reset_is_refused_before_the_question(scene: Asking) -> None:
    with pytest.raises(Refused, match="by now"):
        await scene.reset(head=scene.stable)
    scene.repo.commit("db/migrate/001.rb", "alter")
    with pytest.raises(Refused, match="--with-migrations"):
        await scene.reset()
    git(scene.repo.work, "checkout", "-q", "--orphan", "apart")
    good, scene.stable = scene.stable, scene.repo.commit("b", "2", push=False)
    with pytest.raises((Refused, Permanent), match=r"is not on main|is not in"):
        await scene.reset()
    assert scene.asked == [] and scene.noted == []
    scene.stable = good[:8]
    came = await scene.reset(with_migrations=True)
    assert came.commit == scene.repo.head() == good, "a shortened id is the same commit"


async def test_of_two_commands_at_once_one_sends(scene: Asking) -> None:
    scene.store.rival = ActionRow("web-1", GitStep.RESET, "sending", scene.stable, scene.bad, scene.stable)
    with pytest.raises(Refused, match="another command resets"):
        await scene.reset()
    assert scene.repo.head() == scene.bad and scene.noted == []
