"""Replays a recording through the real core: does this version decide the same, and how would another policy decide?

Rule: the recorded policy is replayed exactly; the first step whose effects differ from the run's in more than their
wording is named with its file and line. policy_runs.py defines which events another policy receives.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from watchdog.adapters.recordings.recording_format import (
    HASHES_TEXTS,
    Changed,
    HandledEvent,
    Head,
    hashed,
    hashed_with_texts,
    same,
)
from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.presentation.step_actions import StepAction
from watchdog.replay.policy_runs import Answer, CounterfactualRun, PolicyRun, StepListener, applied


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step at which this version decides differently from the run: its file and line, time and difference."""

    where: str
    at: float
    what: str


@dataclass(slots=True)
class Replay:
    """The actions of a replay: `did` by the run as recorded, `old` by this version under the recorded policy.

    `new` holds the actions under another policy, empty without one; `notes` name gaps and states that were taken over.

    `partly`: some files have the format of an earlier version, which can be compared only in part. `has_acts`: all
    files record the actions of the run.
    """

    files: int = 0
    events: int = 0
    began_at: float | None = None
    ended_at: float = 0.0
    did: list[StepAction] = field(default_factory=list)
    old: list[StepAction] = field(default_factory=list)
    new: list[StepAction] = field(default_factory=list)
    divergence: Divergence | None = None
    notes: list[str] = field(default_factory=list)
    partly: bool = False
    has_acts: bool = True

    def count(self, at: float) -> None:
        """Count an event and extend the replayed time by its moment (UTC epoch seconds)."""
        self.events += 1
        self.began_at = at if self.began_at is None else min(self.began_at, at)
        self.ended_at = max(self.ended_at, at)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Listeners for the steps of both policies, and the source of answers to actions that the run did not request."""

    old: StepListener | None = None
    new: StepListener | None = None
    answer: Answer | None = None


def replay(
    runs: Sequence[Sequence[Reader]],
    other: Callable[[Policy], Policy] | None = None,
    listeners: Listeners = Listeners(),
    *,
    keeps_checks: bool = False,
) -> Replay:
    """Replay runs; `other` returns the other policy, given the recorded one. Raises ConfigurationError.

    With `keeps_checks` the detector state of this version continues across files, instead of the run's recorded one.
    """
    found = Replay()
    for run in runs:
        _Run(found, other, listeners, keeps_checks=keeps_checks).play(run)
    # The workers of a fleet write runs of their own, which overlap in time.
    found.did.sort(key=lambda one: one.at)
    found.old.sort(key=lambda one: one.at)
    found.new.sort(key=lambda one: one.at)
    return found


class _Run:
    """One run of a daemon, file after file."""

    def __init__(
        self, found: Replay, other: Callable[[Policy], Policy] | None, listeners: Listeners, *, keeps_checks: bool
    ) -> None:
        self._found = found
        self._keeps_checks = keeps_checks
        self._listeners = listeners
        self._policy_of = other
        self._old: PolicyRun | None = None
        self._other: CounterfactualRun | None = None
        self._part = 0
        self._changes = 0
        self._hashes_texts = False

    def play(self, readers: Sequence[Reader]) -> None:
        for reader in readers:
            self._found.files += 1
            for line in reader:
                self._take(line, reader.where)
            # The last file of a run may end torn: the daemon was killed or still writes it.
            if reader.torn and reader is not readers[-1]:
                self._found.notes.append(f"{reader.path.name} ends torn, after {reader.where.rpartition(':')[2]} lines")
        if self._changes:
            what = "the state changed without an event (another worker, the store), and so it was taken over"
            self._found.notes.append(f"{what}: {self._changes} x")

    def _take(self, line: Head | HandledEvent | Changed, where: str) -> None:
        if isinstance(line, Head):
            self._begin(line, where)
            return
        assert self._old is not None, "a file begins with its head"
        if isinstance(line, Changed):
            self._change(self._old, line)
        elif not line.undone:
            self._apply(self._old, line, where)

    def _begin(self, head: Head, where: str) -> None:
        # A missing part breaks the chain: its events are unknown, so both policies begin anew with the next head.
        follows = head.follows and self._old is not None and head.part == self._part + 1
        self._part = head.part
        self._found.has_acts = self._found.has_acts and head.has_acts
        self._hashes_texts = head.shape == HASHES_TEXTS
        if self._hashes_texts and not self._found.partly:
            self._found.partly = True
            why = f"hashes of watchdog {head.judgement.version} hold texts, too"
            self._found.notes.append(f"{where}: {why}: steps with notices or notes are not compared in full")
        if follows and self._old is not None:
            self._old.policy = head.policy
            if self._other is not None and self._policy_of is not None:
                self._other.wish(self._policy_of(head.policy))
            # The recorded detector state is the old version's; this version is judged with its own, from file to file.
            if self._keeps_checks:
                self._old.state = _with_checks(head.state, self._old.state)
            elif not same(self._old.state, head.state):
                # An earlier version stored less of a decision: its state is taken over without a divergence.
                if not self._hashes_texts:
                    self._diverged(where, head.at, "the state at the beginning of this file is another")
                self._old.state = head.state
            return
        # Both begin with the recorded state of the next head, as the run did after the gap.
        if self._old is not None:
            self._found.notes.append(f"{where}: something is missing before this file; both begin anew, as the run did")
        listeners = self._listeners
        self._old = PolicyRun(head.policy, head.state, self._found.old, listener=listeners.old)
        if self._policy_of is not None:
            new = PolicyRun(self._policy_of(head.policy), head.state, self._found.new, listener=listeners.new)
            self._other = CounterfactualRun(new, self._old, listeners.answer)

    def _change(self, old: PolicyRun, changed: Changed) -> None:
        self._changes += 1
        before, old.state = old.state, applied(old.state, changed)
        if self._other is not None:
            self._other.change(before, old.state, changed)

    def _apply(self, old: PolicyRun, handled: HandledEvent, where: str) -> None:
        self._found.count(handled.event.at)
        self._found.did.extend(handled.acts)
        effects = old.apply(handled.event)
        did = hashed_with_texts(effects) if self._hashes_texts else hashed(effects)
        # None: format 1 hashed texts that have been reworded since, so only the presence of effects is compared.
        if bool(effects) != bool(handled.did) or did not in (None, handled.did):
            kinds = ", ".join(type(effect).__name__ for effect in effects) or "nothing"
            recorded = "something else" if handled.did else "nothing"
            what = f"{type(handled.event).__name__}: the run asked for {recorded}, this version for {kinds}"
            self._diverged(where, handled.event.at, what)
        if self._other is not None:
            self._other.apply(handled.event)

    def _diverged(self, where: str, at: float, what: str) -> None:
        if self._found.divergence is None:
            self._found.divergence = Divergence(where, at, what)


def _with_checks(state: State, ours: State) -> State:
    """Return the state with the checks of `ours` for every check that both have."""
    services = {}
    for name, service in state.services.items():
        known = ours.services[name].checks if name in ours.services else {}
        checks = {one: known.get(one, check) for one, check in service.checks.items()}
        services[name] = fast_replace(service, checks=checks)
    return fast_replace(state, services=services)


def strangers(recorded: Policy, other: Policy) -> Iterator[str]:
    """Yield a sentence for each service that only one of the policies has."""
    for name in other.services:
        if name not in recorded.services:
            yield f"{name} is not in the recording: nothing is known of it"
    for name in recorded.services:
        if name not in other.services:
            yield f"{name} is not in the new configuration: nothing is done about it"
