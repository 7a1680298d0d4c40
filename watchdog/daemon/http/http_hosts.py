"""Accepted Host names: a page whose own name resolves to this address (DNS rebinding) must not read from it.

Rule 1: an address is always accepted: a page loaded from an address comes from this very machine.
Rule 2: a name is accepted if it is this machine's, the listen address's, or configured. Where other machines can
connect, a name of a private network is accepted too: without a dot (`watchdog`), or under a suffix that the internet's
DNS does not have (`watchdog.monitoring.svc`, `watchdog.railway.internal`).
"""

import ipaddress
import re
from collections.abc import Collection

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
LOCAL = "localhost"
PRIVATE_SUFFIXES = (".svc", ".internal", ".local")
"""Kubernetes (`.svc`, `.svc.cluster.local`), platforms and clouds (`.internal`), multicast DNS (`.local`)."""


class Hosts:
    """Judges the Host of a request; `listen` is the listen address, `names` are the configured ones."""

    def __init__(self, listen: str, names: Collection[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in (LOCAL, listen, *names))
        self._private = not _is_loopback(listen)

    def knows(self, given: bytes) -> bool:
        """Return whether the Host header is one of the accepted names."""
        match = HOST.fullmatch(given.decode("latin-1"))
        if match is None:
            return False
        # A trailing dot is the same name in DNS.
        name = match[1].strip("[]").removesuffix(".").lower()
        if match[1].startswith("["):
            return _is_address(name)
        return name in self._names or _is_address(name) or (self._private and _is_private(name))


def _is_private(name: str) -> bool:
    return "." not in name or name.endswith(PRIVATE_SUFFIXES)


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    return host == LOCAL or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
