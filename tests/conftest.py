"""Options of the whole suite."""

import gc
import os
import sys
import time

import pytest
import structlog

from tests.support.canaries import pytest_runtest_makereport as pytest_runtest_makereport  # no secret comes out
from tests.support.made_once import pytest_configure as pytest_configure  # what workers of one run share

os.environ["TZ"] = "UTC"  # a terminal shows local time, and what tests expect is the same everywhere
time.tzset()
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of daemons begin: each would compile itself anew
sys.dont_write_bytecode = False  # this process has read the variable; without -n it compiles the tests itself

structlog.configure(  # an error's traceback in colours and with every local costs seconds each
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

STRIDE = 7
YOUNG_MAX = 20_000
MARK = "pytest.mark.long"
""".ci/run lets four processes collect the long tests alone: the files in which this stands."""
LONG_TESTS_END = 0.85
"""The last long test begins when so much of the short ones is done: they fill the workers while it waits."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let stories be told anew and crash points be drawn again."""
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write the behaviour part of tests/stories/*.txt anew; commit only what you understand the cause of",
    )
    parser.addoption(
        "--crash-seed", default="", help="draw the sample of crash points from this text, not from the commit's name"
    )


@pytest.hookimpl(tryfirst=True)  # before those are left out that `-m` does not want
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread long tests evenly, neighbours apart, where they run with others: the others fill their waiting."""
    os.environ.pop("PYTEST_ADDOPTS", None)  # read by now: a pytest that a test starts has options of its own
    long = [item for item in items if item.get_closest_marker("long")]
    if hidden := {path for path in {item.path for item in long} if MARK not in path.read_text(encoding="utf-8")}:
        raise pytest.UsageError(f".ci/run would not find these long tests: write {MARK} in {sorted(map(str, hidden))}")
    long = [item for first in range(STRIDE) for item in long[first::STRIDE]]
    short = [item for item in items if not item.get_closest_marker("long")]
    places = [((nth + 0.5) / len(long) * LONG_TESTS_END, item) for nth, item in enumerate(long)]
    places += [((nth + 0.5) / len(short), item) for nth, item in enumerate(short)]
    items[:] = [item for _, item in sorted(places, key=lambda place: place[0])]


def pytest_collection_finish() -> None:
    """Spare the collector of garbage the eight thousand tests themselves: a tenth of the suite's time."""
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
    gc.collect()
    gc.freeze()
