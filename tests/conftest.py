"""Options of the whole suite."""

import pytest

from tests.canaries import pytest_runtest_makereport as pytest_runtest_makereport  # no secret comes out


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let stories be told anew."""
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write the behaviour part of tests/stories/*.txt anew; commit only what you understand the cause of",
    )
