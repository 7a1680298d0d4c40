"""Idle memory: a promise of the README, measured on a real process."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import guarding

pytestmark = pytest.mark.long

LIMIT_MIB = 120.0
SIX = """\
  api:
    render: srv-api
    signals: {{home: {{http: "{api}/"}}}}
  jobs:
    render: srv-jobs
    signals: {{home: {{http: "{site}/health"}}}}
  shop:
    signals: {{home: {{http: "{site}/health"}}}}
  docs:
    signals: {{home: {{http: "{site}/"}}}}
  blog:
    signals: {{home: {{http: "{api}/"}}}}
dependencies:"""
SERVICES = ("web", "api", "jobs", "shop", "docs", "blog")


def resident_mib(pid: int) -> float:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_six_services_fit_into_the_memory_that_is_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Six services on the sandbox, settled: every one read some times and the state saved."""
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        cloud.write(replace={"dependencies:": SIX.format(**cloud.urls)})
        daemon.start(cold=True).until_watching()
        for service in SERVICES:
            daemon.until(lambda name=service: daemon.metric("watchdog_probe_total", service=name) >= 5)
        daemon.until(lambda: daemon.rows("SELECT 1 FROM parts"))
        used = resident_mib(daemon.process.pid)
        with capsys.disabled():
            print(f"\nidle memory with six services: {used:.0f} MiB resident (limit {LIMIT_MIB:.0f})")
        assert used < LIMIT_MIB
