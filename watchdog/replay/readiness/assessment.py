"""Assesses a replay in autonomous mode: the verdict on each action, the missed rollbacks and the totals.

Rule: the world is that of the run. So a rollback is answered as lost without a trace (`RollbackLost`): the incident
passes to a human, the budget is spent as usual, and the core goes on with the next outage.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.events import Event
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.units import DAY_SECONDS
from watchdog.replay.policy_runs import Act
from watchdog.replay.readiness.criteria import ActTally
from watchdog.replay.readiness.judgement_rules import judge
from watchdog.replay.readiness.missed_rollbacks import Missed, missed
from watchdog.replay.readiness.service_history import Diaries
from watchdog.replay.readiness.verdicts import Judged, Labelled, ReadinessVerdict
from watchdog.replay.recording_replay import Listeners, Replay, replay

PIN_SECONDS = 2.0
"""The seconds to switch auto-deploy off and read it back; the core requests the rollback only after that."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The assessment. `watched_seconds` is the recorded time of each service; acts and missed are in order of time."""

    replay: Replay
    acts: Sequence[Judged]
    missed: Sequence[Missed]
    watched_seconds: Mapping[str, float]

    @property
    def counts(self) -> Mapping[ReadinessVerdict, int]:
        """Return the number of actions by verdict."""
        found = Counter(one.verdict for one in self.acts)
        return {verdict: found[verdict] for verdict in ReadinessVerdict}

    @property
    def outlook(self) -> ActTally:
        """Return the totals, from which the criteria are computed."""
        counts, days = self.counts, sum(self.watched_seconds.values()) / DAY_SECONDS
        return ActTally(
            counts[ReadinessVerdict.RIGHT], counts[ReadinessVerdict.WRONG], counts[ReadinessVerdict.UNKNOWN], days
        )


def assess(
    runs: Sequence[Sequence[Reader]],
    labels: Sequence[Labelled] = (),
    other: Callable[[Policy], Policy] | None = None,
) -> Readiness:
    """Replay runs in autonomous mode under the policy that `other` makes of the recorded one, and judge its actions.

    Raises ConfigurationError.
    """
    diaries = Diaries()
    listeners = Listeners(diaries.old, diaries.new, answer)
    found = replay(runs, lambda recorded: autonomous(other(recorded) if other else recorded), listeners)
    acts: list[Judged] = []
    ways: list[Missed] = []
    for name, diary in diaries.of.items():
        judged = judge(diary, [one for one in labels if one.incident.service == name])
        acts += judged
        ways += missed(name, diary, judged)
    watched = {name: sum(end - begin for begin, end in diary.stretches()) for name, diary in diaries.of.items()}
    acts.sort(key=lambda one: one.act.at)
    ways.sort(key=lambda one: one.undone.at)
    return Readiness(found, acts, ways, watched)


def autonomous(policy: Policy) -> Policy:
    """Return the policy with every service in autonomous mode."""
    services = {name: replace(one, mode=Mode.AUTONOMOUS) for name, one in policy.services.items()}
    return replace(policy, services=services)


def answer(act: Act, at: float) -> Event | None:
    """Return the outcome of an action that the run did not request: auto-deploy was off, the rollback is lost."""
    # Off before, so that the core has nothing to restore afterwards in a world that ignores it.
    if isinstance(act, fx.PinAutoDeploy):
        return e.PinConfirmed(at + PIN_SECONDS, act.service, act.incident, previous="off")
    if isinstance(act, fx.Rollback):
        return e.RollbackLost(at, act.service, act.incident, "a replay sends nothing")
    if isinstance(act, fx.TryRemedy):
        return e.RemedyRefused(at, act.service, act.incident, act.remedy, "a replay sends nothing")
    return None
