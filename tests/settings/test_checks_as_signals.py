"""Kinds that probe no page: shown by their own name, judged as a probe, critical only where the file says so."""

from pathlib import Path

import pytest

from tests.settings.texts import KEY, loaded
from watchdog.cli.main import main
from watchdog.core.assess.severity import judge
from watchdog.domain.decisions import Finding
from watchdog.domain.severity import Severity

TEXT = """
version: 1
control: []
vendor_status: []
services:
  web:
    signals:
      mail: {tcp: "127.0.0.1:1"}
      stock: {command: [/bin/echo, '{"status": "bad", "detail": "no stock"}']}
      free: {command: [/bin/echo, '{"value": 17}'], below: 1}
      refusals: {prometheus: "http://127.0.0.1:1", query: up, below: 1}
      home: {http: "http://127.0.0.1:1"}
channels: {console: {}}
"""


@pytest.mark.parametrize(
    ("text", "severity", "critical"),
    [
        (TEXT, Severity.HIGH, {"home"}),
        (TEXT.replace("no stock\"}']", "no stock\"}'], critical: true"), Severity.CRITICAL, {"stock"}),
        (TEXT.replace("no stock\"}']", "no stock\"}'], severity: critical"), Severity.CRITICAL, {"home"}),
    ],
)
def test_its_severity(text: str, severity: Severity, critical: set[str]) -> None:
    """By default people are asked; the first http signal stays the critical one."""
    policy = loaded(text, KEY).policy
    web = policy.services["web"]
    assert {one.name for one in web.signals if one.critical} == critical
    found = Finding("stock", "http", "run", 0.0, 1.0, "5 of 5 probes failed")
    assert judge([found], web, policy.detection)[0] is severity


def test_once_reads_each(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Good, bad, unknown, each with its reason."""
    monkeypatch.chdir(tmp_path)
    Path("watchdog.yaml").write_text(TEXT)
    assert main(["once"]) == 0
    said = {line.split()[0]: line.split()[1:2] + line.split()[3:] for line in capsys.readouterr().out.splitlines()[1:6]}
    assert said["web/stock"] == ["BAD", "no", "stock"] and said["web/free"] == ["GOOD", "17"]
    assert said["web/mail"] == ["BAD", "connection", "refused"] and said["web/refusals"][0] == "UNKNOWN"
