"""The table of where the time of .ci/run goes, and how it ended: a made-up script, run in bash."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

STEPS = Path(__file__).parents[1] / ".ci" / "steps.sh"
ROW = re.compile(r" *\d+ +(?P<cpu>\d*)  (?P<name>.+)")
SCRIPT = """
set -euo pipefail
. .ci/steps.sh
trap steps_table EXIT
step "first one"
(step_beside cover; exit 3) & beside=$!
wait $beside || echo "beside: $?"
step "second one"
step_failed "what ran beside"
{end}
step "third one"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here; .ci/run needs it")
@pytest.mark.parametrize(
    ("end", "code", "steps"),
    [
        ("true", 0, ["first one", "second one", "third one", "beside these: cover", "together"]),
        ("false", 1, ["first one", "second one", "beside these: cover", "together"]),
        ("exit 7", 7, ["first one", "second one", "beside these: cover", "together"]),
    ],
)
def test_the_table_has_every_step_that_began(tmp_path: Path, end: str, code: int, steps: list[str]) -> None:
    """The table comes also where a step fails, and changes no exit code; the last line is the verdict."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(STEPS, tmp_path / ".ci")
    (tmp_path / ".ci-old.seconds.log").write_text("999\n", encoding="utf-8")
    script = SCRIPT.format(end=end)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    said, _, table = done.stdout.partition("== where the time went (seconds of the clock, of the processors)\n")
    assert (done.returncode, done.stderr) == (code, "")
    assert "== second one\n" in said and "beside: 3\n" in said
    table, _, verdict = table.partition("\n== ")
    assert verdict == ("passed\n" if code == 0 else f"FAILED (exit {code}): what ran beside\n")
    rows = [ROW.fullmatch(line) for line in table.splitlines()]
    assert [row and row["name"] for row in rows] == steps
    assert [row["name"] for row in rows if row and row["cpu"]] == steps[-2:]  # what runs beside, and all of it
