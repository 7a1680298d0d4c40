"""The JSON Schema of the configuration, by which editors complete keys, show their meaning and mark mistakes.

It is made of the shapes and of the adapters' options, with the comments of config/watchdog.yaml as descriptions. The
result is shipped (`SHIPPED`): `watchdog schema` prints that file, and a test makes it anew and compares.

Rule: it refuses no configuration that loads. Checks between keys are left to `watchdog check`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.signals import SIGNALS
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import parse

DIALECT = "http://json-schema.org/draft-07/schema#"
"""Draft 7: the one that editors' YAML servers know best."""
SHIPPED = Path(__file__).with_name("watchdog.schema.json")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "gt", "ge", "lt", "le")
DESCRIPTION_MAX = 600
Found = dict[str, Any]


def configuration_schema(reference: str) -> Found:
    """Return the schema; `reference` is the text of config/watchdog.yaml, whose comments describe the keys."""
    whole = Shape.model_json_schema(by_alias=True)
    definitions: Found = whole.pop("$defs")
    signals = [_definition(definitions, kind.options) for kind in SIGNALS.values()]
    # The shape says only "a mapping" there, since adapters check their own options; editors need the alternatives.
    definitions["ServiceShape"]["properties"]["signals"]["additionalProperties"] = {"anyOf": signals}
    definitions["ServiceShape"]["properties"]["signals"]["minProperties"] = 1
    # The loader reports a missing key itself, with advice; to pydantic these keys have defaults.
    definitions["ServiceShape"]["required"] = ["signals"]
    channels = {name: _definition(definitions, kind.options) for name, kind in NOTIFIERS.items()}
    whole["properties"]["channels"] |= {"properties": channels, "additionalProperties": False}
    whole["properties"]["services"]["minProperties"] = 1
    whole |= {"required": ["version", "services"], "description": "The configuration of render-watchdog."}
    _describe(whole, definitions, reference)
    return {"$schema": DIALECT, "title": "watchdog.yaml", **_plain(whole), "definitions": _plain(definitions)}


def _definition(definitions: Found, options: type[BaseModel]) -> Found:
    """Add a model to the definitions; return the reference to it."""
    made = options.model_json_schema(by_alias=True)
    definitions.update(made.pop("$defs", {}))
    definitions[options.__name__] = made
    return {"$ref": f"#/$defs/{options.__name__}"}


def _plain(value: Any, is_names: bool = False) -> Any:
    """Return a piece in the form for editors: without titles, without defaults in parsed form, in draft 7's words.

    `is_names`: the keys of this mapping are names (of options, of definitions), not words of JSON Schema.
    """
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value.replace("#/$defs/", "#/definitions/") if isinstance(value, str) else value
    if is_names:
        return {name: _plain(one) for name, one in value.items()}
    kept = {word: one for word, one in value.items() if word != "title" and not _is_stray(word, value)}
    if set(kept) > {"$ref"}:  # draft 7 ignores what stands beside a reference
        kept["allOf"] = [{"$ref": kept.pop("$ref")}, *kept.get("allOf", [])] if "$ref" in kept else kept.get("allOf")
        kept = {word: one for word, one in kept.items() if one is not None}
    return {word: _plain(one, word in ("properties", "definitions")) for word, one in kept.items()}


def _is_stray(word: str, piece: Mapping[str, Any]) -> bool:
    """Return whether a word describes the parsed value (seconds, bytes), which differs from the written text."""
    if word == "default":
        fits = {"string": str, "boolean": bool, "integer": int, "number": int | float}
        return not isinstance(piece["default"], fits.get(str(piece.get("type")), ()))
    return word in BOUNDS and piece.get("type") not in ("integer", "number")


def _describe(whole: Found, definitions: Mapping[str, Found], reference: str) -> None:
    """Give every key its comment in the reference; the first place where the key stands counts."""
    document, lines = parse(reference, "watchdog.yaml"), reference.splitlines()
    for path, line in document.lines.items():
        words = _comment(lines, line - 1)
        for piece in _pieces(whole, definitions, path):
            if words and "description" not in piece:
                piece["description"] = words


def _pieces(piece: Found, definitions: Mapping[str, Found], path: Sequence[str | int]) -> Iterator[Found]:
    """Yield the pieces of the schema that describe the key at that path; none for a name of the user's own."""
    for one in _alternatives(piece, definitions):
        if isinstance(path[0], int):
            inner, is_key = one.get("items"), False
        else:
            inner, is_key = one.get("properties", {}).get(path[0]), True
            if inner is None:
                inner, is_key = one.get("additionalProperties"), False
        if not isinstance(inner, dict):
            continue
        if len(path) > 1:
            yield from _pieces(inner, definitions, path[1:])
        elif is_key:
            yield inner


def _alternatives(piece: Found, definitions: Mapping[str, Found]) -> Iterator[Found]:
    if "$ref" in piece:
        yield from _alternatives(definitions[piece["$ref"].rpartition("/")[2]], definitions)
        return
    yield piece
    for other in piece.get("anyOf", ()):
        yield from _alternatives(other, definitions)


def _comment(lines: Sequence[str], number: int) -> str:
    """Return the comment at the end of a line and on the lines below that continue it."""
    found = re.search(r"(?:^| )# ?(.*)$", lines[number])
    if found is None:
        return ""
    words = [found[1]]
    for line in lines[number + 1 :]:
        # Continuations are indented to the column of comments; a commented-out key begins further left.
        more = re.match(r" {20,}#( ?.*)$", line)
        if more is None:
            break
        words.append(more[1].strip())
    text = " ".join(words)
    return text if len(text) <= DESCRIPTION_MAX else text[: DESCRIPTION_MAX - 1] + "…"
