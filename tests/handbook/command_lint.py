"""Whether a command in README or handbook can be typed: ours parse, others are known."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cyclopts import CycloptsError

from tests.handbook.blocks import ROOT
from watchdog.cli.main import app
from watchdog.sandbox.__main__ import parser

PLAIN = frozenset({"cat", "cd", "cp", "echo", "export", "ls", "mkdir", ".ci/run"})
"""Programs whose arguments are not looked at."""
READS = frozenset(
    {"check", "checklist", "digest", "docs", "explain", "follow_ups", "history", "incidents", "postmortem"}
    | {"schema", "show", "silences", "stats", "status", "why_not"}
)
"""Functions of commands that read a record, or only a configuration: those are run."""
OUTSIDE = frozenset({"--live", "--settle", "--site", "--watch"})
"""Options that make such a command leave this machine, write elsewhere, or never end."""
EXAMPLES = {"INCIDENT": "web-1", "SERVICE": "web", "PAGE": "operation"}
"""What is run in place of a word that stands for one of the reader's own."""


def wrong(words: Sequence[str], *, marked: bool) -> str:
    """Return what is wrong with a command; nothing if it can be typed."""
    program, rest = words[0], list(words[1:])
    name = Path(program).name
    if name == "watchdog":
        return wrong_of_ours(rest)
    if name == "watchdog-sandbox":
        return wrong_of_the_sandbox(rest)
    if name in ("python", "python3") and rest[:1] == ["-m"]:
        return wrong_module(rest[1:])
    if name == "pip" and rest[:1] == ["install"]:
        return wrong_install(rest[1:])
    if name in ("uvx", "pipx"):
        return wrong_run(rest)
    if name == "pytest":
        missing = [word for word in rest if word.startswith("tests/") and not (ROOT / word).exists()]
        return f"there is no {missing[0]}" if missing else ""
    return "" if marked or program in PLAIN else f"{program}: unknown program: mark the block with what it needs"


def wrong_of_ours(words: Sequence[str]) -> str:
    """Return why the command line refuses the words; nothing if it takes them."""
    if "--help" in words:
        _, _, unknown = app.parse_commands([word for word in words if word != "--help"])
        return f"watchdog {' '.join(words)}: there is no {unknown[0]}" if unknown else ""
    try:
        parsed(*words)
    except CycloptsError as error:
        return f"watchdog {' '.join(words)}: {error}"
    return ""


def wrong_of_the_sandbox(words: Sequence[str]) -> str:
    """Return why the sandbox refuses the words; nothing if it takes them."""
    try:
        parser().parse_args(list(words))
    except SystemExit:
        return f"watchdog-sandbox {' '.join(words)}: refused"
    return ""


@cache  # a command is looked at twice
def parsed(*words: str) -> str:
    """Return the name of the function that these words call. Raises CycloptsError."""
    _, bound, _ = app.meta.parse_args(list(words), exit_on_error=False, print_error=False)
    command, _, _ = app.parse_args(list(bound.args), exit_on_error=False, print_error=False)
    return str(getattr(command, "__name__", ""))


def runnable(words: Sequence[str]) -> bool:
    """Tell whether a command of ours can be run on a record in a folder."""
    return (
        "--help" not in words
        and parsed(*words) in READS
        and not OUTSIDE & set(words)
        and not {"-c", "--config"} & set(words)
    )


def wrong_module(words: Sequence[str]) -> str:
    if words[0] in ("venv", "pip"):
        return wrong_install(words[2:]) if list(words[:2]) == ["pip", "install"] else ""
    path = ROOT / words[0].replace(".", "/")
    there = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    return "" if there else f"there is no module {words[0]}"


def wrong_install(words: Sequence[str]) -> str:
    """Return what is wrong with what is installed: this package, from here or from an index, with extras that exist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [word for word in words if not word.startswith("-")]
    for one in wanted:
        found = re.fullmatch(rf"(?:\.|{re.escape(project['name'])})(?:\[([\w,-]+)\])?(?:[=<>~].*)?", one)
        unknown = set(found[1].split(",")) - set(project["optional-dependencies"]) if found and found[1] else set()
        if found is None or unknown:
            return f"{one}: not this package, or not an extra of it"
    return "" if wanted else "nothing is installed"


def wrong_run(words: Sequence[str]) -> str:
    """Return what is wrong with `uvx --from PACKAGE watchdog …`, or with `pipx install PACKAGE` and `pipx run`."""
    rest = [word for word in words if word not in ("run", "install", "--from", "--spec")]
    if not rest:
        return "nothing is run"
    return wrong_install(rest[:1]) or (wrong_of_ours(rest[2:]) if rest[1:2] == ["watchdog"] else "")
