"""`watchdog lab replay --since-upgrade`: what earlier versions did, decided again by this one, from their recordings.

Rule 1: two versions are compared by what they mean, not by their words: course and severity, page or not, what was done
to production, and where to. What this version does some seconds sooner or later is the same.
Rule 2: of an incident only the first difference is named: what came after it answered to the version of then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchdog import __version__
from watchdog.adapters.recordings.recording_reader import files_in, runs_of, version_of
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.presentation.step_actions import Action
from watchdog.replay.comparison import MEANT, Difference, compare
from watchdog.replay.recording_replay import Replay, replay
from watchdog.settings import Settings

LAST_SECONDS = 30 * 86_400.0
BYTES_MAX = 64 * 1024**2
"""Of the newest files: about a hundred service-days, some minutes of one core."""
SAME_MOMENT_SECONDS = 60.0
TOLD = "tell"


@dataclass(frozen=True, slots=True)
class UpgradeReplay:
    """What became of it: `before` are the versions that ran then, `incidents` those that either version decided on.

    `left_out`: how many older files were not replayed.
    """

    replay: Replay
    before: Sequence[str]
    incidents: int
    differences: Sequence[Difference]
    left_out: int = 0

    @property
    def is_same(self) -> bool:
        """Tell whether this version decides as those before; of old recordings only their hashes are known."""
        return not self.differences and (self.replay.has_acts or self.replay.divergence is None)


def decided_again(paths: Sequence[Path], settings: Settings | None) -> UpgradeReplay:
    """Replay what other versions recorded in the last 30 days. Raises ConfigurationError if there is nothing of it."""
    written = {path: path.stat().st_mtime for path in files_in(paths or [_folder(settings)])}
    since = max(written.values()) - LAST_SECONDS
    versions = {path: version_of(path) for path, at in written.items() if at >= since}
    others = {path: version for path, version in versions.items() if version not in ("", __version__)}
    if not others:
        instead = "nothing is to be done: there is no earlier version to compare with"
        raise ConfigurationError((Mistake("recordings", f"all of it is of watchdog {__version__}", instead),))
    newest = _newest(list(others))
    found = replay(runs_of(newest))
    then, now = _consequences(found.did), _consequences(found.old)
    differences = compare(then, now, MEANT, within_seconds=SAME_MOMENT_SECONDS) if found.has_acts else ()
    return UpgradeReplay(
        found,
        sorted({others[path] for path in newest}),
        len({(one.service, one.incident) for one in (*then, *now)}),
        _first_of_each(differences),
        len(others) - len(newest),
    )


def _folder(settings: Settings | None) -> Path:
    folder = settings.record.folder if settings is not None else None
    if folder is None:
        instead = "name files, or the folder recordings/ beside the daemon's store"
        raise ConfigurationError((Mistake("record", "nothing is recorded", instead),))
    return folder


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
    return [one for one in did if one.kind != TOLD and one.incident]


def _first_of_each(differences: Sequence[Difference]) -> Sequence[Difference]:
    found: dict[tuple[str, str], Difference] = {}
    for one in differences:
        shown = one.old or one.new
        if shown is not None:
            found.setdefault((shown.service, shown.incident), one)
    return list(found.values())
