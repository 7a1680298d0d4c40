"""Parses a command typed in a channel: `silence web 2h severity=high moving house`."""

import re
from collections.abc import Sequence
from typing import Any

from watchdog.domain.commands.human_command import HumanCommand, InvalidRequest, Kind, Subject, stored_arguments

_OPTION = re.compile(r"([A-Za-z_-]+)=(.*)")


def typed_arguments(command: HumanCommand, words: Sequence[str]) -> dict[str, Any]:
    """Return the command's arguments, its subject first. Raises InvalidRequest.

    The last required argument takes the rest of the words; options may stand before it as `name=value`.
    """
    if command.subject is Subject.NOTHING and not command.arguments:
        return {}
    subject, *rest = words or ("",) if command.subject is not Subject.NOTHING else ("", *words)
    names = [one.name for one in command.required]
    if subject and (len(rest) < len(names) or (rest and not command.arguments)):
        missing = [one.example for one in command.required[len(rest) :]]
        raise InvalidRequest(command.name, f"{missing[0]} is missing" if missing else "too many words", command.usage)
    given: dict[str, Any] = dict(zip(names[:-1], rest, strict=False))
    options, last = _options(command, rest[len(names) - 1 :] if names else rest)
    if names:
        given[names[-1]] = " ".join(last)
    return stored_arguments(command, subject, given | options)


def _options(command: HumanCommand, words: Sequence[str]) -> tuple[dict[str, str], Sequence[str]]:
    """Return the leading options, such as `signal=api severity=high`, and the rest. Raises InvalidRequest."""
    known = {one.name: one for one in command.arguments if one not in command.required}
    shown = " ".join(f"{name}={one.example}" for name, one in known.items())
    instead = f"write {shown}, each once, and then the rest" if known else "leave it out"
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        match = _OPTION.fullmatch(word)
        if match is None:
            return found, words[place:]
        name, value = match[1].lower(), match[2]
        if name not in known or name in found or not value:
            wrong = "twice" if name in found else "nothing behind it" if name in known else "no such option"
            raise InvalidRequest(f"{name}=", wrong, instead)
        found[name] = value.lower() if known[name].kind is Kind.CHOICE else value
    return found, ()
