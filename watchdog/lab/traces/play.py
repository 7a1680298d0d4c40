"""Plays a trial through the real core in virtual time, probing as the daemon does (see trial.py for the mapping).

Rule 1: the core receives the recorded data and nothing of the labels.
Rule 2: a trace that holds no deploys has two: the platform lists one that is live for a day, and an older good one. So
every rollback is wrong. A pin is answered as not confirmed, because there is no platform, and a rollback not at all:
what the site would have done then was not recorded, so the first act on a fault counts.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from watchdog.core.checked_step import checked_step
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import Course
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Policy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, MinuteCount
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.traces.trial import Bucket, Trial, quantile_at
from watchdog.presentation.step_actions import StepAction, actions
from watchdog.replay.event_queue import EventQueue
from watchdog.replay.imports.deploys_csv import listed

FEED_LATE_SECONDS = 60.0
SOON = 0.001


def deploys_before(begins_at: float) -> tuple[Deploy, ...]:
    """Return the platform's deploy list: two deploys, neither younger than a day."""
    live, old = begins_at - DAY_SECONDS, begins_at - 2 * DAY_SECONDS
    return (
        Deploy("dep-live", "live", "new_commit", commit="b" * 40, created_at=live, finished_at=live),
        Deploy("dep-old", "deactivated", "new_commit", commit="a" * 40, created_at=old, finished_at=old),
    )


def deploy_list(deploys: tuple[Deploy, ...], now: float) -> tuple[Deploy, ...]:
    """Return the platform's list at a moment, newest first: what is on its way by then, and what was live."""
    began = [one for one in reversed(deploys) if one.created_at <= now < (one.finished_at or one.created_at)]
    return (*(replace(one, status="update_in_progress", finished_at=None) for one in began), *listed(deploys, now))


@dataclass(frozen=True, slots=True)
class Act:
    """A rollback that was sent or asked about: when, of which service, and away from which commit."""

    at: float
    service: str
    commit: str
    asked: bool


class _Track:
    """The buckets of one service, searchable by moment."""

    def __init__(self, buckets: Sequence[Bucket]) -> None:
        self.buckets = buckets
        self._ends = [bucket.end for bucket in buckets]

    def at(self, moment: float) -> Bucket | None:
        """Return the bucket of a moment (its end belongs to it), or the next one; None after the last."""
        place = bisect_left(self._ends, moment)
        return self.buckets[place] if place < len(self.buckets) else None


class Play:
    """Plays one trial against one policy; `seed` seeds the draws. Read `did`, `acts` and `observations` after `run`."""

    def __init__(self, trial: Trial, policy: Policy, seed: str) -> None:
        self.did: list[StepAction] = []
        self.acts: list[Act] = []
        self.observations = 0
        self._policy = policy
        self._deploys = trial.deploys
        self._tracks = {name: _Track(buckets) for name, buckets in trial.tracks.items()}
        self._begins_at = min(buckets[0].start for buckets in trial.tracks.values())
        self._ends_at = max(buckets[-1].end for buckets in trial.tracks.values())
        self._agenda = EventQueue(self._begins_at)
        self._state = State()
        self._chance = KeyedRandom("traces", seed, trial.row, trial.name)
        self._draws = 0
        self._paces: dict[str, float] = {}
        self._turns: dict[tuple[str, str], int] = {}
        self._asked: dict[str, int] = {}

    def run(self) -> Sequence[StepAction]:
        """Play the trial to its end, and return the actions."""
        self._tell(e.Restarted(self._begins_at))
        for name, track in self._tracks.items():
            self._list_deploys(name)
            for one in self._deploys.get(name, ()):
                # The daemon reads the list in healthy times, too, so that it knows of a deploy before something fails.
                for at in (one.created_at, one.finished_at or one.created_at):
                    if at > self._begins_at:
                        self._agenda.at(at, partial(self._list_deploys, name))
            for signal in self._policy.services[name].signals:
                if signal.kind == "sentry":
                    self._feed(name, signal, track.buckets)
                elif _is_fed(signal, track.buckets[0]):
                    self._look_after(name, signal, SOON)
        self._agenda.run(self._ends_at + FEED_LATE_SECONDS)
        return self.did

    def _tell(self, event: Event) -> None:
        before = self._state
        self._state, effects, _ = checked_step(before, event, self._policy)
        self.observations += 1
        if self._state is not before:
            self.did.extend(actions(before, self._state, effects, event.at))
            self._remember_acts(before, effects)
        for effect in effects:
            self._perform(effect)

    def _remember_acts(self, before: State, effects: Sequence[fx.Effect]) -> None:
        sent = {effect.service for effect in effects if isinstance(effect, fx.Rollback)}
        for name, service in self._state.services.items():
            incident, known = service.incident, before.services.get(name)
            old = known.incident if known is not None else None
            if incident is None or incident.decision is None:
                continue
            asks = incident.decision.course is Course.ASK and (old is None or old.decision is not incident.decision)
            if asks or name in sent:
                self.acts.append(Act(self._agenda.now, name, incident.suspect_code or "", asked=name not in sent))

    def _perform(self, effect: fx.Effect) -> None:
        now = self._agenda.now
        if isinstance(effect, fx.SetPace):
            self._set_pace(effect.service, effect.every_seconds)
        elif isinstance(effect, fx.WakeAt):
            self._agenda.at(effect.at, lambda: self._tell(e.TimePassed(self._agenda.now)))
        elif isinstance(effect, fx.ReadDeploys):
            self._asked[effect.service] = asked = self._asked.get(effect.service, 0) + 1
            self._agenda.at(now, partial(self._read_deploys, effect.service, asked, effect.every_seconds))
        elif isinstance(effect, fx.PinAutoDeploy):
            why = "a trace has no platform"
            answer = partial(e.PinUnconfirmed, service=effect.service, incident=effect.incident, why=why)
            self._agenda.at(now, lambda: self._tell(answer(self._agenda.now)))

    def _read_deploys(self, name: str, asked: int, every_seconds: float) -> None:
        """Read the deploys now and at this interval, until the core sets another; once while calm, as none is new."""
        now, bucket = self._agenda.now, self._tracks[name].at(self._agenda.now)
        # A newer ReadDeploys has replaced this chain of reads, which cannot be removed from the agenda.
        if asked != self._asked[name] or bucket is None:
            return
        again = partial(self._read_deploys, name, asked, every_seconds)
        # A gap in the record: nothing happens until the next bucket begins.
        if bucket.start > now:
            self._agenda.at(bucket.start, again)
            return
        self._list_deploys(name)
        if self._state.services[name].phase is not Phase.CALM:
            self._agenda.at(now + every_seconds, again)

    def _list_deploys(self, name: str) -> None:
        facts = ServiceFacts(f"srv-{name}", name)
        now, deploys = self._agenda.now, self._deploys.get(name)
        known = deploys_before(self._begins_at) if deploys is None else deploy_list(deploys, now)
        self._tell(e.DeploysListed(now, name, known, facts))

    def _set_pace(self, name: str, every_seconds: float) -> None:
        faster = every_seconds < self._paces.get(name, float("inf"))
        self._paces[name] = every_seconds
        # Only a faster pace moves the planned probe; a slower one takes effect after it.
        for signal in self._policy.services[name].signals if faster else ():
            if (name, signal.name) in self._turns:
                self._look_after(name, signal, every_seconds)

    def _look_after(self, name: str, signal: SignalPolicy, seconds: float) -> None:
        """Plan a probe in so many seconds; the turn number cancels one that was planned before."""
        # Callbacks cannot be removed from the agenda: a stale one sees another number and does nothing.
        turn = self._turns[name, signal.name] = self._turns.get((name, signal.name), 0) + 1
        self._agenda.at(self._agenda.now + seconds, lambda: self._look(name, signal, turn))

    def _look(self, name: str, signal: SignalPolicy, turn: int) -> None:
        now = self._agenda.now
        if turn != self._turns[name, signal.name]:
            return
        bucket = self._tracks[name].at(now)
        if bucket is None:
            return
        # A gap in the record: the next probe falls into the next bucket, which does not include its start.
        if bucket.start >= now:
            self._look_after(name, signal, bucket.start + SOON - now)
            return
        self._look_after(name, signal, min(signal.every_seconds, self._paces.get(name, signal.every_seconds)))
        self._tell(self._observed(name, signal, bucket))

    def _observed(self, name: str, signal: SignalPolicy, bucket: Bucket) -> Event:
        now = self._agenda.now
        seconds = quantile_at(bucket.latency, self._draw()) if bucket.latency else None
        if bucket.failing and self._draw() < bucket.failing:
            return e.Observed(now, name, signal.name, Bad(bucket.why or "it failed"))
        if seconds is not None and seconds > signal.timeout_seconds:
            late = Bad(f"no answer in {signal.timeout_seconds:g} s", FailureKind.TIMEOUT)
            return e.Observed(now, name, signal.name, late)
        return e.Observed(now, name, signal.name, Good(), latency_seconds=seconds)

    def _draw(self) -> float:
        self._draws += 1
        return self._chance.uniform(self._draws)

    def _feed(self, name: str, signal: SignalPolicy, buckets: Sequence[Bucket]) -> None:
        for bucket in buckets:
            if bucket.requests is not None and bucket.failing is not None:
                length, errors = bucket.end - bucket.start, bucket.failing * bucket.requests
                count = MinuteCount(bucket.start, length, errors, bucket.requests)
                told = e.Observed(bucket.end + FEED_LATE_SECONDS, name, signal.name, Good(), counts=(count,))
                self._agenda.at(told.at, partial(self._tell, told))


def _is_fed(signal: SignalPolicy, bucket: Bucket) -> bool:
    """Return whether a set records the data of a signal at all."""
    return bucket.failing is not None if signal.kind == "http" else bucket.latency is not None
