"""The kept inputs of every parser of foreign bytes, and some hundred more that are made of them: none is a surprise."""

import pytest

from tests.fuzz.corpus import FOLDER, kept, variations
from tests.fuzz.parsers import PARSERS
from tests.fuzz.play import played

MADE = 100
"""Inputs for each parser, the same with every commit; `python -m tests.fuzz NAME` makes others, guided by coverage."""
KEPT_BYTES_MAX = 200 * 1024


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_kept_is_answered(name: str) -> None:
    """Each input once ended in a traceback or a hang, or is a good one from which others are made."""
    assert kept(name), f"corpus/{name}.txt holds no input"
    for data in kept(name):
        try:
            played(PARSERS[name], data)
        except BaseException:
            print(ascii(data[:2000]))
            raise


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_made_of_it_is_answered_as_documented(name: str) -> None:
    """Damaged bytes, strange values in JSON, a piece many thousand times: an answer, soon, and not more than it may."""
    for data in variations(name, MADE, PARSERS[name].longest):
        try:
            played(PARSERS[name], data)
        except BaseException:
            print(ascii(data[:2000]))
            raise


def test_the_corpus_stays_small_and_belongs_to_a_parser() -> None:
    files = list(FOLDER.iterdir())
    assert {path.stem for path in files} == set(PARSERS)
    assert sum(path.stat().st_size for path in files) < KEPT_BYTES_MAX
