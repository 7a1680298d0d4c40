"""The alerts for Prometheus, from the file of rules: a heading each, which its `runbook_url` leads to."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.handbook.reference.markdown import first_upper, page
from watchdog.docs.headings import anchor_of
from watchdog.docs.page_table import link
from watchdog.docs.places import OWN_NOTICES

RULES_FILE = Path(__file__).parents[3] / "deploy" / "prometheus" / "watchdog.yaml"
CONSOLE = "http://localhost:9464"
"""The console as it is by default; whoever serves it elsewhere puts that address in its place."""
NAME = "reference-alerts"
VALUES = {"value": "(number)"}
ABOUT = """\
Rules for the day on which the watchdog cannot say it itself: `deploy/prometheus/watchdog.yaml` in the repository
([how to load them](../deploy.md#metrics-and-alerts)). Incidents of your services come by the watchdog's own
[notices](reference-notices.md). Each alert carries its severity, a summary, what to do, and `runbook_url`, the address
of its section here."""
UNHEARD = "reference-notices#integrations"
WORKERS = "deploy#several-workers"
OVERLOAD = "operation#overload"
PLACES: Mapping[str, str] = {
    "WatchdogAbsent": "guarantees",
    "WatchdogUnhealthy": "operation#server",
    "WatchdogDisarmed": OWN_NOTICES,
    "WatchdogPagesUnheard": UNHEARD,
    "WatchdogChannelDown": UNHEARD,
    "WatchdogStoreDown": WORKERS,
    "WatchdogWorkerMissing": WORKERS,
    "WatchdogBlind": OWN_NOTICES,
    "WatchdogIntegrationDown": UNHEARD,
    "WatchdogHeartbeatLate": "integrations#heartbeat",
    "WatchdogAutoDeployOff": "after-an-incident#auto-deploy",
    "WatchdogServiceUnwatched": WORKERS,
    "WatchdogStuck": OVERLOAD,
    "WatchdogRestarts": "operation#where-commands-run",
    "WatchdogPaused": "on-call#holds-and-the-pause",
    "WatchdogAnswersUnread": "on-call#approvals",
    "WatchdogSignalUnknown": "signals",
    "WatchdogProbesDropped": OVERLOAD,
    "WatchdogProbesLate": OVERLOAD,
    "WatchdogTaskFails": "reference-metrics",
    "WatchdogStoreFalters": "secrets#postgresql",
    "WatchdogStepsUnrecorded": "operation#an-upgrade-of-the-watchdog-itself",
    "WatchdogMetricsLost": "deploy#on-render",
    "WatchdogDescriptorsRunOut": "deploy#sizing",
    "WatchdogVersionsDiffer": "deploy#upgrade",
    "WatchdogFollowUpsOverdue": "after-an-incident#post-mortem-and-checklist",
}
"""The page that says more about what each alert is about."""


def rules() -> list[dict[str, Any]]:
    """Return the rules of the file, in its order."""
    groups = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def runbook_url(alert: str) -> str:
    """Return the address of an alert's section in the console's handbook."""
    return link(f"{NAME}#{anchor_of(alert)}", CONSOLE)


def text() -> str:
    return page("Reference: alerts", ABOUT, "deploy/prometheus/watchdog.yaml", *map(section, rules()))


def section(rule: Mapping[str, Any]) -> str:
    told = rule["annotations"]
    name, _, anchor = PLACES[rule["alert"]].partition("#")
    path = f"{name}.md" if name.startswith("reference-") else f"../{name}.md"
    lasting = f"it holds for {rule['for']}" if "for" in rule else "it holds"
    return "\n\n".join(
        (
            f"## {rule['alert']}",
            f"**{filled(told['summary'])}** Severity: {rule['labels']['severity']}. It fires once {lasting}:",
            f"```text\n{rule['expr'].strip()}\n```",
            f"What to do: {first_upper(filled(told['todo']))} More: [{name}]({path}{f'#{anchor}' if anchor else ''}).",
        )
    )


def filled(template: str) -> str:
    """Return the text of an alert with words in place of what Prometheus fills in."""
    return re.sub(r"\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}", lambda found: VALUES.get(found[1], f"({found[1]})"), template)
