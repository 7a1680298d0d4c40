"""The spelling of each command at the terminal: the one source for the command line and for every text.

A command has a name, by which code, the store, Slack and the API know it, and a place in the tree of commands
(`incident ack`). A text that names a command takes it from `command_line`, so a command that moves takes its texts
along.
"""

import shlex
from collections.abc import Mapping
from types import MappingProxyType

from watchdog.domain.commands.command_table import ROWS

PROGRAM = "watchdog"
QUOTED = '"…"'
"""A placeholder for a text of the reader's own."""
OTHERS: Mapping[str, str] = MappingProxyType(
    {
        "demo": "demo",
        "init": "init",
        "check": "check",
        "run": "run",
        "status": "status",
        "once": "once",
        "doctor": "doctor",
        "gate": "gate",
        "deploy-watch": "deploy-watch",
        "drill": "drill",
        "database dump": "database dump",
        "database migrate-down": "database migrate-down",
        "database restore": "database restore",
        "database status": "database status",
        "explain": "explain",
        "incidents": "incident list",
        "incident": "incident show",
        "checklist": "incident checklist",
        "postmortem": "incident postmortem",
        "git-revert": "incident revert",
        "fix-branch": "incident fix-branch",
        "issue": "incident issue",
        "git-reset": "incident reset",
        "git-deploy": "incident deploy",
        "deploys": "service deploys",
        "why-not": "service why-not",
        "silences": "service silences",
        "announcements": "announcement list",
        "notify test": "channel test",
        "history": "report history",
        "stats": "report stats",
        "digest": "report digest",
        "follow-ups": "report follow-ups",
        "lab score": "lab score",
        "lab robustness": "lab robustness",
        "lab episode": "lab episode",
        "lab scenario": "lab scenario",
        "lab flapping": "lab flapping",
        "lab replay": "lab replay",
        "lab readiness": "lab readiness",
        "lab import": "lab import",
        "lab traces": "lab traces",
        "lab live": "lab live",
        "lab speed": "lab speed",
        "lab storm": "lab storm",
        "lab soak": "lab soak",
        "backup": "backup",
        "restore": "restore",
        "mcp": "mcp",
        "docs": "docs",
        "schema": "schema",
        "completion": "completion",
    }
)
"""Commands outside the command table: their names, and their spelling at the terminal, in the order of the help."""
PLACES: Mapping[str, str] = MappingProxyType({**OTHERS, **{row.name: row.words for row in ROWS}})
"""The spelling of every command at the terminal, by its name."""
BEFORE_GROUPS = (
    *("incidents", "approve", "reject", "stop", "acknowledge", "undo", "note", "label", "postmortem", "checklist"),
    *("tick", "follow-up", "deploys", "why-not", "silences", "silence", "unsilence", "hold", "restore-auto-deploy"),
    *("notify test", "history", "stats", "follow-ups", "trust"),
)
"""Commands that people typed by their names alone, before there were groups; the list is closed."""
OLD_SPELLINGS: Mapping[str, str] = MappingProxyType({name: PLACES[name] for name in BEFORE_GROUPS})
"""The spellings from before commands were grouped, with the present ones; both work."""


def command_line(name: str, *words: object) -> str:
    """Return the line to type: `watchdog incident ack web-1`. Raises KeyError for an unknown name."""
    return " ".join((PROGRAM, PLACES[name], *map(str, words)))


def pasted(name: str, *words: str, options: Mapping[str, object]) -> str:
    """Return a line that can be pasted into a shell: the words as they were typed, then the options that were given.

    True stands for an option without a value, an empty or false value for one that was not given.
    Raises KeyError for an unknown name.
    """
    given = [(option,) if value is True else (option, str(value)) for option, value in options.items() if value]
    return command_line(name, *map(shlex.quote, (*words, *(word for one in given for word in one))))
