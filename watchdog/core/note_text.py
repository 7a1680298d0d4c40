"""Parts of the lines that the core writes into an incident's story; notices and `explain` use the same words."""

from collections.abc import Sequence
from typing import NamedTuple

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Decision, GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.kinds import words
from watchdog.domain.units import show_seconds


def short(code: str | None) -> str:
    """Return a commit or image digest, shortened to seven characters."""
    return (code or "").removeprefix("sha256:")[:7]


def remedies(names: Sequence[str]) -> str:
    """Return what the daemon would do before a rollback: `switch feature flag new-checkout off`, in their order."""
    return ", then ".join(words(name).do for name in names)


def name_deploy(deploy: Deploy) -> str:
    """Return `dep-40 1b7e0d4`."""
    return f"{deploy.id} {short(deploy.code)}".strip()


def blame_line(decision: Decision) -> str:
    """Return the suspect deploy and its probability in words."""
    return decision.blame.why if decision.blame is not None else "no deploy was blamed"


def guards_line(guards: tuple[GuardAnswer, ...]) -> str:
    """Return `all pass`, or the guards that do not."""
    against = [f"{answer.name}: {answer.why}" for answer in guards if answer.verdict is not Verdict.PASS]
    return "; ".join(against) if against else "all pass"


def target_line(decision: Decision) -> str:
    """Return the rollback target, the deploys that were skipped, and the warning about it."""
    choice = decision.target
    if choice is None:
        return "none"
    # One line of the story has room for the three newest; `explain` lists them all.
    skipped = "; ".join(f"skipped {item.deploy}: {item.why}" for item in choice.skipped[:3])
    skipped = f" ({skipped})" if skipped else ""
    if choice.deploy is None:
        return f"none: {choice.why}{skipped}"
    warning = f"; {choice.warning}" if choice.warning else ""
    return f"{name_deploy(choice.deploy)}, {choice.why}{skipped}{warning}"


class WayBack(NamedTuple):
    """The words for how an incident's service goes back: a rollback to a kept artefact, or a rebuild of a commit."""

    noun: str  # `rollback to 1b7e0d4`, `rebuild of commit 1b7e0d4`
    do: str  # `roll back to 1b7e0d4`
    does: str  # `rolls back to 1b7e0d4`
    doing: str  # `rolling back to 1b7e0d4`
    done: str  # `rolled back to 1b7e0d4`


def way_back(incident: Incident, target: str = "") -> WayBack:
    """Return the words for its way back; `target` names the target of a rollback in place of its commit."""
    rollback = incident.rollback
    name = short(rollback.target_code) or str(rollback.target)
    if rollback.rebuilds:
        ways = ("rebuild of", "rebuild", "rebuilds", "rebuilding", "rebuilt")
        return WayBack(*(f"{way} commit {name}" for way in ways))
    ways = ("rollback", "roll back", "rolls back", "rolling back", "rolled back")
    return WayBack(*(f"{way} to {target or name}" for way in ways))


def rebuild_words(incident: Incident) -> str:
    """Return `rebuilds commit 1b7e0d4, …` and why, or "" if the target's artefact is still there."""
    if not incident.rollback.rebuilds:
        return ""
    gone = f"as Render keeps no artefact of {incident.rollback.target}"
    return f"{way_back(incident).does}, {gone}: it takes as long as a build"


def healed_line(incident: Incident) -> str:
    """Return that the service recovered before the rollback was live, and the command that undoes it."""
    healed_at, restored_at = incident.rollback.healed_at, incident.rollback.restored_at
    assert healed_at is not None and restored_at is not None, "it had healed"
    ahead = show_seconds(restored_at - healed_at)
    return (
        f"all was good again {ahead} before the rollback was live, and not by it: {incident.suspect} may be innocent "
        f"(`{command_line('undo', incident.id)}` takes the rollback back)"
    )
