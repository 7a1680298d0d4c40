"""Target: the deploy to return to. The newest earlier one that was once live, is good, and is *different*.

Rule 1: never by position ("previous"), always an explicit deploy; every skipped deploy has its reason.
Rule 2: if only configuration changed, the same code is a target; otherwise never the suspect's own code.
Rule 3: a deploy that went live on top of the blamed one, while it failed, is left as well; a human is asked about that
(guards.on_top).
Rule 4: good = healthy by our own record, or live long enough before the daemon began to watch. Not good, whatever its
record: a deploy that was likelier than not to blame for an incident, and was replaced in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from watchdog.domain.decisions import Skipped, TargetChoice
from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Verification
from watchdog.domain.units import show_seconds


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """The facts for the choice. `deploys` newest first; `change` as in Blame, `undone` and `blamed` as in the state."""

    deploys: Sequence[Deploy]
    suspect: Deploy
    change: Deploy
    configuration: bool
    denied: Sequence[str] = ()
    blamed: Sequence[tuple[str, str, str]] = ()
    undone: Sequence[str] = ()
    observed_healthy_seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    watching_since: float = 0.0
    limits: Verification = field(default_factory=Verification)


def choose_target(search: TargetQuery) -> TargetChoice:
    """Return the deploy to roll back to, or none with the reason."""
    older = _older_than(search.deploys, search.suspect)
    skipped: list[Skipped] = []
    for deploy in older:
        why_not = _why_not(deploy, search)
        if why_not:
            skipped.append(Skipped(deploy.id, deploy.code, why_not))
            continue
        return TargetChoice(deploy, _why_good(deploy, search), tuple(skipped), _warning(search), _ask(deploy))
    why = "no earlier deploy is known to be good" if older else "there is no earlier deploy"
    return TargetChoice(None, why, tuple(skipped))


def _older_than(deploys: Sequence[Deploy], suspect: Deploy) -> list[Deploy]:
    ids = [deploy.id for deploy in deploys]
    return list(deploys[ids.index(suspect.id) + 1 :])


def _why_not(deploy: Deploy, search: TargetQuery) -> str:
    """Return why this deploy is not the target, or ""."""
    if not deploy.was_live:
        return f"{deploy.status_words}, never live"
    # Without a code it can be compared neither with the deny-list nor with the suspect.
    if deploy.code is None:
        return "names neither commit nor image digest"
    if deploy.code in search.denied:
        return "deny-listed"
    left = next((one for one in (search.suspect, search.change) if one.code == deploy.code), None)
    if left is not None and left.id == deploy.id:
        return "it is blamed"
    if left is not None and not search.configuration:
        return f"same code as {left.id}"
    if left is not None and deploy.created_at >= search.change.created_at:
        return f"same code and configuration as {left.id}"
    # A rollback away from this code, also by a person, is a verdict on it that our health record may not show.
    away = rolled_away_from(search.deploys, deploy, search.undone)
    if away is not None:
        return f"{away.id} rolled away from its code"
    # It may fail hours after it went live: its record from before that proves nothing.
    incident = next((incident for name, _, incident in search.blamed if name == deploy.id), "")
    if incident:
        return f"was likely to blame for {incident}"
    return "" if _why_good(deploy, search) else _why_not_good(deploy, search)


def live_seconds_before(deploy: Deploy, deploys: Sequence[Deploy], moment: float) -> float:
    """Return how long a once-live deploy served before that moment (UTC epoch seconds)."""
    if deploy.finished_at is None or not deploy.was_live:
        return 0.0
    # The list is newest first: the last of the newer ones is the one that replaced it.
    newer = [other for other in deploys[: [item.id for item in deploys].index(deploy.id)] if other.was_live]
    ends = [_began(other) for other in newer[-1:]]
    return max(0.0, min([*ends, moment]) - deploy.finished_at)


def _began(deploy: Deploy) -> float:
    """Return when a once-live deploy took over; the platform leaves out some of its times."""
    return deploy.finished_at or deploy.started_at or deploy.created_at


def rolled_away_from(deploys: Sequence[Deploy], deploy: Deploy, undone: Sequence[str] = ()) -> Deploy | None:
    """Return the rollback, newer than this deploy, that left its code; None if there is none.

    A rollback that a human undid (`undone`) is no verdict against the code that it left.
    """
    once_live = [item for item in deploys if item.was_live]
    for newer, left in pairwise(once_live):
        if newer.id == deploy.id:
            return None
        away = newer.is_rollback and left.id not in undone
        # A rollback to the same code went for its configuration, and is no verdict on the code.
        if away and left.code is not None and left.code == deploy.code != newer.code:
            return newer
    return None


def _why_good(deploy: Deploy, search: TargetQuery) -> str:
    """Return why the deploy counts as good, or ""."""
    # Our own record first: a long life before we watched may have been a bad one.
    record = search.observed_healthy_seconds.get(deploy.id, 0.0)
    if record >= search.limits.good_record_seconds:
        return f"healthy for {show_seconds(record)} by our own record"
    before = live_seconds_before(deploy, search.deploys, search.watching_since)
    if before >= search.limits.good_live_seconds:
        return f"was live {show_seconds(before)} before we began to watch"
    return ""


def _why_not_good(deploy: Deploy, search: TargetQuery) -> str:
    end = search.suspect.finished_at if search.suspect.finished_at is not None else search.suspect.created_at
    lived = live_seconds_before(deploy, search.deploys, end)
    return f"live for {show_seconds(lived)} only, not known to be good"


def _warning(search: TargetQuery) -> str:
    if search.configuration:
        return "only configuration changed: the saved value returns with the next deploy"
    return ""


def _ask(deploy: Deploy) -> str:
    # Render keeps no images: a rollback pulls the tag again, and gets what it holds today.
    if deploy.has_mutable_image:
        return f"{deploy.id} names its image by a tag, which may hold something else today"
    return ""
