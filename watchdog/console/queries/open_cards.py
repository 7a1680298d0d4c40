"""The open incidents as cards, and the present state around one.

Rule: made in a thread: a card may show the plan of another service, a whole decision of the core.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.views.card_models import CardView
from watchdog.console.views.card_views import card_view, urgency
from watchdog.console.views.open_summary import turn
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.presentation.outlooks.current_state import CurrentState, current_state
from watchdog.presentation.outlooks.other_service import OtherServices
from watchdog.presentation.status_text import open_incident

Open = tuple[ServiceState, Incident, Sequence[str]]
"""A service, its open incident, and the authors of its suspect commits."""


async def open_cards(
    deps: Dependencies,
    policy: Policy,
    services: Iterable[str],
    state: State,
    said: Mapping[str, Remark],
    now: float,
) -> tuple[CardView, ...]:
    """Return the open incidents of these services: what needs a person first, then by severity; of those alike
    questions, the soonest deadline, and the newest.

    `said` has the newest note of people by incident.
    """
    known = [(one, open_incident(one)) for name in services if (one := state.services.get(name)) is not None]
    # On the loop: a question for authors that were not read yet is written down there.
    found = [(one, incident, deps.authors(incident, one)) for one, incident in known if incident is not None]
    return await run_in_background(_cards, deps, policy, found, state, said, now) if found else ()


def _cards(
    deps: Dependencies, policy: Policy, found: list[Open], state: State, said: Mapping[str, Remark], now: float
) -> tuple[CardView, ...]:
    found.sort(key=lambda each: -each[1].onset_at)
    others = OtherServices(state, policy, now, deps.report)
    cards = [
        card_view(
            incident,
            one,
            policy.matrix[incident.severity],
            now,
            authors,
            current_state(incident, state, policy, now, runs=deps.runs, others=others),
            said.get(incident.id),
        )
        for one, incident, authors in found
    ]
    rows = [(turn(card), incident, card) for card, (_, incident, _) in zip(cards, found, strict=True)]
    rows.sort(key=lambda row: (row[0], -row[1].severity.rank, urgency(row[1]), row[2].outlook.until or inf))
    return tuple(card for *_, card in rows)


async def state_around(
    deps: Dependencies, incident: Incident, state: State, policy: Policy, now: float, *, open_tasks: int = 0
) -> CurrentState:
    """Return the present state around an incident, which may be over."""
    others = OtherServices(state, policy, now, deps.report)
    return await run_in_background(
        current_state, incident, state, policy, now, runs=deps.runs, others=others, open_tasks=open_tasks
    )
