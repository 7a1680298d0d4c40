"""Vendors' documents on the shelf `../shared`: requests and answers are checked against them.

The shelf is not part of the repository: in a clone without it these tests skip, and the end of the run names what was
missing. Where the shelf stands and lacks a document, the test fails in CI.
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.support.child_processes import missing

SHELF = Path(__file__).resolve().parents[3] / "shared"


def on_the_shelf(place: str) -> Path:
    """Return a file or folder of ../shared; skip when it is not there (in CI: fail, if the shelf itself is)."""
    path = SHELF / place
    if not path.exists():
        why = f"../shared/{place} does not stand beside this repository"
        (missing if SHELF.is_dir() else pytest.skip)(why)
    return path


def spec(name: str) -> Any:
    return _load(on_the_shelf(f"specs/{name}"))


@functools.cache
def _load(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else json.loads(text)


def operation(document: Mapping[str, Any], method: str, path: str) -> Mapping[str, Any] | None:
    """Return the operation that a request (path without the base) belongs to, or None; the fewest variables win."""
    matching = []
    for template, item in document["paths"].items():
        pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in item:
            matching.append((template.count("{"), item[method.lower()]))
    return min(matching, key=lambda found: found[0])[1] if matching else None


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """Follow references; some vendors percent-encode theirs."""
    while isinstance(node, Mapping) and "$ref" in node:
        target: Any = document
        for part in unquote(node["$ref"]).removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            target = target[int(name) if isinstance(target, list) else name]
        node = target
    return node


def problems(document: Mapping[str, Any], schema: Mapping[str, Any], body: Any) -> list[str]:
    root = Resource.from_contents(_absolute(document), default_specification=DRAFT4)
    registry = Registry().with_resource("urn:spec", root)
    validator = jsonschema.Draft4Validator(_absolute(schema), registry=registry)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(body)]


def request_problems(
    document: Mapping[str, Any], method: str, path: str, query: Mapping[str, str], body: Any = None
) -> list[str]:
    """Return what is wrong with a request, measured by the document: path, method, parameters, body."""
    found = operation(document, method, path)
    if found is None:
        return [f"{method} {path} is not in the document"]
    known = {resolve(document, parameter)["name"] for parameter in found.get("parameters", ())}
    wrong = [f"unknown parameter {name}" for name in query if name not in known]
    content = resolve(document, found.get("requestBody", {})).get("content", {})
    if "application/json" in content:
        wrong += problems(document, content["application/json"]["schema"], body)
    elif body is not None:
        wrong.append("takes no body")
    return wrong


def _absolute(node: Any) -> Any:
    """Return a copy whose local references name the document."""
    if isinstance(node, Mapping):
        return {
            key: f"urn:spec{value}"
            if key == "$ref" and isinstance(value, str) and value[0] == "#"
            else _absolute(value)
            for key, value in node.items()
        }
    return [_absolute(item) for item in node] if isinstance(node, list) else node
