"""Which version of the code served: what answers that name their version tell of the deploys.

A probe may say which code answered it (`version:` of a signal). That is known only from such answers, never guessed:

- When a new version is first seen, its deploy took its first traffic after the last answer of another version (and
  not after an answer that failed without a version, which may have been its own): blame dates from then. The platform
  says "live" some time before or after that.
- Failing answers that name the version before acquit the deploy (assess/blame.py).
- A rollback is proved only by answers that do not name another version than its own (phases/verification.py).

A version is that of a deploy if one of the two, version and commit, begins with the other, with seven signs at least.
"""

from collections.abc import Iterable, Sequence

from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.readings import Bad

SIGNS_MIN = 7
VERSIONS_MAX = 4
FAILED_MAX = 20
GONE_SECONDS = 120.0
"""A version that was not seen for so long, while others were, begins anew."""


def observed(check: Check, event: Observed) -> Check:
    """Return the check with an answer of a version, or a failing one of none, where versions are known."""
    failed = isinstance(event.reading, Bad)
    if not event.version and not (failed and check.served):
        return check
    known = next((one for one in check.served if one.version == event.version), None)
    if known is None or (known.last_at < event.at - GONE_SECONDS and check.served[-1] is not known):
        known = Served(event.version, event.at, event.at)
    failures = (*known.failed_at, event.at)[-FAILED_MAX:] if failed else known.failed_at
    others = [one for one in check.served if one.version != event.version]
    seen = fast_replace(known, last_at=event.at, failed_at=failures)
    return fast_replace(check, served=(*others, seen)[-VERSIONS_MAX:])


def is_of(version: str, deploy: Deploy) -> bool:
    """Tell whether answers of this version are made by the deploy's code."""
    code = (deploy.code or "").removeprefix("sha256:").lower()
    if min(len(version), len(code)) < SIGNS_MIN:
        return False
    return code.startswith(version) or version.startswith(code)


def served_from(checks: Iterable[Check], deploy: Deploy) -> float | None:
    """Return when its code began to answer: the last answer of another version before its first, at the earliest that
    any check tells; None where that is not known.

    An answer that failed without a version, since the deploy was made, may have been its own: it is not dated later.
    """
    found = [at for check in checks if (at := _served_from(check, deploy)) is not None]
    return min(found, default=None)


def _served_from(check: Check, deploy: Deploy) -> float | None:
    own = next((one for one in check.served if is_of(one.version, deploy)), None)
    others = [one for one in check.served if one.version and one is not own]
    if own is None or not others or own.first_at < deploy.created_at:
        return None  # not seen, seen all the time, or of an earlier deploy of the same code
    last_other = max(min(one.last_at, own.first_at) for one in others)
    unnamed = [at for one in check.served if not one.version for at in one.failed_at if at >= deploy.created_at]
    return min([last_other, *unnamed])


def versions_failing(check: Check, since: float) -> dict[str, int]:
    """Return how many failing answers named each version since then; those that named none under the empty name."""
    counted = {one.version: sum(at >= since for at in one.failed_at) for one in check.served}
    return {version: count for version, count in counted.items() if count}


def newest_version(check: Check, since: float) -> str:
    """Return the version that the newest answer named since then, or nothing."""
    named = [one for one in check.served if one.version and one.last_at >= since]
    return max(named, key=lambda one: one.last_at).version if named else ""


def deploy_of(version: str, deploys: Sequence[Deploy]) -> Deploy | None:
    """Return the newest deploy whose code the version is, or None: a word of the site's own says nothing to us."""
    return next((one for one in deploys if is_of(version, one)), None)
