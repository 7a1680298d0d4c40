"""The Slack app's manifest: what the watchdog needs of Slack, and nothing more."""

from pathlib import Path
from typing import Any

import yaml

from watchdog.app.compose.chat import HELP

DEPLOY = Path(__file__).parents[2] / "deploy"


def manifest() -> dict[str, Any]:
    """Return it as Slack reads it."""
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "slack-app-manifest.yaml").read_text(encoding="utf-8"))
    return made


def test_it_asks_for_two_scopes_and_for_no_address() -> None:
    """Socket Mode and buttons are on; a request URL would mean that something must listen."""
    made = manifest()
    assert made["oauth_config"]["scopes"] == {"bot": ["chat:write", "commands"]}
    assert made["settings"]["socket_mode_enabled"] is True and made["settings"]["interactivity"]["is_enabled"] is True
    text = (DEPLOY / "slack-app-manifest.yaml").read_text(encoding="utf-8")
    assert "request_url" not in text and "url:" not in text.replace("https://api.slack.com/apps", "")


def test_the_command_hints_at_what_can_be_typed() -> None:
    """Within Slack's limits for a hint, and every word is one that `/watchdog help` explains."""
    (command,) = manifest()["features"]["slash_commands"]
    assert command["command"] == "/watchdog"
    hinted = {words.split()[0] for words in command["usage_hint"].split(" | ")}
    known = " ".join(HELP)
    assert all(word in known for word in hinted - {"help"})
    assert len(command["usage_hint"]) <= 1000 and len(command["description"]) <= 2000


def test_the_handbook_leads_there() -> None:
    """With the steps."""
    page = (DEPLOY.parent / "watchdog" / "docs" / "integrations.md").read_text(encoding="utf-8")
    assert "deploy/slack-app-manifest.yaml" in page and "WATCHDOG_SLACK_APP_TOKEN" in page
