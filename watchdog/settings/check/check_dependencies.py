"""Services that always fail together: what `watchdog check --live` says of a `depends_on:` that may be missing."""

from collections.abc import Sequence

from watchdog.domain.incidents import Incident
from watchdog.presentation.proposals.proposed_dependencies import ProposedDependency, proposed_dependencies
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings


async def check_dependencies(settings: Settings, incidents: Sequence[Incident]) -> Sequence[CheckResult]:
    """Return a proposal for each two services that always fail together and are not declared to depend."""
    found = {(one.service, one.on): one for one in proposed_dependencies(settings.policy.services, incidents)}
    # Where either may be the caller, both proposals are one result.
    return [
        _result(one, found.get((one.on, one.service)))
        for one in found.values()
        if not one.either or one.service < one.on
    ]


def _result(one: ProposedDependency, reverse: ProposedDependency | None) -> CheckResult:
    lines = [f"services.{each.service}.{each.line}" for each in (one, reverse) if each is not None]
    fix = f"if one relies on the other, write {' or '.join(lines)}; until then they count as strangers"
    return CheckResult(f"dependencies of {one.service}", CheckOutcome.WARN, one.why, fix)
