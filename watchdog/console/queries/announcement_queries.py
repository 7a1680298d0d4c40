"""Announcements for pages and the API."""

from watchdog.console.dependencies import Dependencies
from watchdog.console.views.announcement_views import AnnouncementsView, PageView, announcement_views


async def announcements_view(deps: Dependencies) -> AnnouncementsView:
    """Return the newest announcements, and the public pages. Raises Temporary."""
    found, now = await deps.journal.announcements(), deps.clock.now()
    pages = tuple(PageView(name, tuple(services)) for name, services in deps.pages.items())
    return AnnouncementsView(now, pages, announcement_views(found, now))
