"""One input, played: what a parser of foreign bytes may make of it, and how much work that may be."""

import time

from tests.fuzz.kinds import CPU_SECONDS_MAX, Parser, size_of


def played(one: Parser, data: bytes) -> None:
    """Feed a parser. Raises AssertionError, or whatever it raises that is not among its answers."""
    data = data[: one.longest]
    began = time.process_time()
    try:
        size = size_of(one.read(data))
    except one.answers as error:
        size = len(str(error))
    spent = time.process_time() - began
    assert spent <= CPU_SECONDS_MAX, f"{spent:.1f} s of the processor for {len(data)} bytes"
    assert size <= one.most + one.times * len(data), f"{size} characters came of {len(data)} bytes"
