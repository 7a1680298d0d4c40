"""Render's maintenance mode that the daemon switched on while people work: what is kept of it, and its two requests."""

from dataclasses import dataclass

ON = "maintenance_mode:on"
OFF_TRIES = 20
OFFS = tuple(f"maintenance_mode:off{f'-{number}' if number > 1 else ''}" for number in range(1, OFF_TRIES + 1))
"""The names under which it is switched off. It may be asked for again, as off twice is off: each try is a row.

They last for half an hour: Render's API may well be away in an outage.
"""


@dataclass(frozen=True, slots=True)
class OwnMaintenance:
    """Maintenance mode of a service, from the decision to switch it on until it is known to be off.

    It is part of the service, as it must be switched off after the end of its incident, too. The record is kept once
    it is over: it is switched on once in an incident. Times are UTC epoch seconds.
    """

    incident: str  # the incident it is for; empty: nothing was sent, and it may be asked for again
    asked_at: float  # when that was decided
    until: float  # it is switched off then at the latest
    on_at: float | None = None  # when it was known to be on, or that it may be
    why_off: str = ""  # why it is switched off, once that is decided
    tries: int = 0  # requests to switch it off
    off_asked_at: float = 0.0  # when the last of them was decided; 0: none, or its answer is known
    paged: bool = False  # people were paged that it stays on
    off_at: float | None = None  # when it was known to be off, or not to be ours: it is over

    @property
    def may_be_on(self) -> bool:
        """Return whether it is on because of us, or may be."""
        return self.off_at is None

    def awaits(self, incident: str, name: str) -> bool:
        """Return whether this request, and no other, is to be sent for that incident."""
        if incident != self.incident or not self.may_be_on:
            return False
        return name == OFFS[self.tries - 1] if self.tries else name == ON and self.on_at is None


def is_switch(name: str) -> bool:
    """Return whether a remedy's name is that of a switch of maintenance mode."""
    return name == ON or name in OFFS
