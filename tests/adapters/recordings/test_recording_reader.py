"""Reading a recording back: how much work a line is."""

import gzip
import random
import time
from pathlib import Path

import pytest

from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.domain.errors import ConfigurationError

LETTERS = 16 * 1024**2
CPU_SECONDS_MAX = 4.0
"""Seconds of the processor; a linear reader takes a tenth of it, one that copies a line with each piece three times as
much.
"""


@pytest.mark.long
def test_a_line_of_many_pieces_is_read_in_linear_time(tmp_path: Path) -> None:
    """A large state that does not pack well comes in thousands of pieces."""
    path = tmp_path / "run-1.jsonl.gz"
    path.write_bytes(gzip.compress(random.Random(1).randbytes(LETTERS // 2).hex().encode() + b"\n", 1))
    began = time.process_time()
    with pytest.raises(ConfigurationError, match=r"run-1\.jsonl\.gz:1: not a line of a recording"):
        list(Reader(path))
    assert time.process_time() - began < CPU_SECONDS_MAX
