"""Effects, in imperatives. The core returns them; the shell saves them, then performs them."""

from dataclasses import dataclass

from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.notices import Notice
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True, slots=True)
class SetPace:
    """Probe the service's checks at this pace from now on (and the control targets, when faster)."""

    service: str  # its name
    every_seconds: float  # time between two probes of one check


@dataclass(frozen=True, slots=True)
class ReadDeploys:
    """Ask the platform for the service's deploys now, and at this pace from now on."""

    service: str  # its name
    every_seconds: float  # time between two reads, until the next such effect


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send `TimePassed` at that moment."""

    at: float  # UTC epoch seconds


@dataclass(frozen=True, slots=True)
class Note:
    """Write one line of the story: in the journal, in the log, on the demo's screen."""

    at: float  # UTC epoch seconds
    service: str  # its name; empty: no single service
    incident: str | None  # its id; None: of no incident
    label: NoteLabel  # word in front of the line
    text: Prose  # the line, with the arithmetic
    about: tuple[str, ...] = ()  # channels or items it concerns, where a later decision depends on them


@dataclass(frozen=True, slots=True)
class Tell:
    """Deliver a notice to the named channels, at least once."""

    notice: Notice  # the message
    channels: tuple[str, ...]  # names of the channels


@dataclass(frozen=True, slots=True)
class PinAutoDeploy:
    """Switch auto-deploy off and read it back."""

    service: str  # its name
    incident: str  # id of the incident it is for
    platform_id: str  # the service's id on the platform
    # The outage goes on meanwhile: without a confirmation by then the rollback is sent without the pin.
    within_seconds: float = 10.0  # time for the switch and for reading it back
    listed: str = ""  # its value when last read; empty: not read


@dataclass(frozen=True, slots=True)
class Rollback:
    """Send one rollback, at most once."""

    service: str  # its name
    incident: str  # id of the incident it is for
    platform_id: str  # the service's id on the platform
    suspect: str  # deploy that must still be live
    target: str  # deploy to roll back to
    target_code: str | None  # its commit or image digest
    # After a lost answer the deploy list alone shows whether the request arrived: this is where the search ends.
    baseline: str  # newest deploy at the decision: a newer one to the target is ours and is adopted
    approved_by: str | None = None  # human who asked or agreed; None: none did
    rebuild: bool = False  # the target's artefact is gone: deploy its commit anew


@dataclass(frozen=True, slots=True)
class RestoreAutoDeploy:
    """Set auto-deploy to its old value, if it still has the value we set."""

    service: str  # its name
    incident: str  # id of the incident it was switched off for
    platform_id: str  # the service's id on the platform
    value: str  # value to give back


@dataclass(frozen=True, slots=True)
class TryRemedy:
    """Do a remedy, at most once, and look up what came of it."""

    service: str  # the service whose remedy it is
    incident: str  # id of the incident it is for
    remedy: str  # its name; the configuration has the request
    approved_by: str | None = None  # human who agreed to the rollback it comes before; None: none did


Effect = SetPace | ReadDeploys | WakeAt | Note | Tell | PinAutoDeploy | Rollback | RestoreAutoDeploy | TryRemedy
OUTSIDE = (Tell, PinAutoDeploy, Rollback, RestoreAutoDeploy, TryRemedy)
"""Effects outside the process: saved before they run, looked up after a crash."""
