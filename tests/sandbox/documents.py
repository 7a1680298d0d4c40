"""Checks an answer against a vendor's OpenAPI document.

`oneOf` is read as `anyOf`: Render's document describes a web service's details and a worker's so that one object
satisfies several alternatives, and then asks for exactly one.
"""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jsonschema

from tests.support.vendor_specs import operation, resolve, spec
from watchdog.sandbox.vendors.quirks import NEWER_EVENT_TYPES

RENDER, SENTRY, PAGERDUTY = "render-openapi.json", "sentry-openapi.json", "pagerduty-events-v2-openapi.json"

_formats = jsonschema.FormatChecker(())


@_formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def answer_problems(name: str, method: str, path: str, status: int, body: Any) -> list[str]:
    """Return where an answer departs from the document, each as `place: what`; nothing is fine."""
    schema = _schema(name, method, path, str(status))
    if schema is None:
        return [f"status {status} of {method} {path} is not documented"]
    if schema == {}:
        return []
    validator = jsonschema.Draft7Validator(schema, format_checker=_formats)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(body)]


@functools.cache
def _schema(name: str, method: str, path: str, status: str) -> Any:
    document = spec(name)
    found = operation(document, method, path)
    assert found is not None, f"{method} {path} is not in {name}"
    responses = found["responses"]
    response = responses.get(status, responses.get(f"{status[0]}XX"))
    if response is None:
        return None
    content = resolve(document, response).get("content", {})
    return _plain(document, content["application/json"]["schema"]) if "application/json" in content else {}


def _plain(document: Mapping[str, Any], node: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON schema: no references, null where `nullable`."""
    node = resolve(document, node)
    if isinstance(node, list):
        return [_plain(document, item) for item in node]
    if not isinstance(node, Mapping):
        return node
    plain = {key: _plain(document, value) for key, value in node.items() if key not in ("example", "examples")}
    if isinstance(plain.get("oneOf"), list):
        plain["anyOf"] = plain.pop("oneOf")
    if plain.get("nullable") is True and "anyOf" in plain:
        plain["anyOf"] = [*plain["anyOf"], {"type": "null"}]
    if plain.get("nullable") is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if isinstance(plain.get("enum"), list) and "server_failed" in plain["enum"]:
        plain["enum"] = [*plain["enum"], *NEWER_EVENT_TYPES]
    return plain
