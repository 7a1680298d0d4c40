"""Writes are typed: mypy refuses a misspelt field and a wrong type in every write of the core (.ci/typed_writes.py)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover  # mypy reads the core, nothing of it runs
ROOT = Path(__file__).parents[2]
WRITES = """\
from watchdog.core.context import StepContext
from watchdog.domain.checks import Check
from watchdog.domain.fast_replace import fast_replace


def right(ctx: StepContext, check: Check) -> Check:
    ctx.update_incident(title="web is down", announced_until=None)
    ctx.update_question(approved_by="ann")
    ctx.update_pin(off=True)
    ctx.update_rollback(tried=True)
    ctx.update_escalation(calls=1)
    ctx.update_service(phase_since=1.0)
    return fast_replace(check, name="home")


def wrong(ctx: StepContext, check: Check) -> None:
    ctx.update_incident(titel="web is down")
    ctx.update_incident(title=7)
    ctx.update_question(aproved_by="ann")
    ctx.update_question(approved_by=7)
    ctx.update_pin(of=True)
    ctx.update_pin(off="yes")
    ctx.update_rollback(triied=True)
    ctx.update_rollback(tried="yes")
    ctx.update_escalation(cals=1)
    ctx.update_escalation(calls="one")
    ctx.update_service(phase_sinse=1.0)
    ctx.update_service(phase_since="now")
    fast_replace(check, nmae="home")
    fast_replace(check, name=7)
    ctx.note("SUSPCT", "a label that is none")
"""


def test_a_misspelt_or_wrongly_typed_write_is_refused(tmp_path: Path) -> None:
    """Each of the planted lines, by the configuration that CI uses, and none of the right ones."""
    planted = tmp_path / "planted.py"
    planted.write_text(WRITES, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(planted)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    wrong = WRITES[: WRITES.index("def wrong")].count("\n") + 2
    refused = {int(line): kind for line, kind in re.findall(r"planted\.py:(\d+): error: .*\[([\w-]+)\]", found.stdout)}
    expected = [*["call-arg", "arg-type"] * 7, "arg-type"]
    assert refused == {wrong + nth: kind for nth, kind in enumerate(expected)}, found.stdout + found.stderr
