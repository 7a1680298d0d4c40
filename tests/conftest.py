"""Options of the whole suite."""

import os
from pathlib import Path

import pytest
import structlog

from tests.canaries import pytest_runtest_makereport as pytest_runtest_makereport  # no secret comes out

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of daemons begin: each would compile itself anew

structlog.configure(  # an error's traceback in colours and with every local costs seconds each
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

LONG = [Path(__file__).parent / folder for folder in ("faults", "app", "simulation")]
"""Where a test takes seconds to minutes, most of them waiting for real processes."""
STRIDE = 7


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let stories be told anew."""
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write the behaviour part of tests/stories/*.txt anew; commit only what you understand the cause of",
    )
    parser.addoption(
        "--crash-seed", default="", help="draw the sample of crash points from this text, not from the commit's name"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long tests over the whole run, or it ends with one worker waiting in them; order must not matter."""
    long = [item for item in items if item.path.parent in LONG]
    long = [item for first in range(STRIDE) for item in long[first::STRIDE]]
    short = [item for item in items if item.path.parent not in LONG]
    places = [((nth + 0.5) / len(group), item) for group in (long, short) for nth, item in enumerate(group)]
    items[:] = [item for _, item in sorted(places, key=lambda place: place[0])]
