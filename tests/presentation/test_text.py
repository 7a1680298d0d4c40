"""Text for a terminal: hostile input is disarmed, numbers read as people say them; test_explain.py has whole lines."""

from collections.abc import Callable

import pytest

from watchdog.presentation import text


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("fix\x1b[2Jscreen", "fix[2Jscreen"),
        ("one\r\ntwo\tthree", "one  two three"),
        ("\x9b31mred\x07", "31mred"),
        ("safe\u202etxt.exe", "safetxt.exe"),
        ("a\ud800b", "ab"),
        ("[bold red]not markup[/]", "[bold red]not markup[/]"),
        ("  far       away  ", "far  away"),
        ("line\u2028break", "line break"),
        ("", ""),
        pytest.param("x" * 1_000_000, "x" * (text.LONGEST - 1) + "…", id="a megabyte becomes one short line"),
    ],
)
def test_foreign_text_cannot_drive_the_terminal(foreign: str, shown: str) -> None:
    """Control, bidirectional, surrogate and line characters go; the words stay."""
    assert text.clean(foreign) == shown


NUMBERS = {679.4: "679", 2.9: "2.9", 0.05: "1/20", 0.000183: "1/5464", 0.02: "1/50", 0.37: "0.37", 1.0: "1"}
CHANCES = {0.99999: "> 0.999", 0.9985: "0.999", 0.796: "0.796", 0.0001: "< 0.001"}
ODDS = {679.2: "679 : 1", 0.55: "0.55 : 1", 9.13e-06: "1 : 109529", 0.0: "0 : 1"}
CODES = {"9f3c2abd4e5f": "9f3c2ab", "sha256:0123456789": "0123456", None: "no commit"}


@pytest.mark.parametrize(
    ("show", "table"),
    [
        pytest.param(text.show_number, NUMBERS | {3e7: "3.0e+07", 0.0: "0"}, id="as one would say them"),
        pytest.param(text.show_probability, CHANCES, id="neither 0 nor 1 is ever claimed"),
        pytest.param(text.show_likely, {0.58: "58 % likely", 0.29: "29 % likely"}, id="as the figure beside it"),
        pytest.param(text.show_odds, ODDS, id="small odds are written the other way round"),
        pytest.param(text.short, CODES, id="seven characters, digests without their prefix"),
    ],
)
def test_numbers_and_codes(show: Callable[..., str], table: dict) -> None:
    """Odds, factors, probabilities and commits, as people read them."""
    assert {value: show(value) for value in table} == table


def test_what_people_copy_stays_whole() -> None:
    """An address that is longer than a line, and an id with hyphens at the end of one."""
    address, name = f"https://www.acme.example/{'a' * text.WIDTH}", "srv-0123456789-0123456789"
    for lines in (text.section("SEE", f"{'word ' * 10}{name} {address}"), text.flow(f"{'word ' * 14}{name} {address}")):
        assert [line.strip() for line in lines[1:]] == [name, address]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [("onset before it", "Onset before it."), ("dep-42 did it", "dep-42 did it."), ("Really?", "Really?"), (" ", "")],
)
def test_sentences(said: str, sentence: str) -> None:
    """A sentence has a capital and a stop; ids keep their case."""
    assert text.sentence(said) == sentence
