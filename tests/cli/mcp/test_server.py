"""The tools, called by the official SDK's client in this process, against a real console over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import TextContent

from tests.cli import examples as x
from tests.console.auth.test_assistant import ASSISTANT, assisted, codes
from tests.console.scene import NOW, TOKEN, VIEWER, town
from watchdog.cli.mcp.console_client import ConsoleClient, is_safe
from watchdog.cli.mcp.marked import MARK, WARNING
from watchdog.cli.mcp.server import make_server
from watchdog.console.command_service import WRONG_CODE
from watchdog.domain.errors import Permanent, Temporary
from watchdog.presentation.text import iso

READS = ["status", "incidents", "explain", "why_not", "plan_rollback"]
ANSWERS = ["approve", "reject"]


@asynccontextmanager
async def connected(base: httpx.URL | str, token: str = VIEWER, *, may_answer: bool = False) -> AsyncIterator[Client]:
    """Give a client of the server on that console."""
    console = ConsoleClient(str(base), token)
    async with Client(make_server(console, may_answer=may_answer)) as client:
        yield client
    await console.close()


async def call(client: Client, name: str, **given: Any) -> tuple[bool, Any]:
    """Return whether a tool did what was asked, and its document; what it says beside that is the mark alone."""
    result = await client.call_tool(name, given)
    (said,) = result.content
    assert isinstance(said, TextContent) and result.structured_content is None
    whole = json.loads(said.text)
    assert list(whole) == ["warning", MARK] and whole["warning"] == WARNING
    return not result.is_error, whole[MARK]


async def test_what_a_viewer_s_token_offers() -> None:
    """It reads, and no tool acts; each description says that strangers' texts are in the answer."""
    async with town() as one, connected(one.client.base_url) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == READS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(WARNING in (tool.description or "") for tool in tools)
        for name in (*ANSWERS, "pause"):
            ok, said = await call(client, name, incident="web-1", code="x")
            assert not ok and said["detail"].startswith("there is no such tool"), name


async def test_each_tool_returns_what_the_api_answers() -> None:
    """The same document, with times as people read them."""
    async with town() as one, connected(one.client.base_url) as client:
        _, status = await call(client, "status")
        assert [row["name"] for row in status["services"]] == ["api", "docs", "web"] and status["at"] == iso(NOW)
        _, found = await call(client, "incidents", limit=1)
        assert [row["id"] for row in found["incidents"]] == ["api-7"]
        _, explained = await call(client, "explain", incident="web-1")
        assert explained["explained"] == (await one.json("/incidents/web-1"))["explained"]
        _, past = await call(client, "why_not", service="web", at=iso(x.BEGIN + 40))
        assert past["because"][0].startswith("web-1 was open and not decided yet")
        _, plan = await call(client, "plan_rollback", service="web")
        assert plan["plan"]["target"]["deploy_id"] == "dep-40" and plan["live"]["id"] == "dep-42"


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("explain", {"incident": "none-1"}, "there is none of that name"),
        ("explain", {"incident": "../settings"}, "incident: String should match pattern"),
        ("why_not", {"service": "web", "at": "noon"}, "at: Value error, write a date and time in ISO 8601"),
        ("plan_rollback", {"service": "none"}, "there is none of that name"),
        ("status", {"of": "c4n4ry"}, "of: Extra inputs are not permitted"),
    ],
)
async def test_a_refusal_says_why(name: str, given: dict[str, Any], says: str) -> None:
    async with town() as one, connected(one.client.base_url) as client:
        ok, said = await call(client, name, **given)
    assert not ok and says in str(said["detail"])


async def test_a_person_s_code_answers_and_nothing_else_does() -> None:
    """Without one, and with a wrong one, nothing is changed; the tool says where the person finds it."""
    async with assisted() as o, connected(o.client.base_url, ASSISTANT, may_answer=True) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [*READS, *ANSWERS]
        told, before = await codes(o, TOKEN, "ann"), o.s.engine.state
        for given in ({}, {"code": "token:ann/AAAA-AAAA"}, {"code": told["reject"]}):
            assert await call(client, "approve", incident="web-1", **given) == (
                False,
                {"detail": WRONG_CODE, "help": "/help/console#roles"},
            )
        assert o.s.engine.state.services["web"].incident == before.services["web"].incident
        ok, said = await call(client, "reject", incident="web-1", code=told["reject"])
        assert ok and (said["by"], said["state"]) == ("token:ann (by an assistant)", "done")
        ok, said = await call(client, "approve", incident="web-1", code=told["approve"])
        assert not ok and "nothing is asked" in said["detail"]


async def test_a_viewer_s_token_answers_nothing_even_if_the_tools_are_offered() -> None:
    """The console decides, not this process: the role does not allow it, whatever the code."""
    async with assisted() as o, connected(o.client.base_url, VIEWER, may_answer=True) as client:
        told = await codes(o, TOKEN, "ann")
        ok, said = await call(client, "approve", incident="web-1", code=told["approve"])
        assert not ok and said["detail"] == "approve needs the role approver; you are viewer"


async def test_no_tool_returns_a_code() -> None:
    """Of all that a client can list and call."""
    async with assisted() as o, connected(o.client.base_url, ASSISTANT, may_answer=True) as client:
        told = await codes(o, TOKEN, "ann")
        at = iso(o.s.clock.now())
        given = {"incident": "web-1", "service": "web", "at": at, "code": "x"}
        tools = (await client.list_tools()).tools
        said = [str(tools), str(client.instructions)]
        for tool in tools:
            takes = {name: given[name] for name in tool.input_schema["properties"] if name in given}
            said.append(str(await call(client, tool.name, **takes)))
    assert [one for one in told.values() if one.rpartition("/")[2] in "".join(said)] == []


async def test_a_console_that_is_not_there_or_does_not_know_us() -> None:
    """The reason names the console, and never the token."""
    async with town() as one:
        console = ConsoleClient(f"{one.client.base_url}/", "c4n4ry-wrong-0123456789")
        with pytest.raises(Permanent, match="does not know the token") as wrong:
            await console.get("/services", {})
        elsewhere = ConsoleClient(f"{one.client.base_url}/login?", VIEWER)
        with pytest.raises(Permanent, match="no console"):
            await elsewhere.get("/services", {})
        gone = ConsoleClient("http://127.0.0.1:1", VIEWER)
        with pytest.raises(Temporary, match=r"at http://127\.0\.0\.1:1 does not answer \(ConnectError\)"):
            await gone.get("/services", {})
        for one_console in (console, elsewhere, gone):
            await one_console.close()
    assert "c4n4ry" not in str(wrong.value)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://watchdog.acme.example", True), ("http://127.0.0.1:9464", True), ("http://localhost", True),
        ("http://[::1]:9464", True), ("http://watchdog.acme.example", False), ("http://127.0.0.1.acme.example", False),
        ("ftp://127.0.0.1", False), ("https://", False), ("watchdog.acme.example", False), ("https://a b\n", False),
    ],
)  # fmt: skip
def test_a_token_goes_over_tls_or_stays_on_this_machine(url: str, safe: bool) -> None:
    assert is_safe(url) is safe
