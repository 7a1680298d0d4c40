"""Numbered steps: the same number in event, state, note and effect, so that what was kept can be counted."""

from watchdog.domain.effects import Note, PinAutoDeploy
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write

PIN = PinAutoDeploy("api", "inc-1", "srv-1")


def numbered(number: int, text: str = "") -> Write:
    at = float(number)
    return Write(State(incidents=number), TimePassed(at), [Note(at, "api", None, "N", text or str(number)), PIN])
