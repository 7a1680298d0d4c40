"""Parts of the lines that the core writes into an incident's story; notices and `explain` use the same words."""

from collections.abc import Sequence

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


def rebuild_words(incident: Incident) -> str:
    """Return that the target is rebuilt from its commit, or "" if its artefact is still there."""
    if not incident.rollback.rebuilds:
        return ""
    return (
        f"a rebuild of {short(incident.rollback.target_code)}, since its artefact is gone: it takes as long as a build"
    )


def healed_line(incident: Incident) -> str:
    """Return that the service recovered before the rollback was live, and the command that undoes it."""
    healed_at, restored_at = incident.rollback.healed_at, incident.rollback.restored_at
    assert healed_at is not None and restored_at is not None, "it had healed"
    ahead = show_seconds(restored_at - healed_at)
    return (
        f"all was good again {ahead} before the rollback was live, and not by it: {incident.suspect} may be innocent "
        f"(`{command_line('undo', incident.id)}` takes the rollback back)"
    )
