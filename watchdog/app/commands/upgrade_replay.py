"""`watchdog lab replay --since-upgrade`: decisions of earlier versions, made again by this one from their recordings.

Rule 1: versions are compared by meaning, not by wording: course and severity, page or not, changes to production, and
the target. A decision some seconds sooner or later is the same.
Rule 2: only the first difference of an incident counts: all later readings answered the earlier version.
Rule 3: runs recorded without actions are compared step by step, by hashes: a difference has no words there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import named, ours
from watchdog.adapters.recordings.recording_reader import Reader, files_in, judgement_of, runs_of
from watchdog.app.commands.readiness_run import recordings_folder
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.presentation.step_actions import StepAction
from watchdog.replay.comparison import MEANT, Difference, compare
from watchdog.replay.recording_replay import Divergence, replay
from watchdog.settings import Settings

LAST_SECONDS = 30 * 86_400.0
BYTES_MAX = 64 * 1024**2
"""Limit for the newest files: about a hundred service-days, some minutes of one core."""
SAME_MOMENT_SECONDS = 60.0
INFORMATIONAL = "tell"


@dataclass(slots=True)
class UpgradeReplay:
    """The result: `before` are the earlier versions, `incidents` those on which either version decided.

    `other_steps`: the first differing step of each run recorded without actions. `left_out`: number of older files
    skipped.
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
        """Return whether all decisions are the same."""
        return not self.differences and not self.other_steps


def decided_again(paths: Sequence[Path], settings: Settings | None) -> UpgradeReplay:
    """Replay the last 30 days recorded by earlier versions. Raises ConfigurationError if there are none."""
    writers = {path: judgement_of(path) for path in files_in(paths or [recordings_folder(settings)])}
    others = {path: named(writer) for path, writer in writers.items() if writer not in (None, ours()) and writer}
    if not others:
        instead = "nothing is to be done: there is no earlier version to compare with"
        raise ConfigurationError((Mistake("recordings", f"all of it is of this watchdog {__version__}", instead),))
    # The 30 days end with the newest foreign file, not today: after a long pause they still hold something.
    since = max(path.stat().st_mtime for path in others) - LAST_SECONDS
    recent = [path for path in others if path.stat().st_mtime >= since]
    newest = _newest(recent)
    found = UpgradeReplay(sorted({others[path] for path in newest}), len(recent) - len(newest))
    for run in runs_of(newest):
        _compare(found, run)
    return found


def _compare(found: UpgradeReplay, run: Sequence[Reader]) -> None:
    """Compare one run of the daemon."""
    replayed = replay([run], keeps_checks=True)
    found.files += replayed.files
    found.events += replayed.events
    if replayed.began_at is not None:
        found.began_at = min(found.began_at or replayed.began_at, replayed.began_at)
        found.ended_at = max(found.ended_at, replayed.ended_at)
    now = _consequences(replayed.old)
    # Without recorded actions the step hashes alone are compared; the incidents are those of this version.
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
    """Return the newest files up to BYTES_MAX in all, at least one."""
    kept: list[Path] = []
    size = 0
    # A name begins with the time of its file, so this order is that of time.
    for path in sorted(paths, key=lambda one: one.name, reverse=True):
        size += path.stat().st_size
        if kept and size > BYTES_MAX:
            break
        kept.append(path)
    return kept


def _consequences(did: Sequence[StepAction]) -> Sequence[StepAction]:
    """Return the actions to compare: decisions, pages and changes to production, of incidents."""
    return [one for one in did if one.kind != INFORMATIONAL and one.incident]


def _first_of_each(differences: Sequence[Difference]) -> Sequence[Difference]:
    found: dict[tuple[str, str], Difference] = {}
    for one in differences:
        shown = one.old or one.new
        if shown is not None:
            found.setdefault((shown.service, shown.incident), one)
    return list(found.values())
