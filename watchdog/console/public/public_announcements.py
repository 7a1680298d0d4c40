"""Announcements as visitors read them: the words that people wrote for them, and times. Pure.

Rule: neither author nor id nor a service's own name is in them. What is withdrawn, and what concerns only services that
the page no longer shows, is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchdog.domain.commands.announcements import (
    TEXT_MAX,
    TITLE_MAX,
    Announcement,
    ShownStage,
    Update,
    newest_first,
)
from watchdog.presentation.text import clean

SHOWN_MAX = 10
"""Announcements on one page, those that are not over first."""


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """One text of an announcement, with the state that it set."""

    at: float
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class PublicAnnouncement:
    """One announcement: how it stands now, the services concerned as visitors know them (none: the whole page), its
    window or its time until now, and its texts, newest first.

    `key` identifies it on its page for as long as it is shown.
    """

    key: str
    title: str
    state: str
    maintenance: bool
    over: bool
    services: tuple[str, ...]
    begins_at: float
    ends_at: float | None
    updates: tuple[PublicUpdate, ...]

    @property
    def is_ahead(self) -> bool:
        """Return whether it announces a maintenance that has not begun."""
        return self.state == ShownStage.SCHEDULED


def announced(
    found: Iterable[Announcement], page: str, names: Mapping[str, str], now: float, since: float
) -> tuple[PublicAnnouncement, ...]:
    """Return the announcements of a page that are not over, or ended after `since`; newest first, as many as fit."""
    shown = [one for one in found if one.about.page == page and _is_shown(one, names, now, since)]
    shown.sort(key=lambda one: (one.is_over(now), -one.begins_at))
    return tuple(_public_announcement(one, names, now) for one in newest_first(shown[:SHOWN_MAX]))


def _is_shown(one: Announcement, names: Mapping[str, str], now: float, since: float) -> bool:
    if one.standing(now) is ShownStage.WITHDRAWN:
        return False
    if one.about.services and not any(name in names for name in one.about.services):
        return False
    return not one.is_over(now) or (one.ends_at or now) >= since


def _public_announcement(one: Announcement, names: Mapping[str, str], now: float) -> PublicAnnouncement:
    return PublicAnnouncement(
        key=f"{int(one.updates[0].at)} {one.number}",
        title=clean(one.about.title, TITLE_MAX),
        state=one.standing(now).value,
        maintenance=one.is_maintenance,
        over=one.is_over(now),
        services=tuple(names[name] for name in one.about.services if name in names),
        begins_at=one.begins_at,
        ends_at=one.ends_at,
        updates=tuple(_update(each, one) for each in reversed(one.updates)),
    )


def _update(each: Update, of: Announcement) -> PublicUpdate:
    return PublicUpdate(each.at, of.said_by(each.stage, each.at).value, clean(each.text, TEXT_MAX))
