"""How long a service's rollbacks usually take until they are live, by the platform's own deploy list. Pure."""

from collections.abc import Sequence
from math import ceil

from watchdog.domain.deploys import Deploy

NEWEST = 5
USUAL_SHARE = 0.8
"""The share of the newest rollbacks that were live within the usual time."""


def usual_rollback_seconds(deploys: Sequence[Deploy]) -> float | None:
    """Return the seconds in which most of the newest rollbacks were live; None without one. `deploys`: newest first."""
    took = [
        max(0.0, one.finished_at - one.created_at)
        for one in deploys
        if one.is_rollback and one.was_live and one.created_at and one.finished_at is not None
    ]
    newest = sorted(took[:NEWEST])
    return newest[ceil(USUAL_SHARE * len(newest)) - 1] if newest else None
