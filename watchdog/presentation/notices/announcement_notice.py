"""An announcement of a public status page as a notice for channels. Pure.

Rule: it says what visitors read, and no more: a receiver may hand it on. Its author is in the audit.
"""

from watchdog.domain.commands.announcements import TEXT_MAX, Announcement
from watchdog.presentation.text import clean, moment

TITLE_MAX = 60
"""Characters that a lock screen shows."""


def announcement_notice(one: Announcement, now: float) -> tuple[str, tuple[str, ...]]:
    """Return title and lines of the notice of its newest update; `now` is UTC epoch seconds."""
    concerned = f"Services: {', '.join(one.about.services)}. " if one.about.services else ""
    window = ""
    if one.is_maintenance and one.ends_at is not None:
        window = f"From {moment(one.begins_at)[:16]} to {moment(one.ends_at)[:16]} UTC. "
    return clean(f"{one.standing(now)}: {one.about.title}", TITLE_MAX), (
        clean(one.updates[-1].text, TEXT_MAX),
        clean(f"{window}{concerned}On the public status page {one.about.page}."),
    )
