"""A part of a long table that CI runs, another one for each commit; the night runs the rest of the same commit.

For tables whose rows ask the same of many examples: what a commit's part leaves out is found at most a night later.
"""

import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

T = TypeVar("T")


@cache
def of_this_commit() -> str:
    """Return the commit's short name, from which a part is drawn; the day where there is no repository."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent).stdout.strip()
    except OSError:
        said = ""
    return said or date.today().isoformat()  # noqa: DTZ011


def part(rows: Sequence[T], of: int, seed: str) -> Sequence[T]:
    """Return one of so many parts of the rows, in their order, at least one row; each row has its turn."""
    numbers = set(Random(f"{seed} {rows}").sample(range(len(rows)), -(-len(rows) // of)))
    return [row for number, row in enumerate(rows) if number in numbers]


def drawn(rows: Sequence[T], of: int, name: Callable[[T], str] = str) -> list[ParameterSet]:
    """Return the rows as parameters of a test marked `long`: those that are not drawn are the night's."""
    chosen = part(rows, of, of_this_commit())
    return [pytest.param(one, id=name(one), marks=() if one in chosen else pytest.mark.nightly) for one in rows]
