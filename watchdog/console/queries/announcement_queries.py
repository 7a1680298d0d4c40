"""Announcements for pages and the API."""

from watchdog.console.dependencies import Dependencies
from watchdog.console.views.announcement_views import AnnouncementsView, PageView, announcement_views


async def announcements_view(world: Dependencies) -> AnnouncementsView:
    """Return the newest announcements, and the public pages. Raises Temporary."""
    found, now = await world.journal.announcements(), world.clock.now()
    pages = tuple(PageView(name, tuple(services)) for name, services in world.pages.items())
    return AnnouncementsView(now, pages, announcement_views(found, now))
