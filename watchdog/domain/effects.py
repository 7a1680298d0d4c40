"""What is to be done, in imperatives. The core returns them; the shell records them, then does them."""

from dataclasses import dataclass

from watchdog.domain.note_labels import NoteLabel
from watchdog.domain.notices import Notice
from watchdog.domain.prose import Prose


@dataclass(frozen=True, slots=True)
class SetPace:
    """Probe the service's checks every so many seconds from now on (and the control targets, when faster)."""

    service: str
    every_seconds: float


@dataclass(frozen=True, slots=True)
class ReadDeploys:
    """Ask the platform for the service's deploys now, and every `every_seconds` until told otherwise."""

    service: str
    every_seconds: float


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send `TimePassed` at that moment (UTC epoch seconds)."""

    at: float


@dataclass(frozen=True, slots=True)
class Note:
    """Write one line of the story down: in the journal, in the log, on the demo's screen.

    `text` carries the arithmetic; `about` names what the line is about, where a later decision depends on it.
    """

    at: float
    service: str
    incident: str | None
    label: NoteLabel
    text: Prose
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tell:
    """Bring a notice to the named channels; at least once, whatever happens."""

    notice: Notice
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PinAutoDeploy:
    """Switch auto-deploy off and read it back within `within_seconds`. `listed`: what it was set to when last read."""

    service: str
    incident: str
    platform_id: str
    within_seconds: float = 10.0
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Rollback:
    """Send one rollback; at most once, whatever happens.

    `rebuild`: the target's artefact is gone, so its commit (`target_code`) is deployed anew instead.

    `suspect` is the deploy that must still be live, `baseline` the newest deploy when we decided:
    a rollback deploy newer than it is ours (or somebody's) and is adopted. `target_code` is the target's
    commit or image digest. `approved_by` names the human who asked or agreed, if one did.
    """

    service: str
    incident: str
    platform_id: str
    suspect: str
    target: str
    target_code: str | None
    baseline: str
    approved_by: str | None = None
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class RestoreAutoDeploy:
    """Give auto-deploy its old value back, if it is still the one we set."""

    service: str
    incident: str
    platform_id: str
    value: str


Effect = SetPace | ReadDeploys | WakeAt | Note | Tell | PinAutoDeploy | Rollback | RestoreAutoDeploy
OUTSIDE = (Tell, PinAutoDeploy, Rollback, RestoreAutoDeploy)
"""Effects that touch the outside: recorded before they run, looked up after a crash."""
