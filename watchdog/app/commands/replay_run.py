"""`watchdog lab replay`: recordings in, decisions out; and the decisions of another configuration's policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from watchdog.adapters.recordings.recording_reader import runs_of
from watchdog.domain.policy import Policy
from watchdog.replay.comparison import Difference, compare, unknown_from
from watchdog.replay.recording_replay import Replay, replay, strangers
from watchdog.settings import Settings


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """A replay, and the differences between two policies; None if only one was replayed."""

    replay: Replay
    differences: Sequence[Difference] | None = None

    @property
    def unknown_from(self) -> float | None:
        """Return the time from which the world's reaction to the other policy is unknown."""
        return unknown_from(self.differences or ())


def answer(paths: Sequence[Path], settings: Settings | None) -> ReplayResult:
    """Replay files or folders; with settings, against their policy too. Raises ConfigurationError."""
    runs = runs_of(paths)
    if settings is None:
        return ReplayResult(replay(runs))
    notes: dict[str, None] = {}
    found = replay(runs, policy_of(settings, notes))
    found.notes.extend(notes)
    return ReplayResult(found, compare(found.old, found.new))


def policy_of(settings: Settings, notes: dict[str, None]) -> Callable[[Policy], Policy]:
    """Return the function that makes the other policy; services without an id get the recording's.

    `notes` collects, in words, the services that only one of the two policies has.
    """

    def other(recorded: Policy) -> Policy:
        services = dict(settings.policy.services)
        # A replay calls no vendor, so names are not looked up: the recording has their ids.
        for name in settings.unresolved:
            if name in recorded.services:
                services[name] = replace(services[name], platform_id=recorded.services[name].platform_id)
        policy = replace(settings.policy, services=MappingProxyType(services))
        notes.update(dict.fromkeys(strangers(recorded, policy)))
        return policy

    return other
