"""`python -m watchdog.sandbox` as a user runs it: a process, a line of JSON, files, an end."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.child_processes import python
from tests.support.clocks import PATIENCE_SECONDS


@contextmanager
def running(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    command = [sys.executable, "-m", "watchdog.sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for the end and return the exit code and what was written to stderr."""
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_its_addresses_and_ends_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """The same addresses in the line and in the port file; the site answers; a signal ends it without a word."""
    port_file = tmp_path / "ports.json"
    with running("--port-file", str(port_file), "--scenario", "bad-deploy") as (process, urls):
        assert json.loads(port_file.read_text()) == urls
        assert httpx.get(urls["site"], trust_env=False).status_code == 200
        process.send_signal(number)
        assert ended(process) == (0, "")


def test_it_ends_when_the_admin_says_so_and_leaves_its_log(tmp_path: Path) -> None:
    """The log file has the request; the configuration suits site and story; the keys are for us alone to read."""
    log, folder = tmp_path / "log.jsonl", tmp_path / "guard"
    story = ("--scenario", "observe")
    with running("--log-file", str(log), "--write-config", str(folder), "--quirks", *story) as (process, urls):
        httpx.get(urls["status_openai"], trust_env=False)
        httpx.post(f"{urls['admin']}/shutdown", trust_env=False)
        assert ended(process) == (0, "")
    assert "request" in [json.loads(line)["what"] for line in log.read_text().splitlines()]
    text = (folder / "watchdog.yaml").read_text()
    assert urls["site"] in text and "mode: observe" in text and (folder / ".env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", [("--scenario", "sunny"), ("--rollback-seconds", "-1"), ("--colour", "red")])
def test_a_mistake_on_the_command_line_is_told(arguments: tuple[str, str]) -> None:
    done = python("-m", "watchdog.sandbox", *arguments)
    assert done.returncode == 2 and "error:" in done.stderr
