"""An announcement of a public status page as a notice for channels. Pure.

Rule: it says what visitors read, and no more: a receiver may hand it on. Its author is in the audit.
"""

from collections.abc import Mapping

from watchdog.domain.commands.announcements import TEXT_MAX, Announcement, Stage
from watchdog.presentation.text import clean, moment

TITLE_MAX = 60
"""Characters that a lock screen shows."""


def announcement_notice(one: Announcement, now: float, shown: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return title and lines of the notice of its newest update; `now` is UTC epoch seconds.

    `shown` has the names of the page's services as visitors know them, by their names in the configuration.
    """
    named = [shown[name] for name in one.about.services if name in shown]
    concerned = f"Services: {', '.join(named)}. " if named else ""
    window = ""
    if one.is_maintenance and one.ends_at is not None:
        window = f"From {moment(one.begins_at)[:16]} to {moment(one.ends_at)[:16]} UTC. "
    where = "No longer on" if one.updates[-1].stage is Stage.WITHDRAWN else "On"
    return clean(f"{one.standing(now)}: {one.about.title}", TITLE_MAX), (
        clean(one.updates[-1].text, TEXT_MAX),
        clean(f"{window}{concerned}{where} the public status page {one.about.page}."),
    )
