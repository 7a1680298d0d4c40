"""Pages and questions, as the operator sees them who is woken: which of them should not have been.

Rule 1: one incident, one call a service. A second one is worth its price only if it says something new: that a rollback
was tried and did not help; after a page, a question whose yes ends it; once, that a question has had no answer for five
minutes. That it goes on, or is worse than was said a moment ago, sees who has been called.
Rule 2: after a rollback that mends there is nothing left to call about.
Rule 3: a question that names the wrong culprit, or the wrong way back, sends the human astray.
Rule 4: what is well is not called about, nor what a human can do nothing about, nor what has not begun.
"""

from collections.abc import Sequence

from watchdog.core.guards.guards import NO_ROLLBACK_TRAILER
from watchdog.lab.closed_loop import ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld, Right

CALLS = ("page", "ask")
NOBODY = (Right.NOTHING, Right.TICKET, Right.SELF)
"""Where no call about a service is wanted."""
ANSWER_MINUTES = 12.0
"""How long a question waits for its answer: half of the 24 min after which a human is first heard of in incidents that
end in a rollback (facts on decisions, 1.1); the other half is taken as the noticing, which a call spares."""
REMINDER_SECONDS = 300.0
"""A question that has waited so long may be repeated."""


def needless(scene: EpisodeWorld, record: Record) -> int:
    """Return how many calls should not have been."""
    return sum(
        one.what in CALLS and not _wanted(scene, record.did[:place], one) for place, one in enumerate(record.did)
    )


def mends(scene: EpisodeWorld, did: ActionTaken) -> bool:
    """Tell whether going back to that commit ends the outage: the fault is the live one's own, and the way is safe."""
    truth, service = scene.truth, scene.services[scene.truth.service]
    guilty = next((one for one in service.releases if one.commit == truth.commit), None)
    if guilty is None or did.service != truth.service or did.commit in (None, truth.commit):
        return False
    own = any(fault.commit == truth.commit for fault in service.faults)
    safe = scene.pre_deploy_command is None and NO_ROLLBACK_TRAILER not in guilty.message.lower()
    return own and safe and did.at >= guilty.serves_at


def suffers(scene: EpisodeWorld, name: str) -> bool:
    """Tell whether something is wrong with a service ("": with any) in this episode."""
    service = scene.services.get(name)
    return service is None or bool(service.faults)


def _wanted(scene: EpisodeWorld, before: Sequence[ActionTaken], call: ActionTaken) -> bool:
    truth = scene.truth
    if truth.right in NOBODY or truth.onset_at is None or call.at < truth.onset_at or not suffers(scene, call.service):
        return False
    if call.what == "ask" and not (call.service == truth.service and call.commit in truth.targets):
        return False
    said = [one for one in before if one.service == call.service and one.at >= truth.onset_at]
    return not _mended(scene, said) and _is_news(scene, call, said)


def _mended(scene: EpisodeWorld, said: Sequence[ActionTaken]) -> bool:
    return any(one.what == "rollback" and mends(scene, one) for one in said)


def _is_news(scene: EpisodeWorld, call: ActionTaken, said: Sequence[ActionTaken]) -> bool:
    tried = max((place for place, one in enumerate(said) if one.what == "rollback"), default=-1)
    called = [one for one in said[tried + 1 :] if one.what in CALLS]
    asked = [one for one in called if one.what == "ask"]
    if any(mends(scene, one) and call.at > one.at + ANSWER_MINUTES * 60.0 for one in asked):
        return True  # it would not have come: that yes has been said by then
    reminds = len(called) == 1 and bool(asked) and call.at - asked[0].at >= REMINDER_SECONDS - 1.0
    return not called or reminds or (call.what == "ask" and not asked and mends(scene, call))
