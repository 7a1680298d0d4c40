"""The table of tools against the console's own document: a tool is an answer of the API, and nothing else."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.console.scene import town
from watchdog.cli.mcp.tools import QUESTION, TOOLS

BY_NAME = {one.name: one for one in TOOLS}


def as_described(path: str) -> str:
    """Return a path as the API's document spells it."""
    return path.replace("{incident}", "{incident_id}").replace("{service}", "{name}")


async def test_each_tool_is_one_answer_of_the_api() -> None:
    """Its arguments are those of the operation; a tool that answers sends the question and the code."""
    async with town() as one:
        document = await one.json("/openapi.json")
    for tool in TOOLS:
        operation = document["paths"][as_described(tool.path)]["post" if tool.is_answer else "get"]
        theirs = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        ours = {name for name in tool.takes.model_fields if f"{{{name}}}" not in tool.path}
        if tool.is_answer:
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert set(document["components"]["schemas"][name]["properties"]) == {*QUESTION, *ours}
        else:
            assert ours <= theirs, tool.name


@pytest.mark.parametrize(
    ("name", "given", "path", "rest"),
    [
        ("status", {}, "/services", {}),
        ("status", {"tag": "a b"}, "/services", {"tag": "a b"}),
        ("incidents", {}, "/incidents", {"limit": 20}),
        ("explain", {"incident": "web-1"}, "/incidents/web-1", {}),
        ("why_not", {"service": "web", "at": "1970-01-01T00:01:00"}, "/services/web/why-not", {"at": 60.0}),
        ("why_not", {"service": "web", "at": "1970-01-01T01:01:00+01:00"}, "/services/web/why-not", {"at": 60.0}),
        ("plan_rollback", {"service": "web", "to": "dep-40"}, "/services/web/plan", {"to": "dep-40"}),
        ("approve", {"incident": "web-1"}, "/incidents/web-1/approve", {"code": ""}),
    ],
)
def test_arguments_become_an_address(name: str, given: dict[str, Any], path: str, rest: dict[str, Any]) -> None:
    tool = BY_NAME[name]
    assert tool.address(tool.takes.model_validate(given)) == (path, rest)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("explain", {}),
        *(
            ("explain", {"incident": bad})
            for bad in ("..", "../audit", "web-1/approve", "web-1?x=1", "a%2f", "", "a\n", "x" * 121)
        ),
        ("explain", {"incident": "web-1", "path": "/settings"}),
        ("status", {"tag": "x" * 41}),
        ("incidents", {"limit": 101}),
        *(("why_not", {"service": "web", "at": bad}) for bad in ("noon", 60, None, "9" * 400)),
        ("plan_rollback", {"service": "web", "to": "../x"}),
        ("approve", {"incident": "web-1", "code": "x" * 201}),
    ],
)
def test_no_argument_leads_elsewhere(name: str, given: dict[str, Any]) -> None:
    """Neither to another path of the console, nor past the limits."""
    with pytest.raises(ValidationError):
        BY_NAME[name].takes.model_validate(given)
