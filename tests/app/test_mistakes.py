"""A configuration with seven mistakes, through the real command line: seven located lines, exit code 2, no secret."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.child_processes import watchdog

pytestmark = pytest.mark.long

SECRET = "c4n4ryc4n4ry"
TEXT = """\
version: 2
services:
  web:
    rendr: srv-web
    mode: autonomus
    signals:
      home: {http: "ftp://example.com/"}
      api: {latency: "https://example.com/api", p95: 800}
channels:
  slak: {}
  webhook: {url: "https://hooks.slack.com/services/T0/B0/c4n4ryc4n4ry"}
store: "sqlite:///watchdog.db"
control: ["https://example.com/", "https://example.org/"]
"""
MISTAKES = {1: "version", 4: "rendr", 5: "mode", 7: "home", 8: "p95", 10: "slak", 11: "webhook"}
"""Line to what the message there must name."""


SECRETS = {"WATCHDOG_RENDER_API_KEY": f"rnd_{SECRET}", "WATCHDOG_WEBHOOK_URL": f"https://example.com/{SECRET}"}


def assert_seven_located(done: "subprocess.CompletedProcess[str]", name: str) -> None:
    """Each mistake has its line, says what is wrong and what to write; then only the page of the handbook is named."""
    assert done.returncode == 2 and done.stdout == ""
    *lines, last = done.stderr.splitlines()
    assert last == "Handbook: watchdog docs reference-configuration"
    assert len(lines) == len(MISTAKES), done.stderr
    for line, (number, word) in zip(lines, MISTAKES.items(), strict=True):
        assert re.match(rf"{name}:{number}: .*{word}.* -> .+", line), line
    assert "Traceback" not in done.stderr and SECRET not in done.stderr


@pytest.mark.parametrize("command", ["run", "check", "status", "once"])
def test_every_command_reports_all_seven(tmp_path: Path, command: str) -> None:
    """`-c FILE`: the same seven, whatever was asked."""
    (tmp_path / "mine.yaml").write_text(TEXT, encoding="utf-8")
    assert_seven_located(watchdog(command, "-c", "mine.yaml", cwd=tmp_path, **SECRETS), "mine.yaml")


def test_the_text_in_the_environment_is_checked_alike(tmp_path: Path) -> None:
    done = watchdog("run", cwd=tmp_path, WATCHDOG_CONFIG_YAML=TEXT, **SECRETS)
    assert_seven_located(done, "WATCHDOG_CONFIG_YAML")


def test_no_configuration_at_all_says_what_to_do(tmp_path: Path) -> None:
    """Exit code 2 and the way out."""
    done = watchdog("run", cwd=tmp_path, **SECRETS)
    assert done.returncode == 2 and "watchdog init" in done.stderr and "Traceback" not in done.stderr
