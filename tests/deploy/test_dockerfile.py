"""What goes into the image: the files that it copies, and nothing that may hold a secret."""

import fnmatch
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IGNORED = [one for one in (ROOT / ".dockerignore").read_text().splitlines() if one and not one.startswith("#")]
COPIED = [
    source
    for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", (ROOT / "deploy" / "Dockerfile").read_text())
    for source in line.split()[:-1]
]


def is_sent(path: str) -> bool:
    """Tell whether a file is part of the build, as the last pattern that matches it says."""
    sent = True
    for pattern in IGNORED:
        bare = pattern.removeprefix("!").removeprefix("**/")
        parts = [path, *(path[: place.start()] for place in re.finditer("/", path))]
        names = [part.rpartition("/")[2] if pattern.startswith("**/") else part for part in parts]
        if any(fnmatch.fnmatchcase(name, bare) for name in names):
            sent = pattern.startswith("!")
    return sent


@pytest.mark.parametrize("path", [*COPIED, "watchdog/daemon/engine/engine.py"])
def test_what_the_image_copies_is_sent(path: str) -> None:
    """Or the build would fail."""
    assert (ROOT / path).exists() and is_sent(path)


@pytest.mark.parametrize(
    "path",
    [".env", "watchdog/.env", "watchdog.db", "watchdog.db-wal", "watchdog/x.db", ".git/config", "watchdog.yaml"],
)
def test_what_may_hold_secrets_is_not(path: str) -> None:
    """Secrets, the record, the history of the repository, a configuration."""
    assert not is_sent(path)
