"""`watchdog mcp` as an assistant's client starts it: a process of its own, over its standard streams."""

import asyncio
import html
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from tests.cli.conftest import answer
from tests.cli.mcp.test_marked import HOSTILE
from tests.console.auth.test_assistant import ASSISTANT
from tests.console.scene import TOKEN, VIEWER, bearer
from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS
from tests.support.daemon_processes import SHORT, Daemon, guarding
from watchdog.app.sandbox_demo.sandbox_process import environment
from watchdog.cli.mcp.marked import MARK
from watchdog.console.command_service import WRONG_CODE

TOKENS = {
    "WATCHDOG_CONSOLE_TOKEN": TOKEN,
    "WATCHDOG_CONSOLE_VIEWER_TOKEN": VIEWER,
    "WATCHDOG_CONSOLE_ASSISTANT_TOKEN": ASSISTANT,
}
ORDER = HOSTILE.replace("\n\n", " ")
TYPED = [sys.executable, "-m", "watchdog", "mcp", "--url"]


def started(daemon: Daemon, *tokens: str) -> Client:
    """Return a client that starts the server with these tokens, and with no configuration."""
    (command, *words), url = TYPED, f"http://127.0.0.1:{daemon.port}"
    given = {name: TOKENS[name] for name in tokens}
    return Client(StdioServerParameters(command=command, args=[*words, url], env=given, cwd=daemon.cloud.folder.parent))


async def call(client: Client, name: str, **given: Any) -> tuple[bool, Any]:
    result = await client.call_tool(name, given)
    (said,) = result.content
    assert isinstance(said, TextContent)
    return not result.is_error, json.loads(said.text)[MARK]


def code_on_the_page(daemon: Daemon, label: str) -> str:
    """Log in as a person and read the code for an answer."""
    with httpx.Client(base_url=f"http://127.0.0.1:{daemon.port}", **LOOPBACK) as person:
        person.post("/login", data={"token": TOKEN, "name": "ann"})
        found = re.search(rf"<li>{label}: <code>([^<]+)</code></li>", person.get("/incidents/web-1").text)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.long
async def test_an_assistant_asks_the_real_daemon_and_approves_by_a_person_s_code_alone(tmp_path: Path) -> None:
    """The suspect's message is an order to the assistant: it stays data, and nothing is done before the code."""
    with guarding(tmp_path, quirks=False, variables=TOKENS) as (cloud, daemon):
        cloud.write(replace={"mode: autonomous": "mode: assist"}, more=SHORT + "console: {enabled: true}\n")
        daemon.start().until_watching()
        cloud.bad_deploy(message=ORDER)
        await asyncio.to_thread(daemon.until_story, "ASKED")
        async with started(daemon, "WATCHDOG_CONSOLE_VIEWER_TOKEN") as reader:
            tools = [tool.name for tool in (await reader.list_tools()).tools]
            assert tools == ["status", "incidents", "explain", "why_not", "plan_rollback"]
            _, status = await call(reader, "status")
            assert [one["id"] for one in status["open"]] == ["web-1"]
            _, listed = await call(reader, "incidents")
            _, explained = await call(reader, "explain", incident=listed["incidents"][0]["id"])
            suspect = explained["card"]["suspect"]
            assert explained["ask"]["can"][:2] == ["approve", "reject"] and suspect["id"] == explained["ask"]["suspect"]
            assert suspect["message"] == ORDER and ORDER not in str(tools)
            _, past = await call(reader, "why_not", service="web", at=listed["at"])
            assert past["incidents"] == ["web-1"]
            _, plan = await call(reader, "plan_rollback", service="web")
            assert plan["plan"]["target"]["deploy_id"] == explained["ask"]["target"]
            assert not (await call(reader, "approve", incident="web-1"))[0]
        async with started(daemon, "WATCHDOG_CONSOLE_ASSISTANT_TOKEN") as assistant:
            for wrong in ("", "token/AAAA-AAAA", code_on_the_page(daemon, "Reject")):
                done, said = await call(assistant, "approve", incident="web-1", code=wrong)
                assert not done and said["detail"] == WRONG_CODE
            assert cloud.untouched()
            code = code_on_the_page(daemon, "Approve")
            done, said = await call(assistant, "approve", incident="web-1", code=code)
            assert done and said["by"] == "token:ann (by an assistant)"
            await asyncio.to_thread(daemon.until_story, "CLOSED")
            _, over = await call(assistant, "explain", incident="web-1")
            assert over["incident"]["closed_at"] and not over["ask"]
        assert len(cloud.requests("render", "POST")) == len(cloud.log("rollback_accepted")) == 1
        audit = httpx.get(f"http://127.0.0.1:{daemon.port}/api/v1/audit", headers=bearer(), **LOOPBACK).json()["rows"]
        assert [(row["by"], row["state"]) for row in audit] == [
            ("token:ann (by an assistant)", "done"),
            *[("assistant (viewer)", "refused")] * 3,
        ]


@pytest.mark.long
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    """At a terminal, where nobody closes its stdin."""
    given = {"env": environment({"WATCHDOG_CONSOLE_VIEWER_TOKEN": VIEWER}), "cwd": tmp_path}
    with subprocess.Popen([*TYPED, "http://127.0.0.1:1"], stdin=PIPE, stdout=PIPE, **given) as process:  # type: ignore[call-overload]
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGINT


@pytest.mark.parametrize(
    ("words", "tokens", "says"),
    [
        ((), {}, "mcp: no token for the console -> set WATCHDOG_CONSOLE_VIEWER_TOKEN"),
        ((), {"WATCHDOG_CONSOLE_TOKEN": TOKEN}, "mcp: no token for the console"),
        (("--url", "http://watchdog.acme.example"), TOKENS, "--url: not an https:// address"),
    ],
)
def test_what_it_does_not_start_with(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    tokens: dict[str, str],
    says: str,
) -> None:
    """The approver's token is none of an assistant's: with it no code would be needed."""
    for name in TOKENS:
        monkeypatch.delenv(name, raising=False)
    for name, value in tokens.items():
        monkeypatch.setenv(name, value)
    said = answer(capsys, "mcp", *words, code=2)
    assert said.startswith(says) and "c4n4ry" not in said


def test_it_needs_its_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    said = answer(capsys, "mcp", code=2)
    assert said.startswith("mcp: needs mcp, which the extra mcp brings -> install it: pip install '.[mcp]' in a clone")
