"""Served versions: the version of the code that answered, where a signal says how its answers name it (`version:`).

It is known only from such answers, never guessed. Four uses, of which the first three can only prevent a rollback or
a proof:

- Failing answers that all name the previous code acquit a deploy that has just gone live (assess/blame.py): the old
  instances still serve.
- If they did so for longer than old instances drain, before the new code first answered, the failure is older than that
  code: another cause, which a human weighs (assess/other_causes.py).
- A rollback is not verified while answers name the code that it leaves (phases/verification.py).
- Failing answers that name the new code make a crash report weigh more (detect/corroboration.py).

Rejected: to date blame by the first answer that names a version. Caches, rolling updates and outages in which no answer
names a version put that date minutes off in either direction. A deploy that is dated too late is then blamed for the
failures of others.

A version belongs to a deploy if one of the two, version and commit, is a prefix of the other, of at least seven
characters.
"""

from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.readings import Bad, FailureKind

# The length of git's short commit ids; shorter ones match other commits by chance.
SIGNS_MIN = 7
SURE_ANSWERS = 3
"""This many failing answers that all name the previous code are no chance."""
VERSIONS_MAX = 4
FAILED_MAX = 20


def observed(check: Check, event: Observed) -> Check:
    """Return the check with one answer counted for its version; failing answers without one count for version "".

    A slow answer counts as one without: the answer in place of a hanging server is not that server's.
    """
    failed = isinstance(event.reading, Bad)
    slow = isinstance(event.reading, Bad) and event.reading.kind is FailureKind.SLOW
    version = "" if slow else event.version
    if not version and not (failed and check.served):
        return check
    known = next((one for one in check.served if one.version == version), None)
    seen = known if known is not None else Served(version, event.at, event.at)
    failures = (*seen.failed_at, event.at)[-FAILED_MAX:] if failed else seen.failed_at
    # The newest version goes last, so that the one not seen for longest is dropped.
    others = [one for one in check.served if one.version != version]
    newest = fast_replace(seen, last_at=event.at, failed_at=failures)
    return fast_replace(check, served=(*others, newest)[-VERSIONS_MAX:])


def is_of(version: str, deploy: Deploy) -> bool:
    """Return whether answers of this version come from the deploy's code."""
    code, named = ((one or "").removeprefix("sha256:").lower() for one in (deploy.code, version))
    if min(len(named), len(code)) < SIGNS_MIN:
        return False
    return code.startswith(named) or named.startswith(code)


def named_since(check: Check, deploy: Deploy, since: float) -> bool:
    """Return whether an answer since then named the deploy's code."""
    return any(is_of(one.version, deploy) and one.last_at >= since for one in check.served)


def fails_as(check: Check, deploy: Deploy, since: float) -> bool:
    """Return whether two answers that failed since then named the deploy's code: it is its own code that fails."""
    return any(is_of(one.version, deploy) and sum(at >= since for at in one.failed_at) > 1 for one in check.served)


def all_failures_are_of(check: Check, deploy: Deploy, since: float) -> int:
    """Return how many answers failed since then, if all of them named the deploy's code, which answered before; or 0.

    A failing answer without a version may come from either deploy, so it makes the result 0.
    """
    failing = [one for one in check.served if any(at >= since for at in one.failed_at)]
    if not failing or not all(is_of(one.version, deploy) and one.first_at < since for one in failing):
        return 0
    return sum(at >= since for one in failing for at in one.failed_at)


def failed_before(check: Check, before: Deploy, suspect: Deploy, since: float, now: float) -> float:
    """Return for how many seconds answers had failed, all naming the code before, until the suspect's code answered.

    0 if one of them may be another's, if they are too few, or if the suspect's code answered before they failed.
    """
    answered = min((one.first_at for one in check.served if is_of(one.version, suspect)), default=now)
    failed = [at for one in check.served for at in one.failed_at if since <= at < answered]
    failing = [one for one in check.served if _may_have_failed(one, since, answered)]
    of_before = all(is_of(one.version, before) and one.first_at < since for one in failing)
    return answered - since if of_before and len(failed) >= SURE_ANSWERS else 0.0


def _may_have_failed(one: Served, since: float, until: float) -> bool:
    """Return whether answers of this version failed in that time, as far as is known: only the last ones are kept."""
    dropped = len(one.failed_at) == FAILED_MAX and one.first_at < until <= one.failed_at[0]
    return dropped or any(since <= at < until for at in one.failed_at)
