"""Human rollbacks that the replay would not have made: the time, the replay's decision, and the lead of its request.

Rule: they are counted apart, because they measure the usefulness of autonomous mode, not its danger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Phase
from watchdog.replay.readiness.service_history import Diary
from watchdog.replay.readiness.undone_deploys import Undone, undone
from watchdog.replay.readiness.verdicts import Judged

SUSPECTED = "suspected, not confirmed yet"
BEGUN = "the recording, or this start of the daemon, begins during the outage"
UNSEEN = "no configured check failed"


@dataclass(frozen=True, slots=True)
class Missed:
    """A human's rollback without one of the replay. `why` is the replay's decision at that time, `decided_at` its time.

    `asked_seconds` is the lead of the replay's approval request over the human: an estimate; None without a request.
    """

    service: str
    undone: Undone
    why: str
    decided_at: float | None = None
    asked_seconds: float | None = None

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        human = self.undone
        return {
            "at": human.at,
            "service": self.service,
            "suspect": human.left.id,
            "target": human.deploy.id,
            "live_at": human.live_at,
            "how": human.how,
            "by": human.by,
            "why": self.why,
            "decided_at": self.decided_at,
            "asked_seconds": self.asked_seconds,
        }


def missed(name: str, diary: Diary, acts: Sequence[Judged]) -> list[Missed]:
    """Return the human rollbacks of a service in watched time that no action of the replay concerns."""
    ways = [human for human in undone(diary) if diary.was_watched(human.at, human.at)]
    return [_thought(name, diary, human) for human in ways if not any(_is_about(one, human) for one in acts)]


def _is_about(one: Judged, human: Undone) -> bool:
    act = one.act
    if one.undone is not None and one.undone.deploy.id == human.deploy.id:
        return True
    same = act.suspect == human.left.id or (act.suspect_code is not None and act.suspect_code == human.left.code)
    return same and act.at <= human.live_at


def _thought(name: str, diary: Diary, human: Undone) -> Missed:
    # The outages that the judged policy saw at the moment of the human's request.
    lasting = [one for one in diary.outages_in_order() if one.began_at <= human.at <= one.ended_at]
    known = [decision for decision in lasting[-1].decisions if decision.at <= human.at] if lasting else []
    if not known:
        suspected = diary.phase_at(human.at) is Phase.SUSPECT
        return Missed(name, human, SUSPECTED if suspected else BEGUN if lasting else UNSEEN)
    # The latest decision before the human acted explains the course; the first request gives the lead.
    last = known[-1]
    asked = next((one.at for one in known if one.course in (Course.ASK, Course.ANNOUNCE)), None)
    seconds = human.at - asked if asked is not None else None
    return Missed(name, human, f"{last.course.value}: {last.why}", last.at, seconds)
