"""`watchdog lab readiness`: recordings and labels in, a verdict out: is the service ready for mode autonomous?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchdog.adapters.recordings.recording_reader import runs_of
from watchdog.app.commands.replay_run import policy_of
from watchdog.app.commands.store_reading import reading
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake, WatchdogError
from watchdog.replay.readiness import Labelled, Readiness, assess
from watchdog.settings import Settings

NOT_YET = f"let `{command_line('run')}` watch for some weeks in mode observe, or name files of a recording"


@dataclass(frozen=True, slots=True)
class Examined:
    """A verdict, and whose policy was judged: the recording's, or the configuration's."""

    readiness: Readiness
    recorded_policy: bool


async def examine(paths: Sequence[Path], settings: Settings | None, *, new: bool) -> Examined:
    """Judge recordings, by default those of the configuration; with `new`, by its present policy.

    Labels come from its store. Raises ConfigurationError, also if there is nothing to judge.
    """
    runs = runs_of(paths or [recordings_folder(settings)])
    notes: dict[str, None] = {}
    labels, note = await _labels(settings)
    found = assess(runs, labels, policy_of(settings, notes) if new and settings is not None else None)
    if found.replay.began_at is None:
        where = ", ".join(path.name for path in paths) or "recordings"
        raise ConfigurationError((Mistake(where, "no event is recorded there", NOT_YET),))
    found.replay.notes.extend([*notes, note] if note else notes)
    return Examined(found, recorded_policy=not new)


def recordings_folder(settings: Settings | None) -> Path:
    """Return the folder that the configuration names. Raises ConfigurationError if it has no recording yet."""
    folder = settings.record.folder if settings is not None else None
    if folder is None:
        instead = "write record: {enabled: true}, or name files of a recording"
        raise ConfigurationError((Mistake("record", "nothing is recorded", instead),))
    if not folder.is_dir():
        raise ConfigurationError((Mistake(folder.name, "there is no recording yet", NOT_YET),))
    return folder


async def _labels(settings: Settings | None) -> tuple[Sequence[Labelled], str]:
    """Return the labelled incidents of the store, and a note if the store cannot be read."""
    if settings is None:
        return (), "no configuration, so no store: labels count only with one (-c)"
    if not settings.store_url:
        return (), "the configuration names its store in a variable that is not set, so labels are not known"
    try:
        async with reading(settings) as store:
            found = [(await store.incident(name), word) for name, word in (await store.labels()).items()]
    except WatchdogError as error:
        return (), f"labels are not known: {error}"
    return [Labelled(incident, word == "right") for incident, word in found if incident is not None], ""
