"""Announcements as plain data: the shape of the JSON API, of `announcement list --json` and of the template.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from watchdog.domain.commands.announcements import TEXT_MAX, TITLE_MAX, Announcement, newest_first
from watchdog.presentation.text import clean


@dataclass(frozen=True, slots=True)
class UpdateView:
    """One text of an announcement, by its author. `state` is the one that it set."""

    at: float
    by: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """One announcement. `services`: none means the whole page; `state` is what visitors read now; `over`: it is past.

    Of a maintenance `begins_at` and `ends_at` are its window; of a problem they are when it was announced and resolved.
    """

    id: str
    page: str
    title: str
    services: tuple[str, ...]
    state: str
    over: bool
    maintenance: bool
    begins_at: float
    ends_at: float | None
    updates: tuple[UpdateView, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """One public status page and the services that it shows."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnnouncementsView:
    """The newest announcements, what goes on first and what is over last; and the pages that there are."""

    at: float
    pages: tuple[PageView, ...]
    announcements: tuple[AnnouncementView, ...]


def announcement_views(found: Iterable[Announcement], now: float) -> tuple[AnnouncementView, ...]:
    """Return announcements as they stand now: what goes on, what lies ahead, what is over; each newest first."""
    views = [_view(one, now) for one in newest_first(tuple(found))]
    return tuple(sorted(views, key=lambda one: (one.over, one.begins_at > now)))


def _view(one: Announcement, now: float) -> AnnouncementView:
    return AnnouncementView(
        id=one.id,
        page=clean(one.about.page),
        title=clean(one.about.title, TITLE_MAX),
        services=tuple(map(clean, one.about.services)),
        state=one.standing(now).value,
        over=one.is_over(now),
        maintenance=one.is_maintenance,
        begins_at=one.begins_at,
        ends_at=one.ends_at,
        updates=tuple(
            UpdateView(each.at, clean(each.by), each.stage.value, clean(each.text, TEXT_MAX)) for each in one.updates
        ),
    )
