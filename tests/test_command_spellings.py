"""Every text that names a command names one that there is, by its present spelling."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from watchdog.cli.main import app
from watchdog.domain.commands.command_line import OLD_SPELLINGS, PLACES, PROGRAM, command_line

ROOT = Path(__file__).parents[1]
PAGES = (
    *(ROOT / "README.md", ROOT / "watchdog" / "ARCHITECTURE.md"),
    *sorted((ROOT / "watchdog" / "docs").rglob("*.md")),
    *sorted((ROOT / "config").rglob("*.yaml")),
    *sorted((ROOT / "deploy" / "prometheus").glob("*.yaml")),
)
SOURCES = sorted((ROOT / "watchdog").rglob("*.py"))
QUOTED = re.compile(rf"`+(?:\.venv/bin/)?{PROGRAM} ([^`]+)`")
TYPED = re.compile(rf"^(?:\.venv/bin/)?{PROGRAM} ([^#\n]+)", re.MULTILINE)
NAMED = re.compile(rf"\b{PROGRAM} (?:{'|'.join(re.escape(words) for words in {*PLACES.values(), *OLD_SPELLINGS})})\b")
SPELLED_THERE = {"domain/commands/command_line.py", "settings/text/init.py"}
"""Files whose strings may spell a command: where it is spelled, and a file's text that is written as it stands."""


def below(here: App) -> list[str]:
    """Return the words that may follow: commands and groups, no flags."""
    return [word for word in here if not word.startswith("-")]


def wrong(text: str) -> str:
    """Return what of a command line is not so, or nothing: the words of a command, then options that it has."""
    here, words = app, text.split()
    while words and below(here) and not words[0].startswith("-"):
        if words[0].isupper():  # any command: `watchdog COMMAND --help`
            return ""
        choices = words.pop(0).split("|")
        if not set(choices) <= set(below(here)):
            return f"no command {choices}"
        here = here[choices[-1]]
    of_its_own = here.assemble_argument_collection() if not below(here) else ()
    known = {name for argument in of_its_own for name in argument.names} | {"--config", "-c", "--utc", "--help"}
    options = {re.split(r"[=\]]", word.strip("[]"))[0] for word in words if re.match(r"\[?--?[a-z]", word)}
    return f"no option {options - known}" if options - known else ""


def named_in(path: Path) -> Iterator[str]:
    """Return the command lines that a page or a source quotes, or shows in a block."""
    text = path.read_text(encoding="utf-8")
    yield from (" ".join(found.split()) for found in QUOTED.findall(text))
    if path.suffix == ".md":
        yield from (
            found.strip()
            for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
            for found in TYPED.findall(block)
        )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_of_a_page_is_one(path: Path) -> None:
    """By its present spelling, with options that it has."""
    assert {line: wrong(line) for line in named_in(path) if wrong(line)} == {}


def test_every_command_that_a_source_quotes_is_one() -> None:
    """In docstrings, comments and texts; where code makes the text, `command_line` does, which knows no other."""
    found = {
        f"{path.relative_to(ROOT)}: {line}": wrong(line)
        for path in SOURCES
        for line in named_in(path)
        if not line.startswith("{") and wrong(line)
    }
    assert found == {}


def texts(path: Path) -> Iterator[str]:
    """Return the strings of a source that are no docstrings, formatted ones without their values."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def test_a_text_that_names_a_command_takes_it_from_one_function() -> None:
    """So that a command that moves takes its texts along."""
    spelled = [
        f"{name}: {found.group()}"
        for path in SOURCES
        if (name := path.relative_to(ROOT / "watchdog").as_posix()) not in SPELLED_THERE
        for text in texts(path)
        if (found := NAMED.search(text))
    ]
    assert spelled == []


def test_every_name_that_is_asked_for_is_a_command_s() -> None:
    """Also where a text is made once a year."""
    asked = {
        (path.name, call.args[0].value)
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "command_line"
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert len(asked) > 40
    assert {one for one in asked if one[1] not in PLACES} == set()


def leaves(of: App, *above: str) -> Iterator[str]:
    """Return the words of every command below."""
    for word in below(of):
        yield from list(leaves(of[word], *above, word)) or [" ".join((*above, word))]


def test_every_place_is_a_command_and_every_command_has_a_place() -> None:
    """The table of places and the command line say the same."""
    assert sorted(leaves(app)) == sorted(PLACES.values())
    assert command_line("acknowledge", "web-1") == "watchdog incident ack web-1"
    with pytest.raises(KeyError):
        command_line("acknowlege")
