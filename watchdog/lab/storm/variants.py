"""The protocol with one of its teeth drawn. The storm must catch each of them: otherwise it has gone blind.

They are made by handing other timings, or another reconcile step, to the shipped actuator.
"""

from dataclasses import dataclass, replace

from watchdog.daemon.lookup import Reconcile, Search, look_up
from watchdog.daemon.protocol import SHIPPED, Answer, NoTrace, Timings


async def believe_in_nothing(search: Search) -> Answer:
    """Take a lost answer for a request that never arrived, without reading."""
    return NoTrace("nobody looked")


@dataclass(frozen=True, slots=True)
class Variant:
    """What the actuator is given."""

    timings: Timings = SHIPPED
    reconcile: Reconcile = look_up


FULL = "full"
VARIANTS = {
    FULL: Variant(),
    "blind-resend": Variant(reconcile=believe_in_nothing),
    "short-settle": Variant(timings=replace(SHIPPED, settle_seconds=3.0)),
    "no-guard": Variant(timings=replace(SHIPPED, guard_seconds=1e9)),
}
"""The shipped protocol, and the weakened ones, by name."""
