"""Adds the handbook's page to notices about the watchdog itself, as their last line."""

from collections.abc import Callable
from dataclasses import replace

from watchdog.docs.places import handbook_line, place_of_notice
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier


class HandbookNotifier:
    """A channel whose notices about the watchdog name their page (implements ports.Notifier).

    `console_url` returns the console's present address, under which the page is linked; without one the line holds the
    command that shows the page.
    """

    def __init__(self, inner: Notifier, console_url: Callable[[], str]) -> None:
        self.name = inner.name
        self._inner = inner
        self._console_url = console_url

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver the notice with the line of its page."""
        place = place_of_notice(notice)
        if place:
            notice = replace(notice, lines=(*notice.lines, handbook_line(place, self._console_url())))
        return await self._inner.send(notice, reference)

    async def check(self) -> str:
        """Ask the channel."""
        return await self._inner.check()

    async def close(self) -> None:
        """Close the channel."""
        await self._inner.close()
