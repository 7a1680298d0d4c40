"""What people ask for when they ask for quiet: one meaning at the terminal and in every channel.

A silence keeps people from being told; an action hold keeps us from rolling back unasked.
"""

import re
from collections.abc import Sequence
from typing import Any

from watchdog.domain.policy import Policy, Severity
from watchdog.domain.units import parse_duration

ALL = "all"
LONGEST_SECONDS = 30 * 86400.0
REASON_MAX = 300
NARROWS = ("signal", "severity")
"""What a silence may be of alone."""
_OPTION = re.compile(r"([A-Za-z_-]+)=(.*)")


class InvalidRequest(ValueError):
    """Something that cannot be meant: where it stands, what is wrong with it, what to write instead."""

    def __init__(self, where: str, what: str, instead: str) -> None:
        super().__init__(f"{where}: {what}; {instead}")
        self.where, self.what, self.instead = where, what, instead


def asked_quiet(service: str, lasts: str, reason: str) -> dict[str, Any]:
    """Return the arguments of a command for a service (or `all`), for so long (2h), and why. Raises InvalidRequest."""
    why = " ".join(reason.split())[:REASON_MAX]
    if not why:
        raise InvalidRequest("--reason", "there is nothing in it to read", "say why")
    try:
        seconds = parse_duration(lasts)
    except ValueError as error:
        raise InvalidRequest("--for", str(error), "write 2h") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidRequest("--for", "not a sensible time", "write something up to 30d")
    return {"of": None if service == ALL else service, "seconds": seconds, "reason": why}


def asked_silence(
    service: str, lasts: str, reason: str, signal: str | None = None, severity: str | None = None
) -> dict[str, Any]:
    """Return the arguments of a silence, maybe of one signal or one severity alone. Raises InvalidRequest.

    Whether there is such a signal is for the configuration to say: see `known_signals`.
    """
    if severity and severity not in list(Severity):
        raise InvalidRequest("--severity", "no such severity", f"write one of: {', '.join(Severity)}")
    narrowed = {"signal": signal, "severity": severity}
    return asked_quiet(service, lasts, reason) | {name: value for name, value in narrowed.items() if value}


def known_signals(policy: Policy, of: str | None) -> tuple[str, ...]:
    """Return the names of a service's signals (None: of all services)."""
    services = [one for name, one in policy.services.items() if of in (None, name)]
    return tuple(dict.fromkeys(signal.name for service in services for signal in service.signals))


def options(words: Sequence[str]) -> tuple[dict[str, str], Sequence[str]]:
    """Return what stands before a reason as `signal=api severity=high`, and the reason. Raises InvalidRequest."""
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        match = _OPTION.fullmatch(word)
        if match is None:
            return found, words[place:]
        name, value = match[1].lower(), match[2]
        if name not in NARROWS or name in found or not value:
            wrong = "twice" if name in found else "nothing behind it" if name in NARROWS else "no such option"
            raise InvalidRequest(f"{name}=", wrong, "write signal=api, severity=high or both, once, and then why")
        found[name] = value.lower() if name == "severity" else value
    return found, ()
