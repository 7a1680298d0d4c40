"""The version whose decisions a recording holds: its number, and a digest of the code that decides."""

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from watchdog import __version__, core, domain

DIGEST_BYTES = 6


class Judgement(NamedTuple):
    """The code that decided: a version, and the digest of its code; empty in recordings of earlier versions."""

    version: str
    digest: str


@lru_cache(maxsize=1)
def ours() -> Judgement:
    """Return that of this process. Reads the source files of core and domain."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    for package in (core, domain):
        for file in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(file.read_bytes())
    return Judgement(__version__, digest.hexdigest())


def named(other: Judgement) -> str:
    """Return the name of another one as people call it: by its version, if that differs from ours."""
    return other.version if other.version != __version__ else f"an earlier build of {other.version}"
