"""What a service may depend on, undeclared: from the incidents of the last 90 days, for its page."""

from watchdog.background import run_in_background
from watchdog.domain.policy import Policy
from watchdog.presentation.proposals.proposed_dependencies import ProposedDependency, proposed_for
from watchdog.presentation.stats_loader import Numbers


async def proposals_of(numbers: Numbers, policy: Policy, name: str) -> tuple[ProposedDependency, ...]:
    """Return the proposals for a service. Raises Temporary.

    Nothing until all incidents are read: it may have failed alone in one of the others.
    """
    await numbers.refresh()
    past = numbers.incidents if numbers.has_all_incidents else ()
    # In a thread: there may be thousands.
    return await run_in_background(proposed_for, name, policy.services, past)
