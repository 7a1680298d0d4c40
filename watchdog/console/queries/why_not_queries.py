"""Why nothing was done at a moment, for the API."""

from watchdog.console.dependencies import Dependencies
from watchdog.console.views.why_not_views import WhyNotView, why_not_view
from watchdog.presentation.inaction.past_moment import past_moment


async def why_not(deps: Dependencies, name: str, at: float) -> WhyNotView | None:
    """Return why nothing was done on a service at `at` (UTC epoch seconds); None for an unknown service.

    Raises Temporary.
    """
    policy = deps.policy()
    if name not in policy.services:
        return None
    # From the store, whichever worker holds the service: the moment is past.
    state = await deps.journal.load_readonly([name])
    known = state.services.get(name) if state is not None else None
    return why_not_view(await past_moment(deps.journal, known, name, at, policy.detection))
