"""Adds lines to notices: the suspect commits of an incident; at the end the handbook's page, if the notice is about the
watchdog itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from watchdog.docs.places import handbook_line, place_of_notice
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

log = structlog.get_logger("watchdog")
Annotator = Callable[[Notice], Sequence[str]]
"""Returns the lines to add to a notice."""


class AnnotatingNotifier:
    """A channel whose notices have the lines of all annotators, in their order (implements ports.Notifier)."""

    def __init__(self, inner: Notifier, annotators: Sequence[Annotator]) -> None:
        self.name = inner.name
        self.annotators = annotators
        self._inner = inner

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver the notice with its further lines."""
        for more in self.annotators:
            try:
                notice = replace(notice, lines=(*notice.lines, *more(notice)))
            # A page without them is worth more than no page.
            except Exception as error:
                log.error("lines not added to notice", exc_info=error)
        return await self._inner.send(notice, reference)

    async def check(self) -> str:
        """Ask the channel."""
        return await self._inner.check()

    async def close(self) -> None:
        """Close the channel."""
        await self._inner.close()


def handbook_page(console_url: Callable[[], str]) -> Annotator:
    """Return the annotator that names a notice's page: under the console's present address, else by its command."""

    def lines(notice: Notice) -> Sequence[str]:
        place = place_of_notice(notice)
        return (handbook_line(place, console_url()),) if place else ()

    return lines
