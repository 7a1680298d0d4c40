"""How many sockets this process may have open: a probe under way holds one, or two while it tries both families."""

import contextlib
import resource

RESERVED = 360
"""File descriptors kept for the store, vendors, page views and waiting connections (`http_door.py`)."""
FLIGHTS_MIN = 64
FILES_WANTED = 65_536


def raise_limit() -> None:
    """Use as many open files as the host allows (its hard limit), up to FILES_WANTED."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a kernel may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def probes_max() -> int:
    """Return how many probes may be under way at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES_WANTED if soft == resource.RLIM_INFINITY else min(soft, FILES_WANTED)
    # Two per probe: happy eyeballs opens an IPv4 and an IPv6 socket.
    return max(FLIGHTS_MIN, (files - RESERVED) // 2)
