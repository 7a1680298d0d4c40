"""The kept inputs of each parser, and how new ones are made of them.

A corpus is a text: each line one input, as a Python literal of bytes, or several joined by `+` and repeated by `*`.
"""

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).with_name("corpus")
INTERESTING: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**400, -(10**18), 1e308, float("inf"), float("nan"), "", "x", "\ud800", "\0"),
    *("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", "1e999", "NaN", "é" * 300, [], {}, [[]], {"": None}),
)
TOKENS = (
    b"\0",
    b"\r\n",
    b"\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"%00",
    b"%",
    b"[" * 2000,
    b"{" * 50,
    b'"',
    b"\\",
    b"=",
    b";",
)
TOKENS += (b":", b"://", b"9" * 5000, b"1e999", b"-", b"..", b"xn--", b"\xd9\xa9", b" " * 3000, b",", b"a." * 500)


GROWN_MAX = 256 * 1024


def kept(name: str) -> list[bytes]:
    path = FOLDER / f"{name}.txt"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [_value(ast.parse(line, mode="eval").body) for line in lines if line and not line.startswith("#")]


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.BinOp(left, ast.Add(), right):
            return _value(left) + _value(right)
        case ast.BinOp(left, ast.Mult(), right):
            return _value(left) * _value(right)
    raise ValueError(f"not an input: {ast.unparse(node)[:60]}")


def variations(name: str, number: int, longest: int) -> Iterator[bytes]:
    """Yield so many inputs, the same each time, made of those that are kept."""
    seeds = kept(name) or [b""]
    for turn in range(number):
        yield varied(Random(f"{name} {turn}"), seeds)[:longest]


def varied(luck: Random, seeds: Sequence[bytes]) -> bytes:
    """Return an input made of kept ones: bytes damaged, values of its JSON replaced, a piece of it many times."""
    data = luck.choice(seeds)
    if luck.random() < 0.5 and (changed := _changed_json(luck, data)) is not None:
        return changed
    for _ in range(luck.randint(1, 4)):
        at, end = sorted(luck.randint(0, len(data)) for _ in range(2))
        match luck.randrange(6):
            case 0:
                data = data[:at] + luck.choice(TOKENS) + data[end if luck.random() < 0.3 else at :]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                data = data[:at] + bytes([luck.randrange(256)]) + data[at + 1 :]
            case 3:
                times = min(luck.choice((1, 2, 50, 5000)), GROWN_MAX // max(1, end - at))
                data = data[:end] + data[at:end] * times + data[end:]
            case 4:
                other = luck.choice(seeds)
                data = data[:at] + other[luck.randint(0, len(other)) :]
            case _:
                data = data[:at] + data[at:end][::-1] + data[end:]
        data = data[:GROWN_MAX]
    return data


def _changed_json(luck: Random, data: bytes) -> bytes | None:
    """Return the same with values replaced, where it is JSON (behind the head of an answer, perhaps)."""
    head, gap, body = data.rpartition(b"\n\n")
    tail = b""
    if body[:1] == b"{" and b"\n" in body:
        lines = body.split(b"\n")
        at = luck.randrange(len(lines))
        body, tail = lines[at], b"".join(b"\n" + line for line in lines[at + 1 :])
        head, gap = head + gap + b"".join(line + b"\n" for line in lines[:at]), b""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for _ in range(luck.randint(1, 3) if len(body) < GROWN_MAX else 0):
        found = _replaced(luck, found)
    try:
        return head + gap + json.dumps(found).encode("ascii") + tail
    except (ValueError, RecursionError):
        return None


def _replaced(luck: Random, value: Any) -> Any:
    """Return a JSON value with something in it replaced, left out, or there many times."""
    if isinstance(value, dict) and value and luck.random() < 0.9:
        key = luck.choice(list(value))
        if luck.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: _replaced(luck, value[key])}
    if isinstance(value, list) and value and luck.random() < 0.9:
        at = luck.randrange(len(value))
        if luck.random() < 0.15:
            return value * luck.choice((0, 2, min(400, 4000 // len(value))))
        return [*value[:at], _replaced(luck, value[at]), *value[at + 1 :]]
    return luck.choice((*INTERESTING, [value], {"id": value}))
