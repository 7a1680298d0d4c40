"""Each act that would have been: right, wrong, unknown, or the same outage again. The first rule that can tell decides.

1. again    it is about code, or in an outage, that an earlier act would have ended: not counted
2. a label  a human said of the incident of the run that the watchdog judged it right, or wrong
3. right    a human undid that deploy while it failed, and with that it recovered
4. wrong    it recovered by itself, and the same deploy then ran well for long, without any other
5. unknown  anything else; never counted as right
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

from watchdog.domain.decisions import Verdict as Answer
from watchdog.domain.incidents import Incident
from watchdog.domain.units import show_seconds
from watchdog.replay.readiness.service_history import Act, Diary, Outage
from watchdog.replay.readiness.undone_deploys import Undone, changes, how_undone, undone
from watchdog.replay.readiness.verdicts import Judged, Labelled, Verdict

HUMAN_SECONDS = 3600.0
"""A human's way back counts while the outage lasts, or so long after our request: what fails now and then is looked at
for a while before somebody decides (public incidents that were rolled back lasted 83 min at the median)."""
RECOVERY_SECONDS = 600.0
"""The last failure is seen at most so long after a human's way back is live: what helps shows at once, caches and slow
starts included; later, something else may have helped."""
STAYED_SECONDS = 1800.0
"""So long must the same deploy run well after it recovered by itself: one watch window, in which bad deploys show."""
SAME_OUTAGE_SECONDS = 1800.0
"""A failure that begins so soon after an outage we would have acted in is the same one: that act would have changed it
(and the cooldown is as long)."""
LABEL_SECONDS = 60.0
"""A labelled incident is that of an act so long before its onset or after its end: two policies date it otherwise."""


@dataclass(frozen=True, slots=True)
class Case:
    """What an act is judged by."""

    act: Act
    diary: Diary
    labels: Sequence[Labelled]

    @property
    def outage(self) -> Outage:
        """Return the outage it is about."""
        return self.diary.outages[self.act.incident, self.act.onset_at]


Rule = Callable[[Case], Judged | None]


def judge(diary: Diary, labels: Sequence[Labelled] = ()) -> list[Judged]:
    """Return the acts of one service with their verdicts, in order; `labels` are those of its incidents."""
    judged: list[Judged] = []
    for act in sorted(diary.acts, key=lambda one: one.at):
        case = Case(act, diary, labels)
        found = _again(case, judged) or next(found for rule in RULES if (found := rule(case)) is not None)
        judged.append(replace(found, run_incident=diary.incident_at(act.at)))
    return judged


def _again(case: Case, before: Sequence[Judged]) -> Judged | None:
    """It would not have come to this."""
    act, outage = case.act, case.outage
    for earlier in reversed(before):
        first = earlier.act
        same = act.suspect == first.suspect or (act.suspect_code is not None and act.suspect_code == first.suspect_code)
        ended_at = case.diary.outages[first.incident, first.onset_at].ended_at
        quiet_seconds = outage.began_at - (first.at if ended_at == inf else ended_at)
        if same or quiet_seconds <= SAME_OUTAGE_SECONDS:
            what = f"the deploy ({act.suspect})" if same else "the outage"
            return Judged(act, Verdict.AGAIN, "again", f"it is {what} that {first.incident} would have ended")
    return None


def _labelled(case: Case) -> Judged | None:
    """A human's word outranks what we make of the deploy list."""
    act = case.act
    near = [one for one in case.labels if _is_about(one.incident, act)]
    if not near:
        return None
    label = min(near, key=lambda one: (one.incident.id != act.incident, abs(one.incident.onset_at - act.onset_at)))
    incident = label.incident
    word = f"{incident.id} is labelled {'right' if label.right else 'wrong'}"
    if _meant(incident, act):
        return Judged(act, Verdict.RIGHT if label.right else Verdict.WRONG, "label", word)
    decided = incident.decision.course.value if incident.decision is not None else "nothing"
    if label.right:
        return Judged(act, Verdict.WRONG, "label", f"{word}, which decided otherwise ({decided})")
    return None


def _is_about(incident: Incident, act: Act) -> bool:
    ended_at = incident.closed_at if incident.closed_at is not None else inf
    return incident.service == act.service and incident.onset_at - LABEL_SECONDS <= act.at <= ended_at + LABEL_SECONDS


def _meant(incident: Incident, act: Act) -> bool:
    """Return whether the run's decision was to roll the same deploy back, or would have been in another mode."""
    decision = incident.decision
    if decision is None or decision.blame is None or decision.target is None or decision.target.deploy is None:
        return False
    blocked = any(answer.verdict is Answer.BLOCK and answer.name != "mode" for answer in decision.guards)
    return incident.suspect == act.suspect and decision.blame.convicts and not blocked


def _undone(case: Case) -> Judged | None:
    """A human did what we would have done: did it help?"""
    act, outage = case.act, case.outage
    until = max(act.at + HUMAN_SECONDS, outage.ended_at)
    human = next((one for one in _ways_back(case) if outage.began_at <= one.at <= until), None)
    if human is None:
        return None
    outages = case.diary.outages_in_order()
    lasting = [one for one in outages if one.began_at <= human.live_at and human.at <= one.ended_at]
    unknown = Judged(act, Verdict.UNKNOWN, "undone", "", human)
    did = f"{_who(human)} {human.how} {_later(human.at - act.at)} ({human.deploy.id})"
    if not lasting:
        before = human.at - max(one.ended_at for one in outages if one.began_at <= human.at)
        if before > STAYED_SECONDS:
            return None
        return replace(unknown, why=f"{did}, but it had recovered by itself {show_seconds(before)} before")
    after = lasting[-1].ended_at - human.live_at
    if after == inf:
        return replace(unknown, why=f"{did}; that it recovered was not seen")
    if after > RECOVERY_SECONDS:
        return replace(unknown, why=f"{did}, and it recovered only {show_seconds(after)} after that was live")
    relapses = case.diary.relapses(lasting[-1].ended_at, STAYED_SECONDS)
    if relapses and not changes(case.diary, human.live_at, relapses[0]):
        return replace(unknown, why=f"{did}, and it failed again within {show_seconds(STAYED_SECONDS)}")
    helped = f"it recovered {f'{show_seconds(after)} after that was live' if after > 0 else 'with that'}"
    return Judged(act, Verdict.RIGHT, "undone", f"{did}; {helped}", human)


def _ways_back(case: Case) -> list[Undone]:
    """Return every human's way back that undoes the suspect of the act."""
    diary = case.diary
    suspect = diary.deploys.get(case.act.suspect)
    return [] if suspect is None else [one for one in undone(diary) if how_undone(diary, one.deploy, suspect)]


def _who(human: Undone) -> str:
    return f"{human.by}, through us," if human.by else "a human"


def _later(seconds: float) -> str:
    return f"{show_seconds(seconds)} later" if seconds >= 0 else f"{show_seconds(-seconds)} before"


def _healed(case: Case) -> Judged | None:
    """It went away while the same code ran, and stayed away: that code was not the cause, or no longer."""
    diary, ended_at = case.diary, case.outage.ended_at
    suspect_live_at = diary.live_at.get(case.act.suspect)
    if ended_at == inf or suspect_live_at is None:
        return None
    until = ended_at + STAYED_SECONDS
    if (
        diary.relapses(ended_at, STAYED_SECONDS)
        or changes(diary, suspect_live_at, until)
        or not diary.was_watched(case.act.at, until)
    ):
        return None
    stayed = f"{case.act.suspect} ran well for {show_seconds(STAYED_SECONDS)} after that"
    recovered = f"it recovered by itself after {show_seconds(max(0.0, ended_at - case.act.at))}"
    return Judged(case.act, Verdict.WRONG, "healed", f"{recovered}, and {stayed}")


def _unknown(case: Case) -> Judged:
    """Say what is missing to tell."""
    ended_at = case.outage.ended_at
    live = case.diary.live_at.get(case.act.suspect, case.act.at)
    other = next(iter(changes(case.diary, live, ended_at + STAYED_SECONDS)), None)
    if other is not None and case.diary.through_us.get(other.id, "a human") is None:
        why = f"the run rolled it back by itself ({other.id}): only a label tells whether that was right"
    elif other is not None:
        why = f"{other.id} went live ({other.trigger}), which undoes nothing: whether it helped is not known"
    elif ended_at == inf:
        why = "that it recovered was not seen"
    elif case.diary.relapses(ended_at, STAYED_SECONDS):
        why = f"it recovered by itself, and failed again within {show_seconds(STAYED_SECONDS)}"
    else:
        why = f"it recovered by itself, but was not watched for {show_seconds(STAYED_SECONDS)} after that"
    return Judged(case.act, Verdict.UNKNOWN, "unknown", why)


RULES: Sequence[Rule] = (_labelled, _undone, _healed, _unknown)
"""In this order, after those that are not counted."""
