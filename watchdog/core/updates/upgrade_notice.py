"""After an upgrade: until this version has decided the last incidents again, nothing is rolled back unasked.

Rule: that ends when it is told what came of it, whatever that is; and by itself in its time, should nothing come.
"""

from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.notices import NoticeKind

BY = "the upgrade"
"""Who put that action hold on all services."""


def tell(ctx: StepContext, event: e.PastDecidedAgain) -> None:
    """The past was decided again: tell people of it, and go on as the modes allow."""
    ctx.state = replace(ctx.state, holds=tuple(one for one in ctx.state.holds if one.by != BY))
    ctx.notify_operators(NoticeKind.UPDATED, "upgrade", event.title, event.lines)
    told = ", ".join(ctx.policy.alerts) or "nobody configured"
    ctx.emit(Note(ctx.now, "", None, "TOLD", f"{told} (info): {event.title}"))
