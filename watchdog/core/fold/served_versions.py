"""Which version of the code answered, where a signal says how its answers name it (`version:`).

It is known only from such answers, never guessed. Two uses, both of which can only hold us back:

- Failing answers that all name the code before it acquit a deploy that has just gone live (assess/blame.py): the old
  instances serve still.
- A rollback is not proved while answers name the code that it leads away from (phases/verification.py).

Rejected: to date blame by the first answer that names a version. Caches, rolling updates and outages that keep answers
from naming anything put that date minutes off in either direction, and a deploy dated too late is blamed for what
others did.

A version is that of a deploy if one of the two, version and commit, begins with the other, with seven signs at least.
"""

from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.readings import Bad, FailureKind

SIGNS_MIN = 7
VERSIONS_MAX = 4
FAILED_MAX = 20


def observed(check: Check, event: Observed) -> Check:
    """Return the check with an answer of a version, or a failing one of none, where versions are known.

    A slow answer counts as one of none: what answers in place of a server that hangs is not that server.
    """
    failed = isinstance(event.reading, Bad)
    slow = isinstance(event.reading, Bad) and event.reading.kind is FailureKind.SLOW
    version = "" if slow else event.version
    if not version and not (failed and check.served):
        return check
    known = next((one for one in check.served if one.version == version), None)
    seen = known if known is not None else Served(version, event.at, event.at)
    failures = (*seen.failed_at, event.at)[-FAILED_MAX:] if failed else seen.failed_at
    others = [one for one in check.served if one.version != version]
    newest = fast_replace(seen, last_at=event.at, failed_at=failures)
    return fast_replace(check, served=(*others, newest)[-VERSIONS_MAX:])


def is_of(version: str, deploy: Deploy) -> bool:
    """Tell whether answers of this version are made by the deploy's code."""
    code, named = ((one or "").removeprefix("sha256:").lower() for one in (deploy.code, version))
    if min(len(named), len(code)) < SIGNS_MIN:
        return False
    return code.startswith(named) or named.startswith(code)


def named_since(check: Check, deploy: Deploy, since: float) -> bool:
    """Tell whether an answer since then named the deploy's code."""
    return any(is_of(one.version, deploy) and one.last_at >= since for one in check.served)


def all_failures_are_of(check: Check, deploy: Deploy, since: float) -> int:
    """Return how many answers failed since then, if all of them named the deploy's code, which answered before; or 0.

    One that failed without a version may be anybody's.
    """
    failing = [one for one in check.served if any(at >= since for at in one.failed_at)]
    if not failing or not all(is_of(one.version, deploy) and one.first_at < since for one in failing):
        return 0
    return sum(at >= since for one in failing for at in one.failed_at)
