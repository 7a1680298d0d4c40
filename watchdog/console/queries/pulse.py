"""The worst state of all services, for the title and the icon of a browser's tab; and a mark of what people may see
change. Pure.

Rule: it costs little with hundreds of services, as it is made each second while a browser listens.
"""

import hashlib
from dataclasses import dataclass
from operator import itemgetter

from watchdog.domain.incidents import ACTING, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.readings import Unknown
from watchdog.presentation.notices.headlines import state_title
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import current_state
from watchdog.presentation.situation import situation
from watchdog.presentation.status_text import open_incident, stopped_lines
from watchdog.presentation.text import clean

BAD, SOME, GOOD = "bad", "some", "good"
ICONS = {BAD: "icon-bad.svg", SOME: "icon-some.svg", GOOD: "icon.svg"}


@dataclass(frozen=True, slots=True)
class Pulse:
    """The worst state (bad, some or good), the words in front of a tab's title (empty: all is well), and `mark`, which
    changes with every step of an incident. A symbol leads the words: the state can be read without the icon's colour.
    `stopped` says why all actions are off, on every page; empty: they are not.
    """

    state: str
    title: str
    mark: str
    stopped: tuple[str, ...] = ()


def pulse_of(state: State, policy: Policy, now: float) -> Pulse:
    """Return the pulse of all configured services."""
    known = [(state.services[name], one) for name, one in policy.services.items() if name in state.services]
    judged = [(service, _trouble(service, one, state, policy, now)) for service, one in known]
    found = [(service, trouble) for service, trouble in judged if trouble is not None]
    # Fields that people can see change, and no readings: else each probe would reload every open page.
    marked = [(one.name, one.phase, one.live, rank, _step(open_incident(one))) for one, (rank, *_) in found]
    mark = hashlib.sha256(repr((marked, state.paused_by, state.disarmed)).encode("utf-8", "replace")).hexdigest()[:16]
    stopped = tuple(stopped_lines(state))
    if not found:
        return Pulse(GOOD, "", mark, stopped)
    _, worst, symbol, words = min((trouble for _, trouble in found), key=itemgetter(0))
    others = f" (+{len(found) - 1})" if len(found) > 1 else ""
    return Pulse(worst, f"{symbol} {clean(words)}{others}", mark, stopped)


def _trouble(
    service: ServiceState, service_policy: ServicePolicy, state: State, policy: Policy, now: float
) -> tuple[int, str, str, str] | None:
    """Return rank (the worst first), state, symbol and words of a service in trouble; None if it is well."""
    incident = open_incident(service)
    if incident is not None:
        live = incident.rollback.restored_at is not None and service.phase in ACTING
        around = current_state(incident, state, policy, now) if live else None
        if around is not None and around.fails is None:
            # The site works again, and the proof is under way: no red icon for that.
            return 1, SOME, "◐", f"{service.name}: {outlook(incident, now).label}"
        return 0, BAD, "●", state_title(incident, now, state=around)
    if service.phase is not Phase.CALM:
        return 2, SOME, "◐", f"{service.name} is being checked"
    # Most services have no unknown reading at all: the signals that judge are looked up for the others.
    if not any(isinstance(check.last, Unknown) for check in service.checks.values()):
        return None
    # By the signals that judge whether it is available: a silent feed beside good probes is no blindness.
    read = [service.checks[name].last for name in service_policy.deciding_probes if name in service.checks]
    if read and all(isinstance(one, Unknown) for one in read):
        return 3, SOME, "◌", f"{service.name} cannot be seen"
    return None


def _step(incident: Incident | None) -> tuple[object, ...]:
    if incident is None:
        return ()
    question, escalation = incident.question, incident.escalation
    step = situation(incident).value, incident.severity.value, question.asked_at, question.approved_by
    return (incident.id, *step, escalation.acknowledged_by, escalation.climbed)
