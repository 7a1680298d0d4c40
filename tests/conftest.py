"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let stories be told anew."""
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write the behaviour part of tests/stories/*.txt anew; commit only what you understand the cause of",
    )
