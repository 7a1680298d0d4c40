"""What is put into stores: an action, states, and numbered steps.

Such a step has the same number in event, state, note and effect, so that what was kept can be counted.
"""

from watchdog.domain.effects import Note, PinAutoDeploy
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import ActionRow, Write

PIN = PinAutoDeploy("api", "inc-1", "srv-1")
ROW = ActionRow("inc-1", "rollback", "planned", "dep-1", "dep-2", service="api")


def state(*services: str, **more: object) -> State:
    return State(services={name: ServiceState(name) for name in services}, **more)  # type: ignore[arg-type]


def numbered(number: int, text: str = "") -> Write:
    at = float(number)
    return Write(State(incidents=number), TimePassed(at), [Note(at, "api", None, "N", text or str(number)), PIN])
