"""What people ask for when they ask for quiet: one meaning at the terminal and in every channel.

A silence keeps people from being told; an action hold keeps us from rolling back unasked.
"""

from typing import Any

from watchdog.domain.units import parse_duration

ALL = "all"
LONGEST_SECONDS = 30 * 86400.0
REASON_MAX = 300


class Unclear(ValueError):
    """Something that cannot be meant: where it stands, what is wrong with it, what to write instead."""

    def __init__(self, where: str, what: str, instead: str) -> None:
        super().__init__(f"{where}: {what}; {instead}")
        self.where, self.what, self.instead = where, what, instead


def asked_quiet(service: str, lasts: str, reason: str) -> dict[str, Any]:
    """Return the arguments of a command for a service (or `all`), for so long (as in 2h), and why. Raises Unclear."""
    why = " ".join(reason.split())[:REASON_MAX]
    if not why:
        raise Unclear("--reason", "there is nothing in it to read", "say why")
    try:
        seconds = parse_duration(lasts)
    except ValueError as error:
        raise Unclear("--for", str(error), "write 2h") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Unclear("--for", "not a sensible time", "write something up to 30d")
    return {"of": None if service == ALL else service, "seconds": seconds, "reason": why}
