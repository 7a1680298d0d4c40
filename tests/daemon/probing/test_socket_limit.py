"""How many sockets a process may use: the host's limit, raised as far as it may be."""

import subprocess
import sys

import pytest

from watchdog.daemon.probing.socket_limit import FLIGHTS_MIN, RESERVED

SCRIPT = """
import resource, sys
from watchdog.daemon.probing import socket_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
before = socket_limit.probes_max()
socket_limit.raise_limit()
print(before, resource.getrlimit(resource.RLIMIT_NOFILE)[0], socket_limit.probes_max())
"""


@pytest.mark.parametrize(
    ("soft", "hard", "shown"),
    [(1024, 4096, [(1024 - RESERVED) // 2, 4096, (4096 - RESERVED) // 2]), (256, 256, [FLIGHTS_MIN, 256, FLIGHTS_MIN])],
)
def test_it_uses_what_the_host_allows(soft: int, hard: int, shown: list[int]) -> None:
    """In a process of its own: a lowered hard limit cannot be raised again."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(soft), str(hard)], capture_output=True, text=True, check=True
    )
    assert [int(one) for one in done.stdout.split()] == shown
