"""The channel `tickets`: one ticket per incident, commented in place, closed at the end.

Rule 1: before a ticket is opened, the tracker is searched for an open one with the incident's mark, unless the store
knows its number. So a ticket opened right before a crash is found again.
Rule 2: a lost answer to "open" is looked up; while the tracker's list may be behind, no ticket is opened.
Rule 3: people's changes to a ticket stand: a ticket they closed is not reopened, one they removed not opened again.

The reference is JSON: the ticket's number and whether its end was written; no number: people removed it.
"""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import create_model, model_validator

from watchdog.adapters.notifiers import ticket_markdown as markdown
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.options import Context, Options
from watchdog.adapters.tickets import TICKETS
from watchdog.adapters.tickets.tracker import LABEL, GoneError, Tracker
from watchdog.domain.errors import OutcomeUnknown, Temporary
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock, Notifier

BEHIND_SECONDS = 15.0
"""How long a tracker's list may lack a ticket it accepted, in seconds; afterwards a missing ticket does not exist."""
BEGINNINGS = (NoticeKind.OPENED, NoticeKind.SELF_ALERT, NoticeKind.TEST)
REMEMBERED_MAX = 1000


class _OnePlace(ChannelOptions):
    """Where tickets are kept: exactly one tracker, with its place there."""

    @model_validator(mode="after")
    def _one(self) -> "_OnePlace":
        if len(_named(self)) != 1:
            raise ValueError(f"one place for tickets, please: write one of: {', '.join(TICKETS)}")
        return self


_KEYS: dict[str, Any] = {name: (kind.place | None, None) for name, kind in TICKETS.items()}
TicketsOptions = create_model("TicketsOptions", __base__=_OnePlace, __doc__=_OnePlace.__doc__, **_KEYS)


class Tickets:
    """Opens, comments and closes tickets (implements ports.Notifier)."""

    name = "tickets"

    def __init__(self, tracker: Tracker, clock: Clock) -> None:
        self._tracker = tracker
        self._clock = clock
        self._lost: dict[str, float] = {}

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Open the incident's ticket or comment on it; close it when the incident is over."""
        known = _known(reference)
        if known is not None and not (known.closed and notice.kind in BEGINNINGS):
            return await self._go_on(notice, known)
        # The store knows no number, which a crash between opening and recording explains as well as a new incident.
        found = await self._tracker.find(markdown.mark(markdown.key(notice)))
        if found is None:
            return await self._open(notice)
        self._lost.pop(markdown.key(notice), None)
        if f"opened by {markdown.stamp(notice)} " in found.body:
            return _Known(found.number).reference  # this very notice opened it, and its reference was lost
        return await self._go_on(notice, _Known(found.number))

    async def check(self) -> str:
        """Read our rights in the tracker."""
        return await self._tracker.check()

    async def close(self) -> None:
        """Close connections."""
        await self._tracker.close()

    async def _open(self, notice: Notice) -> str:
        # An all-clear for an incident without a ticket needs no ticket.
        if notice.resolves:
            return _Known(None, closed=True).reference
        incident = markdown.key(notice)
        behind = BEHIND_SECONDS - (self._clock.monotonic() - self._lost.get(incident, float("-inf")))
        if behind > 0:
            why = f"{self._tracker.name} may have opened the ticket, and does not list it yet; looking again"
            raise Temporary(why, retry_after_seconds=behind)
        labels = (LABEL, f"severity: {notice.severity.value}")
        try:
            ticket = await self._tracker.open(markdown.title(notice), markdown.opening(notice), labels)
        except OutcomeUnknown as error:
            self._remember_lost(incident)
            raise Temporary(f"{error}; the ticket is looked up before another is opened") from None
        self._lost.pop(incident, None)
        return _Known(ticket.number).reference

    async def _go_on(self, notice: Notice, known: "_Known") -> str:
        """Comment on a ticket; at the incident's end close it first, since a repeated close changes nothing."""
        over = known.closed or notice.resolves
        if known.number is None:
            return _Known(None, closed=over).reference
        try:
            # A locked conversation takes no comment: then `close_ticket` returns False.
            if not notice.resolves or await self._tracker.close_ticket(known.number):
                await self._tracker.comment(known.number, markdown.comment(notice))
        except OutcomeUnknown as error:
            raise Temporary(str(error)) from None
        except GoneError:
            # Only if the tracker can be read at all: a token that lost its rights sees nothing either.
            await self._tracker.find(markdown.mark(markdown.key(notice)))
            return _Known(None, closed=over).reference
        return _Known(known.number, closed=over).reference

    def _remember_lost(self, incident: str) -> None:
        self._lost[incident] = self._clock.monotonic()
        while len(self._lost) > REMEMBERED_MAX:
            del self._lost[next(iter(self._lost))]


@dataclass(frozen=True, slots=True)
class _Known:
    """The incident's ticket (None: people removed it, or it never existed), and whether its end was written."""

    number: int | None
    closed: bool = False

    @property
    def reference(self) -> str:
        """Return the reference as the store keeps it."""
        return json.dumps({"number": self.number, "closed": self.closed})


def _known(reference: str | None) -> _Known | None:
    """Return the content of a reference, or None if it names no ticket."""
    try:
        said = json.loads(reference or "null")
        number = said["number"]
        return _Known(int(number) if number is not None else None, closed=bool(said.get("closed")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _named(options: Options) -> dict[str, str]:
    """Return the trackers that the options name, with the place in each."""
    return {name: place for name in TICKETS if (place := getattr(options, name)) is not None}


def secrets(options: Options) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return tuple(variable for name in _named(options) for variable in TICKETS[name].secrets)


def build(options: Options, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError or Permanent for a malformed secret."""
    ((name, place),) = _named(options).items()
    return Tickets(TICKETS[name].build(place, context), context.clock)
