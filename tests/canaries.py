"""The suite's own canaries: keys that its daemons and clients are given must be in nothing that a test lets out.

A pytest plugin (tests/conftest.py takes it in): what a test printed and logged is searched, and so is what its daemons
wrote into its folder (their output and their store). A hit fails the test, whatever it asserted.

Rule: the keys are the make-believe cloud's, the ones that every test of a vendor uses, and whatever holds a word of
WORDS; a new secret of a test is given such a word and is watched from then on.
"""

import base64
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from watchdog.sandbox import keys

KEYS = (
    keys.RENDER_API_KEY,
    keys.SENTRY_TOKEN,
    keys.GITHUB_TOKEN,
    keys.SLACK_BOT_TOKEN,
    keys.PAGERDUTY_ROUTING_KEY,
    keys.SLACK_WEBHOOK_PATH,
)
WORDS = ("c4n4ry", "canary-")
WRITTEN = ("*.log", "*.err", "*.db", "*.db-wal")
"""Files that a daemon writes; configurations and the sandbox's own log hold keys rightly."""
FILE_MAX_BYTES = 64 * 1024 * 1024

_FORMS = [form for key in KEYS for form in (key, base64.b64encode(key.encode()).decode().rstrip("="))]
_PATTERN = re.compile("|".join(re.escape(form) for form in _FORMS) + "|(?i:" + "|".join(WORDS) + ")")


def hits(text: str) -> list[str]:
    """Return what must not be in a text, each once, with a little of what stands around it."""
    found = {match[0]: text[max(0, match.start() - 60) : match.end() + 20] for match in _PATTERN.finditer(text)}
    return [f"{what!r} in …{around!r}…" for what, around in found.items()]


def hits_in(folder: Path) -> Iterator[str]:
    """Yield what must not be in the files that daemons wrote below a folder."""
    for pattern in WRITTEN:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and path.stat().st_size <= FILE_MAX_BYTES:
                yield from (f"{path.name}: {hit}" for hit in hits(path.read_bytes().decode("latin-1")))


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
