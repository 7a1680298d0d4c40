"""Judges each action of a replay: right, wrong, unknown, or the same outage again. The first applicable rule decides.

1. again    it concerns code, or an outage, that an earlier action would have ended: not counted
2. a label  a human labelled the decision of the run's incident as right or wrong
3. right    a human undid that deploy while it failed, and the service recovered with that
4. wrong    the service recovered by itself, and the same deploy then ran well for long, without another deploy
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
from watchdog.replay.readiness.verdicts import Judged, Labelled, ReadinessVerdict

HUMAN_SECONDS = 3600.0
"""A human's rollback counts while the outage lasts, or this long after the replay's request: teams watch an
intermittent fault before they decide (public incidents that were rolled back lasted 83 min at the median)."""
RECOVERY_SECONDS = 600.0
"""The last failure may come this long after a human's rollback is live. An effective rollback shows within that time,
with cold caches and slow starts; a later recovery may have another cause."""
STAYED_SECONDS = 1800.0
"""The same deploy must run well for this long after it recovered by itself: one watch window, as for a new deploy."""
SAME_OUTAGE_SECONDS = 1800.0
"""A failure that begins this soon after an outage with an action belongs to it, because that action would have changed
its course (and the cooldown is as long)."""
LABEL_SECONDS = 60.0
"""An action belongs to a labelled incident up to this long before its onset or after its end, because two policies may
date the same incident differently."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """The evidence for one judgement: the action, the service's history, and the labels of its incidents."""

    act: Act
    diary: Diary
    labels: Sequence[Labelled]

    @property
    def outage(self) -> Outage:
        """Return the outage of the action."""
        return self.diary.outages[self.act.incident, self.act.onset_at]


Rule = Callable[[JudgedCase], Judged | None]


def judge(diary: Diary, labels: Sequence[Labelled] = ()) -> list[Judged]:
    """Return the actions of one service with their verdicts, in order of time; `labels` belong to its incidents."""
    judged: list[Judged] = []
    for act in sorted(diary.acts, key=lambda one: one.at):
        case = JudgedCase(act, diary, labels)
        found = _again(case, judged) or next(found for rule in RULES if (found := rule(case)) is not None)
        judged.append(replace(found, run_incident=diary.incident_at(act.at)))
    return judged


def _again(case: JudgedCase, before: Sequence[Judged]) -> Judged | None:
    """Judge an action `again` if an earlier one would have prevented it: same code, or the same outage."""
    act, outage = case.act, case.outage
    for earlier in reversed(before):
        first = earlier.act
        same = act.suspect == first.suspect or (act.suspect_code is not None and act.suspect_code == first.suspect_code)
        ended_at = case.diary.outages[first.incident, first.onset_at].ended_at
        # Without a known end of the earlier outage the action itself is taken as its end.
        quiet_seconds = outage.began_at - (first.at if ended_at == inf else ended_at)
        if same or quiet_seconds <= SAME_OUTAGE_SECONDS:
            what = f"the deploy ({act.suspect})" if same else "the outage"
            return Judged(
                act, ReadinessVerdict.AGAIN, "again", f"the rollback for {first.incident} would have ended {what}"
            )
    return None


def _labelled(case: JudgedCase) -> Judged | None:
    """Judge by a human's label of the incident, which outranks any conclusion from the deploy list."""
    act = case.act
    near = [one for one in case.labels if _is_about(one.incident, act)]
    if not near:
        return None
    # Several incidents may be near: the one with the same id first, otherwise the nearest onset.
    label = min(near, key=lambda one: (one.incident.id != act.incident, abs(one.incident.onset_at - act.onset_at)))
    incident = label.incident
    word = f"{incident.id} is labelled {'right' if label.right else 'wrong'}"
    if _meant(incident, act):
        return Judged(act, ReadinessVerdict.RIGHT if label.right else ReadinessVerdict.WRONG, "label", word)
    decided = incident.decision.course.value if incident.decision is not None else "nothing"
    # A right label on another decision makes this action wrong; a wrong label on another decision proves nothing.
    if label.right:
        return Judged(act, ReadinessVerdict.WRONG, "label", f"{word}, which decided otherwise ({decided})")
    return None


def _is_about(incident: Incident, act: Act) -> bool:
    ended_at = incident.closed_at if incident.closed_at is not None else inf
    return incident.service == act.service and incident.onset_at - LABEL_SECONDS <= act.at <= ended_at + LABEL_SECONDS


def _meant(incident: Incident, act: Act) -> bool:
    """Return whether the run decided to roll the same deploy back, or was kept from it by its mode alone."""
    decision = incident.decision
    if decision is None or decision.blame is None or decision.target is None or decision.target.deploy is None:
        return False
    blocked = any(answer.verdict is Answer.BLOCK and answer.name != "mode" for answer in decision.guards)
    return incident.suspect == act.suspect and decision.blame.convicts and not blocked


def _undone(case: JudgedCase) -> Judged | None:
    """Judge by a human's rollback of the same deploy: right if the service recovered with it and stayed well."""
    act, outage = case.act, case.outage
    until = max(act.at + HUMAN_SECONDS, outage.ended_at)
    human = next((one for one in _ways_back(case) if outage.began_at <= one.at <= until), None)
    if human is None:
        return None
    outages = case.diary.outages_in_order()
    lasting = [one for one in outages if one.began_at <= human.live_at and human.at <= one.ended_at]
    unknown = Judged(act, ReadinessVerdict.UNKNOWN, "undone", "", human)
    did = f"{_who(human)} {human.how} {_later(human.at - act.at)} ({human.deploy.id})"
    # Nothing failed at the time of the human's rollback: it cannot prove that the rollback helped.
    if not lasting:
        before = human.at - max(one.ended_at for one in outages if one.began_at <= human.at)
        if before > STAYED_SECONDS:
            return None
        return replace(unknown, why=f"{did}, but it had recovered by itself {show_seconds(before)} before")
    after = lasting[-1].ended_at - human.live_at
    if after == inf:
        return replace(unknown, why=f"{did}; no recovery was recorded")
    if after > RECOVERY_SECONDS:
        return replace(unknown, why=f"{did}, and it recovered only {show_seconds(after)} after that rollback was live")
    relapses = case.diary.relapses(lasting[-1].ended_at, STAYED_SECONDS)
    # After another deploy a new failure is that deploy's, not a failure of the rollback.
    if relapses and not changes(case.diary, human.live_at, relapses[0]):
        return replace(unknown, why=f"{did}, and it failed again within {show_seconds(STAYED_SECONDS)}")
    helped = f"it recovered {f'{show_seconds(after)} after' if after > 0 else 'as'} that rollback went live"
    return Judged(act, ReadinessVerdict.RIGHT, "undone", f"{did}; {helped}", human)


def _ways_back(case: JudgedCase) -> list[Undone]:
    """Return every human's rollback that undoes the suspect of the action."""
    diary = case.diary
    suspect = diary.deploys.get(case.act.suspect)
    return [] if suspect is None else [one for one in undone(diary) if how_undone(diary, one.deploy, suspect)]


def _who(human: Undone) -> str:
    return f"{human.by}, through the watchdog," if human.by else "a human"


def _later(seconds: float) -> str:
    return f"{show_seconds(seconds)} later" if seconds >= 0 else f"{show_seconds(-seconds)} before"


def _healed(case: JudgedCase) -> Judged | None:
    """Judge wrong if the outage ended while the same code ran, and stayed away: that code was not the cause."""
    diary, ended_at = case.diary, case.outage.ended_at
    suspect_live_at = diary.live_at.get(case.act.suspect)
    if ended_at == inf or suspect_live_at is None:
        return None
    until = ended_at + STAYED_SECONDS
    if (
        diary.relapses(ended_at, STAYED_SECONDS)
        or changes(diary, suspect_live_at, until)
        # Silence of the monitoring is no health: the whole time must have been observed.
        or not diary.was_watched(case.act.at, until)
    ):
        return None
    stayed = f"{case.act.suspect} ran well for {show_seconds(STAYED_SECONDS)} after that"
    recovered = f"it recovered by itself after {show_seconds(max(0.0, ended_at - case.act.at))}"
    return Judged(case.act, ReadinessVerdict.WRONG, "healed", f"{recovered}, and {stayed}")


def _unknown(case: JudgedCase) -> Judged:
    """Judge unknown, with the missing evidence as the reason."""
    ended_at = case.outage.ended_at
    live = case.diary.live_at.get(case.act.suspect, case.act.at)
    other = next(iter(changes(case.diary, live, ended_at + STAYED_SECONDS)), None)
    if other is not None and case.diary.through_us.get(other.id, "a human") is None:
        why = f"the watchdog rolled it back then ({other.id}): only a label says whether that was right"
    elif other is not None:
        why = f"{other.id} went live ({other.trigger}) and is no rollback: whether it helped is unknown"
    elif ended_at == inf:
        why = "no recovery was recorded"
    elif case.diary.relapses(ended_at, STAYED_SECONDS):
        why = f"it recovered by itself, and failed again within {show_seconds(STAYED_SECONDS)}"
    else:
        why = f"it recovered by itself, but was not watched for {show_seconds(STAYED_SECONDS)} after that"
    return Judged(case.act, ReadinessVerdict.UNKNOWN, "unknown", why)


RULES: Sequence[Rule] = (_labelled, _undone, _healed, _unknown)
"""The rules in their order, after `_again`."""
