"""Asking the repository for an incident's commits, over real HTTP: only if configured, never failing the command."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from watchdog.cli.command_context import Context
from watchdog.cli.commits import CommitsRead, compared
from watchdog.cli.services import AppServices
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import Incident
from watchdog.presentation.explain import explain
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS
from watchdog.settings.load.load import load

FACTS = ServiceFacts("srv-web", "web", repo="https://github.com/acme/web", branch="main")
INCIDENT = x.incident(suspect_code=COMMITS["41"][0], target_code=COMMITS["39"][0])


async def ask(folder: Path, sandbox: Sandbox, incident: Incident, facts: ServiceFacts | None, more: str) -> CommitsRead:
    path = write_config(folder, sandbox.urls, more=more)
    it = Context(path, {}, folder, AppServices)
    return await compared(it, load(path, {}, folder), incident, facts)


async def test_explain_shows_the_commits_of_the_suspect(tmp_path: Path) -> None:
    """Read at that moment: two commits never change."""
    async with Sandbox() as sandbox:
        asked = await ask(tmp_path, sandbox, INCIDENT, FACTS, "repository: github")
    assert asked.found is not None and asked.found.total == 2
    text = "\n".join(explain(INCIDENT, x.NOTES, None, commits=asked.found.summary))
    assert 'COMMITS      5aa0c11 "Upgrade the template engine" by Ann' in text
    assert "2 files (app/list.py, app/engine.py)" in text


async def test_without_the_key_nobody_is_asked(tmp_path: Path) -> None:
    """It is off until it is asked for."""
    async with Sandbox() as sandbox:
        assert await ask(tmp_path, sandbox, INCIDENT, FACTS, "") == CommitsRead()
        assert sandbox.events.requests("github") == []


@pytest.mark.parametrize(
    ("incident", "facts", "mode", "why"),
    [
        (INCIDENT, None, "ok", "names no repository"),
        (INCIDENT, replace(FACTS, repo="https://gitlab.com/acme/web"), "ok", "not on github"),
        (amended(INCIDENT, target_code=None), FACTS, "ok", "no target"),
        (replace(INCIDENT, suspect_code="sha256:ff"), FACTS, "ok", "not named by a commit"),
        (INCIDENT, FACTS, "error_500", "500"),
    ],
)
async def test_why_nothing_is_known_is_told(
    tmp_path: Path, incident: Incident, facts: ServiceFacts | None, mode: str, why: str
) -> None:
    async with Sandbox() as sandbox:
        sandbox.set_mode("github", mode)
        found, said = await ask(tmp_path, sandbox, incident, facts, "repository: github")
        assert found is None and why in said
