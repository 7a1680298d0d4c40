"""`watchdog lab replay --since-upgrade`: what earlier versions did, decided again by this one, from their recordings.

Rule 1: two versions are compared by what they mean, not by their words: course and severity, page or not, what was done
to production, and where to. What this version does some seconds sooner or later is the same.
Rule 2: of an incident only the first difference is named: what came after it answered to the version of then.
Rule 3: runs that did not write what they did are compared step by step, by hashes: a difference has no words there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import named, ours
from watchdog.adapters.recordings.recording_reader import Reader, files_in, judgement_of, runs_of
from watchdog.app.commands.readiness_run import recordings_folder
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.presentation.step_actions import Action
from watchdog.replay.comparison import MEANT, Difference, compare
from watchdog.replay.recording_replay import Divergence, replay
from watchdog.settings import Settings

LAST_SECONDS = 30 * 86_400.0
BYTES_MAX = 64 * 1024**2
"""Of the newest files: about a hundred service-days, some minutes of one core."""
SAME_MOMENT_SECONDS = 60.0
INFORMATIONAL = "tell"


@dataclass(slots=True)
class UpgradeReplay:
    """What became of it: `before` are those that judged then, `incidents` those that either judgement decided on.

    `other_steps`: the first one of each run that did not write what it did. `left_out`: so many older files.
    """

    before: Sequence[str]
    left_out: int = 0
    files: int = 0
    events: int = 0
    began_at: float | None = None
    ended_at: float = 0.0
    without_acts: int = 0
    incidents: set[tuple[str, str]] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)
    other_steps: list[Divergence] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Tell whether it is all decided as it was then."""
        return not self.differences and not self.other_steps


def decided_again(paths: Sequence[Path], settings: Settings | None) -> UpgradeReplay:
    """Replay what others recorded in their last 30 days. Raises ConfigurationError if there is nothing of it."""
    writers = {path: judgement_of(path) for path in files_in(paths or [recordings_folder(settings)])}
    others = {path: named(writer) for path, writer in writers.items() if writer not in (None, ours()) and writer}
    if not others:
        instead = "nothing is to be done: there is no earlier version to compare with"
        raise ConfigurationError((Mistake("recordings", f"all of it is of this watchdog {__version__}", instead),))
    since = max(path.stat().st_mtime for path in others) - LAST_SECONDS
    recent = [path for path in others if path.stat().st_mtime >= since]
    newest = _newest(recent)
    found = UpgradeReplay(sorted({others[path] for path in newest}), len(recent) - len(newest))
    for run in runs_of(newest):
        _compare(found, run)
    return found


def _compare(found: UpgradeReplay, run: Sequence[Reader]) -> None:
    """Add one run of the daemon."""
    replayed = replay([run], keeps_checks=True)
    found.files += replayed.files
    found.events += replayed.events
    if replayed.began_at is not None:
        found.began_at = min(found.began_at or replayed.began_at, replayed.began_at)
        found.ended_at = max(found.ended_at, replayed.ended_at)
    now = _consequences(replayed.old)
    then = _consequences(replayed.did) if replayed.has_acts else now
    found.incidents |= {(one.service, one.incident) for one in (*then, *now)}
    if replayed.has_acts:
        differences = compare(then, now, MEANT, within_seconds=SAME_MOMENT_SECONDS)
        found.differences.extend(_first_of_each(differences))
        return
    found.without_acts += replayed.files
    if replayed.divergence is not None:
        found.other_steps.append(replayed.divergence)


def _newest(paths: Sequence[Path]) -> Sequence[Path]:
    """Return the newest of them that are not too much to be replayed, one at least."""
    kept: list[Path] = []
    size = 0
    for path in sorted(paths, key=lambda one: one.name, reverse=True):
        size += path.stat().st_size
        if kept and size > BYTES_MAX:
            break
        kept.append(path)
    return kept


def _consequences(did: Sequence[Action]) -> Sequence[Action]:
    """Return what is compared: decisions, pages and what was done to production, of incidents."""
    return [one for one in did if one.kind != INFORMATIONAL and one.incident]


def _first_of_each(differences: Sequence[Difference]) -> Sequence[Difference]:
    found: dict[tuple[str, str], Difference] = {}
    for one in differences:
        shown = one.old or one.new
        if shown is not None:
            found.setdefault((shown.service, shown.incident), one)
    return list(found.values())
