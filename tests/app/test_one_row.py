"""A command is one row: added to a copy of the package, it appears on every surface."""

import json
import shutil
from pathlib import Path

from tests.support.child_processes import python

ROOT = Path(__file__).parents[2]
TABLE = Path("watchdog", "domain", "commands", "command_table.py")
ROW = """ROWS: tuple[HumanCommand, ...] = (
    HumanCommand(
        "calm",
        "Say that an incident is none.",
        Subject.INCIDENT,
        Role.OPERATOR,
        (Argument("because", "why it is none", max_characters=80, example="WHY"),),
        event=lambda at, by, given: e.Stopped(at, given["incident"], by),
    ),
"""


def test_a_command_is_one_row_of_the_table(tmp_path: Path) -> None:
    """Command line, console, JSON API, Slack and roles; and what is asked for becomes its event."""
    shutil.copytree(ROOT / "watchdog", tmp_path / "watchdog")  # with what is compiled already
    table = tmp_path / TABLE
    text = table.read_text(encoding="utf-8")
    first = "ROWS: tuple[HumanCommand, ...] = (\n"
    assert first in text
    table.write_text(text.replace(first, ROW), encoding="utf-8")
    done = python(str(Path(__file__).with_name("one_row.py")), cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["terminal"].startswith("Say that an incident is none.")
    assert list(found["api"]) == ["/incidents/{incident_id}/calm"] and found["body"]["because"]["maxLength"] == 80
    assert 'action="/incidents/web-1/calm"' in found["form"] and 'name="because" maxlength="80"' in found["form"]
    assert found["form_path"] == "/incidents/{id}/calm"
    assert found["chat"].split(maxsplit=3)[:3] == ["calm", "INCIDENT", "WHY"]
    assert found["words"] == {"incident": "web-1", "because": "so it was"}
    assert (found["roles"], found["event"]) == (["operator", "approver"], ["Stopped", "ann"])
