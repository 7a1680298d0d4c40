"""The worst state of all services, for the title and the icon of a browser's tab; and a mark of what people may see
change. Pure.

Rule: it costs little with hundreds of services, as it is made each second while a browser listens.
"""

import hashlib
from dataclasses import dataclass

from watchdog.domain.incidents import ACTING, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.presentation.notices.headlines import state_title
from watchdog.presentation.outlook import outlook
from watchdog.presentation.situation import situation
from watchdog.presentation.status_text import open_incident
from watchdog.presentation.text import clean

BAD, SOME, GOOD = "bad", "some", "good"
ICONS = {BAD: "icon-bad.svg", SOME: "icon-some.svg", GOOD: "icon.svg"}
SYMBOLS = {BAD: "●", SOME: "◐", GOOD: ""}
"""In front of a tab's title: the state can be read without the colour of the icon."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The worst state (bad, some or good), the words in front of a tab's title (empty: all is well), and `mark`, which
    changes with every step of an incident."""

    state: str
    title: str
    mark: str


def pulse_of(state: State, policy: Policy, now: float) -> Pulse:
    """Return the pulse of all configured services."""
    services = [state.services[name] for name in policy.services if name in state.services]
    troubled = [one for one in services if one.phase is not Phase.CALM or open_incident(one) is not None]
    told = sorted((_told(one, now) for one in troubled), key=lambda row: row[0])
    marked = [(one.name, one.phase, one.live, open_incident(one) and _step(open_incident(one))) for one in troubled]
    mark = hashlib.sha256(repr((marked, state.paused_by, state.disarmed)).encode("utf-8", "replace")).hexdigest()[:16]
    if not told:
        return Pulse(GOOD, "", mark)
    (_, worst, words), others = told[0], len(told) - 1
    more = f" (+{others})" if others else ""
    return Pulse(worst, f"{SYMBOLS[worst]} {clean(words)}{more}", mark)


def _told(service: ServiceState, now: float) -> tuple[int, str, str]:
    """Return rank (the worst first), state and words of a service in trouble."""
    incident = open_incident(service)
    if incident is None:
        return 2, SOME, f"{service.name} is being checked"
    if incident.rollback.restored_at is not None and service.phase in ACTING:
        return 1, SOME, f"{service.name}: {outlook(incident, now).label}"
    return 0, BAD, state_title(incident, now)


def _step(incident: Incident | None) -> tuple[object, ...]:
    if incident is None:
        return ()
    question, escalation = incident.question, incident.escalation
    step = situation(incident).value, incident.severity.value, question.asked_at, question.approved_by
    return (incident.id, *step, escalation.acknowledged_by, escalation.climbed)
