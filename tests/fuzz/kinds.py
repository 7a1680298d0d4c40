"""What a parser of foreign bytes is, for a fuzzer: how it is fed, what it may answer, how much may come of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

CPU_SECONDS_MAX = 2.0
"""Of the processor for one input; what is linear takes a hundredth, what grows with the square far more."""


@dataclass(frozen=True)
class Parser:
    """One of them. `read` feeds it with bytes, and raises one of `answers` where that is what it says of bad ones.

    `longest` is how many bytes reach it at most. What it returns has at most `most` characters, and `times` as many as
    it was given; a parser that writes about an input and does not keep it has 0 there.
    """

    read: Callable[[bytes], object]
    answers: tuple[type[Exception], ...] = ()
    longest: int = 64 * 1024
    most: int = 4000
    times: int = 0


def text_of(data: bytes) -> str:
    """Return the bytes as text: half a character comes in JSON as it does here."""
    return data.decode("utf-8", "surrogateescape")


def json_of(data: bytes) -> Any:
    """Return the bytes as the clients of vendors take them: what is not JSON is None."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def tried(answers: type[Exception], read: Callable[..., object], *given: object) -> object:
    """Return what it makes of this, or its words if it raises one of the errors that are answers."""
    try:
        return read(*given)
    except answers as error:
        return str(error)


def size_of(value: object) -> int:
    """Return how many characters and numbers a value holds, all the way down."""
    found, todo = 0, [value]
    while todo:
        one = todo.pop()
        if isinstance(one, (str, bytes, bytearray)):
            found += len(one)
        elif isinstance(one, Mapping):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            todo += one
        elif is_dataclass(one) and not isinstance(one, type):
            todo += [getattr(one, part.name) for part in fields(one)]
        else:
            found += 1
    return found


def split(data: bytes, parts: int) -> list[bytes]:
    """Return so many parts, which a line of a hyphen alone tells apart; the last ones may be empty."""
    found = data.split(b"\n-\n", parts - 1)
    return [*found, *[b""] * (parts - len(found))]
