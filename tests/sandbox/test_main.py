"""`python -m watchdog.sandbox` as a user runs it: a process, a line of JSON, files (also what they hold), an end."""

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
import yaml

from tests.sandbox.world import World
from tests.support.child_processes import python
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.sandbox import keys
from watchdog.sandbox.config_file import write_config


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


async def test_the_configuration_names_the_sandbox(world: World, tmp_path: Path) -> None:
    """Services, signals, endpoints, control targets and status pages are the sandbox's; the store is in the folder."""
    urls = world.sandbox.urls
    path = write_config(tmp_path / "guard", urls)
    config = yaml.safe_load(path.read_text())
    web = config["services"]["web"]
    assert (web["render"], web["mode"]) == ("srv-web", "autonomous")
    assert web["signals"]["home"] == {"http": f"{urls['site']}/", "contains": "</html>"}
    vendors = ("render", "sentry", "pagerduty", "pagerduty_api", "slack", "github")
    assert config["endpoints"] == {name: urls[name] for name in vendors} and config["control"] == urls["control"]
    assert config["vendor_status"] == {name: urls[f"status_{name}"] for name in ("render", "sentry")}
    assert config["store"] == f"sqlite:///{path.parent.resolve()}/watchdog.db"


async def test_the_secrets_open_the_sandbox(world: World, tmp_path: Path) -> None:
    """The keys in .env are the ones the sandbox accepts, none is in the configuration, and all are visibly fake."""
    path = write_config(tmp_path, world.sandbox.urls, mode="observe")
    lines = (tmp_path / ".env").read_text().splitlines()
    secrets = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    headers = {"Authorization": f"Bearer {secrets['WATCHDOG_RENDER_API_KEY']}"}
    answer = await world.client.get(f"{world.sandbox.urls['render']}/services", headers=headers)
    assert answer.status_code == 200
    posted = await world.client.post(secrets["WATCHDOG_SLACK_WEBHOOK_URL"], json={"text": "hello"})
    assert posted.text == "ok" and secrets["WATCHDOG_PAGERDUTY_ROUTING_KEY"] == keys.PAGERDUTY_ROUTING_KEY
    assert (await world.client.get(secrets["WATCHDOG_HEARTBEAT_URL"])).status_code == 200
    assert (await world.client.get(f"{secrets['WATCHDOG_SENTRY_CRONS_URL']}?status=ok")).status_code == 202
    assert all(secret not in path.read_text() for secret in secrets.values())
    del secrets["WATCHDOG_HEARTBEAT_URL"]
    assert all("FAKE" in secret for secret in (*secrets.values(), keys.SLACK_BOT_TOKEN, keys.OIDC_SECRET))
    assert yaml.safe_load(path.read_text())["services"]["web"]["mode"] == "observe"
