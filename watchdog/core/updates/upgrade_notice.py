"""After an upgrade: automatic rollbacks are held until this version has decided the last incidents again.

Rule 1: the hold ends with the result of that replay. If an incident is decided differently, it ends some minutes
later, so that people can look first.
Rule 2: each hold also has an end of its own, in case no result comes.
"""

from dataclasses import replace

from watchdog.core.assess.suppression import UPGRADE
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.notices import NoticeKind


def tell(ctx: StepContext, event: e.PastDecidedAgain) -> None:
    """Notify the operators of the result, and end the holds of the upgrade, now or at `hold_until`."""
    ends_at = event.hold_until
    # By author and name: a hold that a person put meanwhile must stay.
    ended = [one for one in ctx.state.holds if one.by == UPGRADE and one.name in event.holds]
    others = [one for one in ctx.state.holds if one not in ended]
    kept = [replace(one, ends_at=ends_at) for one in ended if ends_at is not None]
    ctx.state = replace(ctx.state, holds=(*others, *kept))
    # The hold must end in time even if no other event comes then.
    if ends_at is not None:
        ctx.wake_at(ends_at)
    ctx.notify_operators(NoticeKind.UPDATED, "upgrade", event.title, event.lines, noted=event.title)
