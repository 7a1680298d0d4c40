"""Updates the channel's question once it is settled, so that its buttons vanish at once.

An approval has a notice of its own only once the rollback was accepted, a rejection has none at all. Losing this one is
harmless: any later notice removes the buttons too, and a stale button is answered with the reason for its refusal.
"""

from collections.abc import Sequence

from watchdog.daemon.approvals.pending import VERBS, open_in
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.presentation.notices.headlines import fitted
from watchdog.presentation.text import moment

LABELS = ("APPROVED", "REJECTED", "STOPPED")
TIDIED_MAX = 1000
"""Most incidents remembered as having their stale buttons removed."""


class ButtonCleanup:
    """Listens to the engine's steps; `channels` are those that show buttons."""

    def __init__(self, channels: Sequence[str], supervisor: Supervisor, outbox: Outbox) -> None:
        self._channels = channels
        self._supervisor = supervisor
        self._outbox = outbox
        self._tidied: list[str] = []

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Send the outcome of an answer, or that nothing is asked any more after a late one."""
        if type(event) not in VERBS:
            return
        service = after.of_incident(getattr(event, "incident", None))
        incident = service.incident if service is not None else None
        # The notices of a closed incident, or of a new question, replace the buttons themselves.
        if incident is None or incident.closed_at is not None or _asks(after, incident):
            return
        said = [f"{one.label} {one.text}" for one in effects if isinstance(one, Note) and one.label in LABELS]
        # Also where no question was open: a stop while the daemon waits, or switches auto-deploy off, has no notice.
        if said:
            self._tell(incident, event, said[0])
        # Once per incident: each press of a stale button would otherwise send a notice.
        elif not _asks(before, incident) and incident.id not in self._tidied:
            self._tell(incident, event, "nothing is asked any more")

    def _tell(self, incident: Incident, event: Event, what: str) -> None:
        self._tidied = [*self._tidied, incident.id][-TIDIED_MAX:]
        # Only where the incident was shown: elsewhere it would be a message about an unknown question.
        channels = tuple(name for name in self._channels if name in incident.channels)
        if not channels:
            return
        # The line has the whole: a person's name may be longer than a title.
        title, lines = fitted(f"{incident.id}: {what}", incident.service), (f"{what} ({moment(event.at)}).",)
        notice = Notice(event.at, incident.id, incident.service, incident.severity, NoticeKind.UPDATED, title, lines)
        self._supervisor.spawn("tell:settled", self._outbox.deliver(None, Tell(notice, channels)))


def _asks(state: State, incident: Incident) -> bool:
    service = state.services.get(incident.service)
    return service is not None and service.incident is not None and open_in(service)
