"""Counts the outcomes of labelled faults: found in time, late, hidden by an open incident, or missed.

Rule 1: an alarm is the first page (or approval request) of an incident. It belongs to the newest fault of its service
that had begun by then (to the trace's own resolution), if it came before the label's end or within LATE_SECONDS after.
Rule 2: an alarm that belongs to no fault is false, even if the trace shows an unlabelled anomaly. The quiet time of the
rate is the time outside of every label and its LATE_SECONDS.
Rule 3: an incident pages once, so a fault that begins during an open one is counted apart, not as found.
Rule 4: a deploy that is a fault's culprit should be rolled back, or asked about, from when the fault began until
LATE_SECONDS after; the first act counts. Every other rollback is wrong: the episode goes on as if none had been sent.
Rule 5: why a fault was not found is explained by its visible effects in the trace alone, in a few kinds: nothing here
knows how the core decides, except for the factor of its latency limit (`times_baseline`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from watchdog.core.detect.latency import quantile
from watchdog.domain.units import DAY_SECONDS, show_seconds
from watchdog.lab.traces.play import Act
from watchdog.lab.traces.trial import Bucket, Culprit, Label, Trial, percentile
from watchdog.presentation.step_actions import StepAction
from watchdog.replay.confidence_intervals import poisson_rate

LATE_SECONDS = 300.0
CULPRITS = ("rolled back", "asked about", "neither")
OUTCOMES = ("in time", "late", "already open", "missed")
BEFORE_SECONDS = 1800.0
"""A latency is compared with the median p95 of this time before its label."""
FEW, MANY = 0.01, 0.10
SLOWER = 1.25
SHORT_SECONDS = 120.0


class Alarm(NamedTuple):
    """One incident with a page: the time of the page, its end (UTC epoch seconds), and the course that was decided."""

    at: float
    until: float
    service: str
    incident: str
    course: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The outcome of one label. `why` describes the trace of every fault that was not found in time."""

    trial: str
    label: Label
    outcome: str
    delay_seconds: float | None = None
    why: str = ""


@dataclass(slots=True)
class DatasetRow:
    """One line of the table: the counts of all trials of one set."""

    name: str
    trials: int = 0
    faults: list[Fault] = field(default_factory=list)
    false_alarms: list[tuple[str, Alarm]] = field(default_factory=list)
    quiet_days: float = 0.0
    courses: Counter[str] = field(default_factory=Counter)
    rollbacks: int = 0
    culprits: Counter[str] = field(default_factory=Counter)
    wrong_rollbacks: int = 0
    wrong_questions: int = 0
    good_deploys: int = 0
    observations: int = 0
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        trial: Trial,
        did: Sequence[StepAction],
        observations: int,
        times_baseline: float,
        acts: Sequence[Act] = (),
    ) -> None:
        """Count one trial."""
        self._add_deploys(trial, acts)
        alarms = list(_alarms(did))
        taken: set[str] = set()
        self.trials += 1
        self.observations += observations
        for label in trial.labels:
            fault = _fault(trial, label, alarms, taken, times_baseline)
            self.faults.append(fault)
        self.false_alarms += [(trial.name, alarm) for alarm in alarms if alarm.incident not in taken]
        self.quiet_days += sum(_quiet_seconds(trial, name) for name in trial.tracks) / DAY_SECONDS
        self.courses.update(alarm.course for alarm in alarms)
        self.rollbacks += len({one.incident for one in did if one.kind in ("pin", "rollback")})
        self.notes += [note for note in trial.notes if note not in self.notes]

    def _add_deploys(self, trial: Trial, acts: Sequence[Act]) -> None:
        right: list[Act] = []
        culprits = [(label, label.culprit) for label in trial.labels if label.culprit is not None]
        for label, culprit in culprits:
            mine = [
                act
                for act in acts
                if (act.service, act.commit) == culprit and label.start <= act.at <= label.end + LATE_SECONDS
            ]
            right += mine
            first = "neither" if not mine else "asked about" if mine[0].asked else "rolled back"
            self.culprits[first] += 1
        wrong = [act for act in acts if act not in right]
        self.wrong_rollbacks += len({(act.service, act.commit) for act in wrong if not act.asked})
        self.wrong_questions += len({(act.service, act.commit) for act in wrong if act.asked})
        blamed = {culprit for _, culprit in culprits}
        begins = min(buckets[0].start for buckets in trial.tracks.values())
        self.good_deploys += sum(
            (one.finished_at or 0.0) >= begins and Culprit(name, one.commit or "") not in blamed
            for name, deploys in trial.deploys.items()
            for one in deploys
        )

    def count(self, outcome: str) -> int:
        """Return the number of faults with this outcome."""
        return sum(fault.outcome == outcome for fault in self.faults)

    @property
    def delays(self) -> list[float]:
        """Return the seconds from the label's beginning to the alarm, for each fault with an alarm."""
        return [fault.delay_seconds for fault in self.faults if fault.delay_seconds is not None]

    def reasons(self) -> list[tuple[str, str, int]]:
        """Return (outcome, reason, count) of the faults that were not found in time, the most frequent first."""
        counted = Counter((fault.outcome, fault.why) for fault in self.faults if fault.why)
        return [(outcome, why, n) for (outcome, why), n in counted.most_common()]

    def by_kind(self) -> dict[str, dict[str, int]]:
        """Return outcomes by the set's own kinds of faults."""
        kinds = sorted({fault.label.kind for fault in self.faults})
        return {kind: dict(Counter(f.outcome for f in self.faults if f.label.kind == kind)) for kind in kinds}

    def json_object(self) -> dict[str, Any]:
        """Return the JSON form of it."""
        delays = self.delays
        return {
            "set": self.name,
            "series": self.trials,
            "faults": len(self.faults),
            **{outcome.replace(" ", "_"): self.count(outcome) for outcome in OUTCOMES},
            "by_kind": self.by_kind(),
            "delay_seconds": {f"p{share:.0%}"[:-1]: quantile(delays, share) for share in (0.5, 0.95)} if delays else {},
            "false_alarms_per_day": poisson_rate(len(self.false_alarms), self.quiet_days).json_object(),
            "quiet_days": self.quiet_days,
            "decided": dict(self.courses),
            "rollbacks": self.rollbacks,
            "culprits": {outcome.replace(" ", "_"): self.culprits[outcome] for outcome in CULPRITS},
            "wrong_rollbacks": self.wrong_rollbacks,
            "wrong_questions": self.wrong_questions,
            "good_deploys": self.good_deploys,
            "reasons": [{"outcome": outcome, "why": why, "n": n} for outcome, why, n in self.reasons()],
            "false": [
                {"series": name, "at": alarm.at, "incident": alarm.incident} for name, alarm in self.false_alarms
            ],
            "observations": self.observations,
            "notes": self.notes,
        }


def _alarms(did: Sequence[StepAction]) -> Iterator[Alarm]:
    courses: dict[str, str] = {}
    first: dict[str, StepAction] = {}
    closed: dict[str, float] = {}
    for one in did:
        if one.kind == "decided":
            # The course of the first decision: a later one may only follow from the open incident.
            courses.setdefault(one.incident, one.what.partition(" ")[0])
        elif one.kind == "page":
            first.setdefault(one.incident, one)
        elif one.kind == "tell" and one.what.startswith("resolved"):
            closed[one.incident] = one.at
    for incident, page in first.items():
        until = closed.get(incident, float("inf"))
        yield Alarm(page.at, until, page.service, incident, courses.get(incident, "none"))


def _fault(trial: Trial, label: Label, alarms: Sequence[Alarm], taken: set[str], times_baseline: float) -> Fault:
    later = [one.start for one in trial.labels if one.service == label.service and one.start > label.start]
    begins = label.start - label.tolerance_seconds
    # A later label of the service ends this one's claim: an alarm belongs to the newest fault that had begun.
    ends = min([label.end + LATE_SECONDS, *(start - label.tolerance_seconds for start in later)])
    mine = [alarm for alarm in alarms if alarm.service == label.service and begins <= alarm.at <= ends]
    taken.update(alarm.incident for alarm in mine)
    buckets = trial.tracks.get(label.service, ())
    if mine:
        at = min(alarm.at for alarm in mine)
        delay = max(0.0, at - label.start)
        if at <= label.end:
            return Fault(trial.name, label, "in time", delay)
        return Fault(trial.name, label, "late", delay, why_not(label, buckets, times_baseline))
    # The operator was called for an earlier incident that is still open, so no new page is due.
    if any(alarm.service == label.service and alarm.at < begins <= alarm.until for alarm in alarms):
        return Fault(
            trial.name, label, "already open", None, "an incident before it was still open: nobody is woken twice"
        )
    return Fault(trial.name, label, "missed", None, why_not(label, buckets, times_baseline))


def _quiet_seconds(trial: Trial, service: str) -> float:
    """Return the recorded seconds of a service outside of every label."""
    labels = [label for label in trial.labels if label.service == service]
    return sum(_outside(bucket, labels) for bucket in trial.tracks[service])


def _outside(bucket: Bucket, labels: Sequence[Label]) -> float:
    left = [(bucket.start, bucket.end)]
    for label in labels:
        begin, end = label.start - label.tolerance_seconds, label.end + LATE_SECONDS
        # Cuts the label out of every remaining piece; an empty piece is dropped by its bounds.
        left = [
            piece
            for start, stop in left
            for piece in ((start, min(stop, begin)), (max(start, end), stop))
            if piece[0] < piece[1]
        ]
    return sum(stop - start for start, stop in left)


def why_not(label: Label, buckets: Sequence[Bucket], times_baseline: float) -> str:
    """Return in words the worst visible effect of the fault: failures first, then latency."""
    during = [one for one in buckets if one.end > label.start and one.start < label.end]
    if not during:
        return "nothing was recorded in its time"
    failing = max(one.failing or 0.0 for one in during)
    if failing >= MANY:
        return f"10 % of requests or more failed, {_lasting(one for one in during if (one.failing or 0.0) >= MANY)}"
    usual = _usual_p95(label, buckets)
    if usual is None:
        return "no latency is known from before it: it began with the record"
    limit = usual * times_baseline
    # At the 90th percentile first: if one request in ten is slow there, more than one in twenty is as well.
    for share, words in ((0.90, "10 % of requests or more"), (0.95, "5 to 10 % of requests")):
        slow = [one for one in during if (percentile(one, share) or 0.0) >= limit]
        if slow:
            return f"{words} took {times_baseline:g} times the usual p95, {_lasting(slow)}"
    if failing >= FEW:
        return "1 to 10 % of requests failed in its worst bucket"
    if max(percentile(one) or 0.0 for one in during) >= usual * SLOWER:
        return f"latency only: p95 +{SLOWER - 1:.0%} to +{times_baseline - 1:.0%} in its worst bucket"
    if failing > 0:
        return "less than 1 % of requests failed in its worst bucket"
    return f"nothing to be seen at the front: no failure, and p95 below +{SLOWER - 1:.0%}"


def _usual_p95(label: Label, buckets: Sequence[Bucket]) -> float | None:
    before = [one for one in buckets if label.start - BEFORE_SECONDS <= one.start and one.end <= label.start]
    known = [seconds for one in before if (seconds := percentile(one)) is not None]
    return median(known) if known else None


def _lasting(buckets: Iterable[Bucket]) -> str:
    found = list(buckets)
    seconds = sum(one.end - one.start for one in found)
    if len(found) == 1:
        return f"in one bucket of {show_seconds(seconds)}"
    return "for at most 2 min" if seconds <= SHORT_SECONDS else "for longer than 2 min"
