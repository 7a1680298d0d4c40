"""After an upgrade: until this version has decided the last incidents again, nothing is rolled back unasked.

Rule 1: that ends when it is told what came of it; where it decides something otherwise, some time after, so that people
can look first.
Rule 2: each hold ends by itself in its time, should nothing come.
"""

from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.notices import NoticeKind

BY = "the upgrade"
"""Who puts such an action hold on all services."""


def tell(ctx: StepContext, event: e.PastDecidedAgain) -> None:
    """The past was decided again: tell people of it, and end those holds, at once or then."""
    ends_at = event.hold_until
    others = [one for one in ctx.state.holds if one.name not in event.holds]
    kept = [replace(one, ends_at=ends_at) for one in ctx.state.holds if ends_at is not None and one not in others]
    ctx.state = replace(ctx.state, holds=(*others, *kept))
    if ends_at is not None:
        ctx.wake_at(ends_at)
    ctx.notify_operators(NoticeKind.UPDATED, "upgrade", event.title, event.lines)
    told = ", ".join(ctx.policy.alerts) or "nobody configured"
    ctx.emit(Note(ctx.now, "", None, "TOLD", f"{told} (info): {event.title}"))
