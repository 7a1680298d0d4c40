"""Announcements of the public status pages, as informational notices to the channels that `announcements` names.

Rule: they decide nothing and wake no one. No silence applies: a person just wrote the announcement for others to read.
"""

from watchdog.core.context import StepContext
from watchdog.domain import events as e


def tell(ctx: StepContext, event: e.AnnouncementPosted) -> None:
    """Send the announcement, or its update, to those channels; the updates of one share its dedup key."""
    if ctx.policy.announcements:
        ctx.notify_info(event.announcement, event.title, event.lines, ctx.policy.announcements)
