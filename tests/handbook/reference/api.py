"""The JSON API, from its own OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.handbook.reference.markdown import code, first_upper, page, table
from watchdog.console.routes.api import _routes
from watchdog.domain.commands.command_table import ROWS

ABOUT = """\
Below `/api/v1` of the console (`console: {enabled: true}`), for programs: `Authorization: Bearer TOKEN`, with one of
the tokens of the roles. The OpenAPI document with every field of every answer is at `/api/v1/openapi.json`. Times are
UTC epoch seconds; a duration is written with its unit, as in `2h`.

Every answer may be 401 (no token, or a wrong one), 403 (the role does not allow it), 422 (the request is not as
described), 429 (too often: `retry-after` says when) or 503 (the store or the daemon does not answer: nothing was
done). Its body has `detail`, the reason, and `help`, the path of the page here that explains it; an answer to a command
that was not done (409) has that `help`, too."""


def text() -> str:
    document = _routes("0").openapi()
    found = list(operations(document))
    roles = {one.name.replace("-", " "): one.role.name.lower() for one in ROWS}
    reads = [
        (code(f"GET {path}"), " ".join(query(what)) or "–", what["description"])
        for path, verb, what in found
        if verb == "get"
    ]
    asks = [
        (code(f"POST {path}"), roles[what["summary"].lower()], fields(what, document), what["description"])
        for path, verb, what in found
        if verb == "post"
    ]
    return page(
        "Reference: API of the console",
        ABOUT,
        "the console's OpenAPI document",
        "## Reading\n\nEvery role may read.",
        table(("Request", "Query", "What it answers"), reads),
        "## Commands\n\nThe answer has `state` (`done`, or with status 409 `refused`, `failed`) and `answer` in words.",
        table(("Request", "Least role", "Body", "What it asks for"), asks),
    )


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield path, method and description of each operation."""
    for path, methods in document["paths"].items():
        for verb, what in methods.items():
            yield path, verb, what


def query(what: Mapping[str, Any]) -> Iterator[str]:
    yield from (code(one["name"]) for one in what.get("parameters", ()) if one["in"] == "query")


def fields(what: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return the fields of the body: each with what it means, those that must be there first."""
    content = what.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if content is None:
        return "–"
    body = document["components"]["schemas"][content["$ref"].rsplit("/", 1)[1]]
    needed = body.get("required", ())
    parts = [
        f"{code(name)}{'' if name in needed else ' (optional)'}{told(one)}"
        for name, one in sorted(body["properties"].items(), key=lambda item: item[0] not in needed)
    ]
    return "<br>".join(parts)


def told(one: Mapping[str, Any]) -> str:
    """Return what a field means, if its document says so."""
    choices = ", ".join(map(code, one.get("enum", ())))
    text = first_upper(one.get("description", "").rstrip("."))
    words = f"{text} ({choices})" if text and choices else text or choices
    return f": {words}" if words else ""
