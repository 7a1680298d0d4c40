"""How long a service's rollbacks usually take until they are live, by the platform's own deploy list. Pure."""

from collections.abc import Sequence
from math import ceil

from watchdog.domain.deploys import Deploy

NEWEST = 5
USUAL_SHARE = 0.8
"""The share of the newest rollbacks that were live within the usual time."""


def usual_rollback_seconds(deploys: Sequence[Deploy]) -> float | None:
    """Return the seconds in which most of the newest rollbacks were live; None without one. `deploys`: newest first."""
    live = [
        one for one in deploys if one.is_rollback and one.was_live and one.created_at and one.finished_at is not None
    ]
    took = sorted(max(0.0, (one.finished_at or 0.0) - one.created_at) for one in live[:NEWEST])
    return took[ceil(USUAL_SHARE * len(took)) - 1] if took else None
