"""The permissions of Render's fine-grained keys in `watchdog check --live`, by the command line against the sandbox."""

from pathlib import Path

import pytest

from tests.settings.vendors import by_name
from watchdog.cli.services import AppServices
from watchdog.sandbox import keys
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.settings.check.check import CheckOutcome, CheckResult
from watchdog.settings.load.load import load

OK, FAIL, WARN, UNTRIED = CheckOutcome.OK, CheckOutcome.FAIL, CheckOutcome.WARN, CheckOutcome.UNTRIED
READS, CHANGES = ("services: read", "deploys: read", "events: read"), ("services: update", "deploys: create")


async def checked(sandbox: Sandbox, folder: Path, mode: str, lacking: str = "") -> dict[str, CheckResult]:
    """Return the results of the live checks with a key that lacks a permission."""
    sandbox.render.keys[keys.RENDER_API_KEY] = keys.RENDER_PERMISSIONS - {lacking}
    results = by_name(await AppServices().check(load(write_config(folder, sandbox.urls, mode), {}, folder)))
    assert {one["method"] for one in sandbox.events.requests("render")} == {"GET"}
    return results


@pytest.mark.parametrize("lacking", ["", *READS])
async def test_each_missing_permission_is_named_and_hides_no_other_check(
    sandbox: Sandbox, tmp_path: Path, lacking: str
) -> None:
    """Its purpose, its modes, and the way to grant it; signals and channels are tried as ever."""
    found = await checked(sandbox, tmp_path, "observe", lacking)
    assert found["render key"].outcome is OK
    for name in READS:
        row = found[f"permission {name}"]
        assert row.outcome is (FAIL if name == lacking else OK), row
        assert ("add it to the key at Render" in row.fix) == (name == lacking) and row.what.endswith("(every mode)")
    tried = {"signal web/home", "channel slack", "channel pagerduty", "rollback target of web", "status page render"}
    assert tried | {f"control {url}" for url in sandbox.urls["control"]} <= found.keys()
    assert found["rollback target of web"].outcome is (FAIL if lacking == "deploys: read" else OK)


@pytest.mark.parametrize(("mode", "outcome"), [("observe", OK), ("assist", UNTRIED), ("autonomous", UNTRIED)])
async def test_a_permission_to_change_something_is_never_tried(
    sandbox: Sandbox, tmp_path: Path, mode: str, outcome: CheckOutcome
) -> None:
    found = await checked(sandbox, tmp_path, mode)
    assert [row for row in found.values() if row.outcome is FAIL] == []
    for name in CHANGES:
        row = found[f"permission {name}"]
        assert row.outcome is outcome, row
        assert ("cannot be tried without changing something" in row.what) == (outcome is UNTRIED)
        assert "(assist, autonomous)" in row.what


async def test_what_only_a_remedy_needs_is_named_where_there_is_one(sandbox: Sandbox, tmp_path: Path) -> None:
    """A restart asks for a permission of its own, a scaling and maintenance mode for the one to update."""
    assert "permission services: restart" not in await checked(sandbox, tmp_path, "assist")
    path = write_config(tmp_path, sandbox.urls, "assist")
    remedies = "    remedies: [{restart: {}}, {scale: {to: 2}}]\n    signals:"
    path.write_text(path.read_text(encoding="utf-8").replace("    signals:", remedies, 1), encoding="utf-8")
    found = by_name(await AppServices().check(load(path, {}, tmp_path)))
    assert found["permission services: restart"].outcome is UNTRIED
    assert "to scale before a rollback" in found["permission services: update"].what
    page = path.read_text(encoding="utf-8").replace("{scale: {to: 2}}", "{maintenance_mode: {}}")
    path.write_text(page, encoding="utf-8")
    found = by_name(await AppServices().check(load(path, {}, tmp_path)))
    assert "to switch maintenance mode while people work" in found["permission services: update"].what


async def test_a_service_by_name_is_not_tried_with_a_key_that_lists_none(sandbox: Sandbox, tmp_path: Path) -> None:
    path = write_config(tmp_path, sandbox.urls, "observe")
    path.write_text(path.read_text(encoding="utf-8").replace("render: srv-web", "render: web"), encoding="utf-8")
    sandbox.render.keys[keys.RENDER_API_KEY] = frozenset({"deploys: read"})
    found = by_name(await AppServices().check(load(path, {}, tmp_path)))
    assert [found[f"permission {name}"].outcome for name in READS] == [FAIL, WARN, WARN]
    assert found["service web"].outcome is WARN and found["channel slack"].outcome is OK
