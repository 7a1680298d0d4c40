"""The suite's own canaries: keys that its daemons and clients are given must be in nothing that a test lets out.

A pytest plugin (tests/conftest.py takes it in): what a test printed and logged is searched, and so is what lies in its
folder: what its daemons wrote, answered and stored (PostgreSQL's tables as a dump), what its commands printed, what the
sandbox's people were told. A hit fails the test, whatever it asserted.

Rule: the keys are the simulated cloud's, the ones that every test of a vendor uses, and whatever holds a word of
WORDS; a new secret of a test is given such a word and is watched from then on.
"""

import base64
import contextlib
import json
import re
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from watchdog.sandbox import keys

KEYS = (
    *(keys.RENDER_API_KEY, keys.SENTRY_TOKEN, keys.SENTRY_PUBLIC_KEY, keys.GITHUB_TOKEN, keys.PAGERDUTY_ROUTING_KEY),
    keys.GITHUB_WRITE_TOKEN,
    *(keys.SLACK_BOT_TOKEN, keys.SLACK_APP_TOKEN, keys.SLACK_WEBHOOK_PATH),
)
WORDS = ("c4n4ry", "canary-")
WRITTEN = ("*.log", "*.err", "*.db", "*.db-wal", "*.dump", "*.jsonl.gz")
"""Files that a daemon writes, or that tests make of what it answers and keeps; configurations hold keys rightly."""
HEARD = "sandbox.jsonl"
ADDRESSED = {"path": "", "query": "", "id": ""}
"""The sandbox's own log: what people were told; and what in it is a request's address, which holds a key rightly."""
PIECE_BYTES = 4 * 1024 * 1024
OVERLAP_BYTES = 1024
CODED_MIN = 5
"""Shorter pieces of base64 are in any text by chance."""


def forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, as it stands in an address, and the middle of it in base64 after any other text."""
    plain = secret.encode()
    coded = []
    for before in range(3):  # the bits of a byte fall differently for each number of bytes before it
        text = base64.b64encode(bytes(before) + plain).decode().rstrip("=")
        coded.append(text[4 if before else 0 : len(text) - 2])
    return tuple(dict.fromkeys([secret, quote(secret), quote(secret, safe=""), *coded, *map(_for_urls, coded)]))


def _for_urls(coded: str) -> str:
    return coded.translate(str.maketrans("+/", "-_"))


_FORMS = [form for key in KEYS for form in forms(key)]
_CODED = [form for word in WORDS for form in forms(word) if form != word and len(form) >= CODED_MIN]
_EXACT = (*_FORMS, *_CODED)
_PATTERN = re.compile("|".join(map(re.escape, _EXACT)) + "|(?i:" + "|".join(WORDS) + ")")


def hits(text: str) -> list[str]:
    """Return what must not be in a text, each once, with a little of what stands around it."""
    lower = text.lower()  # looking for each form by itself is many times faster than the pattern that names them
    if not any(form in text for form in _EXACT) and not any(word in lower for word in WORDS):
        return []
    found = {match[0]: text[max(0, match.start() - 60) : match.end() + 20] for match in _PATTERN.finditer(text)}
    return [f"{what!r} in …{around!r}…" for what, around in found.items()]


def hits_in(folder: Path) -> Iterator[str]:
    """Yield what must not be in the files that daemons wrote below a folder."""
    for pattern in WRITTEN:
        for path in filter(Path.is_file, sorted(folder.rglob(pattern))):
            yield from (f"{path.name}: {hit}" for piece in pieces(path) for hit in hits(piece))
    for path in sorted(folder.rglob(HEARD)):
        yield from (f"{path.name}: {hit}" for hit in hits(heard(path)))


def pieces(path: Path) -> Iterator[str]:
    """Yield a file however large it is, in pieces that overlap by more than any secret is long."""
    before = b""
    for piece in unzipped(path) if path.suffix == ".gz" else plain(path):
        yield (before + piece).decode("latin-1")
        before = piece[-OVERLAP_BYTES:]


def plain(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def unzipped(path: Path) -> Iterator[bytes]:
    """Yield what a zipped file holds, as far as it can be unzipped."""
    unzip = zlib.decompressobj(31)
    with contextlib.suppress(zlib.error):
        for piece in plain(path):
            yield unzip.decompress(piece)


def heard(path: Path) -> str:
    """Return the sandbox's log without the addresses that it was asked under; a line half written ends it."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return "\n".join(json.dumps(json.loads(line) | ADDRESSED, ensure_ascii=False) for line in lines)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passed and let a secret out."""
    report = yield
    if report.passed:
        found = [f"{title}: {hit}" for title, text in report.sections for hit in hits(text)]
        folder = getattr(item, "funcargs", {}).get("tmp_path") if report.when == "call" else None
        found += hits_in(folder) if folder is not None else ()
        if found:
            report.outcome = "failed"
            report.longrepr = "a secret came out:\n" + "\n".join(found)
    return report
