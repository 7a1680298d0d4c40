"""Pages and approval requests as the woken operator sees them: which of these calls were needless.

Rule 1: one incident, one call a service. A second call is worth its price only if it brings news. News is a rollback
that was tried and did not help; after a page, an approval request whose yes ends the outage; and once, a reminder of a
request that has had no answer for five minutes. The called operator sees for himself that an outage goes on or worsens.
Rule 2: after a rollback that mends the outage there is nothing left to call about.
Rule 3: an approval request with the wrong suspect or the wrong rollback target misleads the operator.
Rule 4: no call is right about a healthy service, before the onset, or where an operator can do nothing.
"""

from collections.abc import Sequence

from watchdog.core.guards.guards import NO_ROLLBACK_TRAILER
from watchdog.lab.closed_loop import ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld, Right

CALLS = ("page", "ask")
NOBODY = (Right.NOTHING, Right.TICKET, Right.SELF)
"""The right actions for which any call about a service is needless."""
ANSWER_MINUTES = 12.0
"""Minutes from an approval request to its answer. Public incidents that ended in a rollback show a first human
reaction after 24 min (facts on decisions, 1.1); half of that is taken as the noticing, which a call spares."""
REMINDER_SECONDS = 300.0
"""An approval request without an answer for so many seconds may be repeated once."""


def needless(scene: EpisodeWorld, record: Record) -> int:
    """Return the number of needless pages and approval requests of the run."""
    return sum(
        one.what in CALLS and not _wanted(scene, record.did[:place], one) for place, one in enumerate(record.did)
    )


def mends(scene: EpisodeWorld, did: ActionTaken) -> bool:
    """Return whether a rollback to that commit ends the outage: the live commit is the cause and going back is safe."""
    truth, service = scene.truth, scene.services[scene.truth.service]
    guilty = next((one for one in service.releases if one.commit == truth.commit), None)
    if guilty is None or did.service != truth.service or did.commit in (None, truth.commit):
        return False
    own = any(fault.commit == truth.commit for fault in service.faults)
    safe = scene.pre_deploy_command is None and NO_ROLLBACK_TRAILER not in guilty.message.lower()
    return own and safe and did.at >= guilty.serves_at


def suffers(scene: EpisodeWorld, name: str) -> bool:
    """Return whether a service has a fault in this episode; the name "" stands for any service."""
    service = scene.services.get(name)
    return service is None or bool(service.faults)


def _wanted(scene: EpisodeWorld, before: Sequence[ActionTaken], call: ActionTaken) -> bool:
    truth = scene.truth
    if truth.right in NOBODY or truth.onset_at is None or call.at < truth.onset_at or not suffers(scene, call.service):
        return False
    if call.what == "ask" and not (call.service == truth.service and call.commit in truth.targets):
        return False
    # A call before the onset was needless by itself; it does not make the first true call a repetition.
    said = [one for one in before if one.service == call.service and one.at >= truth.onset_at]
    return not _mended(scene, said) and _is_news(scene, call, said)


def _mended(scene: EpisodeWorld, said: Sequence[ActionTaken]) -> bool:
    return any(one.what == "rollback" and mends(scene, one) for one in said)


def _is_news(scene: EpisodeWorld, call: ActionTaken, said: Sequence[ActionTaken]) -> bool:
    # A rollback that did not help changes the situation, so calls count anew after it.
    tried = max((place for place, one in enumerate(said) if one.what == "rollback"), default=-1)
    called = [one for one in said[tried + 1 :] if one.what in CALLS]
    asked = [one for one in called if one.what == "ask"]
    # By then the operator has said yes in the cost model, so the outage is over and this call would not have been sent.
    if any(mends(scene, one) and call.at > one.at + ANSWER_MINUTES * 60.0 for one in asked):
        return True
    reminds = len(called) == 1 and bool(asked) and call.at - asked[0].at >= REMINDER_SECONDS - 1.0
    return not called or reminds or (call.what == "ask" and not asked and mends(scene, call))
