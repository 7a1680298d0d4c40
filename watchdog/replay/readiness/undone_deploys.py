"""Finds the deploys that a human undid, from the deploy list.

Rule: a rollback by the watchdog alone is no human judgement; one that a human approved or requested is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.domain.deploys import Deploy
from watchdog.replay.readiness.service_history import Diary

WORDS_MIN = 8
"""A shorter subject is too common to identify a commit."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A human's rollback: the new `deploy`, the one it `left`, its method, its author, and its time of going live."""

    deploy: Deploy
    left: Deploy
    live_at: float
    how: str
    by: str = ""

    @property
    def at(self) -> float:
        """Return the time of the request (UTC epoch seconds)."""
        return self.deploy.created_at


def undone(diary: Diary) -> list[Undone]:
    """Return every human's rollback that went live, in order of time."""
    order = _by_going_live(diary)
    found = []
    for place, deploy in enumerate(order):
        # None marks a rollback that the watchdog made without an approval.
        if place == 0 or diary.through_us.get(deploy.id, "a human") is None:
            continue
        left = order[place - 1]
        how = how_undone(diary, deploy, left)
        if how:
            by = diary.through_us.get(deploy.id) or ""
            found.append(Undone(deploy, left, diary.live_at[deploy.id], how, by))
    return found


def how_undone(diary: Diary, deploy: Deploy, suspect: Deploy) -> str:
    """Return the method by which a deploy undoes an earlier one (rolled back, redeployed, reverted), or ""."""
    # A suspect that went live only after the request cannot have been the reason for it.
    if diary.live_at.get(suspect.id, deploy.created_at) > deploy.created_at:
        return ""
    if deploy.code is not None and deploy.code != suspect.code:
        earlier = [one for one in _by_going_live(diary) if one.created_at < suspect.created_at]
        if any(one.code == deploy.code for one in earlier):
            return "rolled back" if deploy.is_rollback else "redeployed an earlier commit"
    # A rollback to code older than the recording still undoes the deploy that it left.
    if deploy.is_rollback and _left(diary, deploy) == suspect:
        return "rolled back"
    # By the words of git and GitHub alone: a fix that removes the fault is no verdict on the deploy.
    return "deployed its revert" if _reverts(deploy.commit_message, suspect) else ""


def changes(diary: Diary, since: float, until: float) -> Sequence[Deploy]:
    """Return the deploys that were requested or went live after `since` and by `until` (UTC epoch seconds).

    Both moments count, because a deploy may take traffic some time before the platform reports it live.
    """
    moments = [(one, (one.created_at, diary.live_at[one.id])) for one in _by_going_live(diary)]
    return [one for one, times in moments if any(since < at <= until for at in times)]


def _by_going_live(diary: Diary) -> list[Deploy]:
    return sorted((diary.deploys[name] for name in diary.live_at), key=lambda one: diary.live_at[one.id])


def _left(diary: Diary, deploy: Deploy) -> Deploy | None:
    order = _by_going_live(diary)
    place = order.index(deploy)
    return order[place - 1] if place else None


def _reverts(message: str, suspect: Deploy) -> bool:
    """Return whether a commit message, in the form of git or GitHub, declares a revert of the suspect's commit."""
    if suspect.commit and f"This reverts commit {suspect.commit}" in message:
        return True
    subject = suspect.commit_message.strip().split("\n")[0]
    return len(subject) >= WORDS_MIN and message.startswith(f'Revert "{subject}"')
