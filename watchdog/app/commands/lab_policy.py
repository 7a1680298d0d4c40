"""The policy of a lab's world: the shipped defaults, as a user's own configuration sets them.

Rule: no value is tuned here; the lab measures the policy that a new user gets with these few lines.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from watchdog.domain.policy import Policy
from watchdog.lab.episode import MAIN, EpisodeWorld
from watchdog.settings.load.load import load

SECRETS = {
    "WATCHDOG_RENDER_API_KEY": "lab",
    "WATCHDOG_SENTRY_TOKEN": "lab",
    "WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/lab",
    "WATCHDOG_PAGERDUTY_ROUTING_KEY": "0" * 32,
}
FULL_SIGNALS = """\
      home: {http: https://NAME.example}
      api: {latency: https://NAME.example/api/test, p95: 800ms}
      errors: {sentry: acme/NAME, release: "{commit}"}
      crashes: {render_events: default}
"""
ONE_SIGNAL = "      home: {http: https://NAME.example}\n"
FOOT = """\
channels: {slack: {}, pagerduty: {}}
store: sqlite:///lab.db
control: [https://one.example, https://two.example]
"""


def policy_for(scene: EpisodeWorld) -> Policy:
    """Return the policy of the scene's services, in autonomous mode."""
    needs = tuple(sorted((name, tuple(on)) for name, on in scene.depends_on.items()))
    return _policy(tuple(scene.services), needs, not scene.world.seasons)


def configuration(scene: EpisodeWorld) -> str:
    """Return the configuration file of the scene's policy."""
    return _text(tuple(scene.services), scene.depends_on, objective=not scene.world.seasons)


# Thousands of episodes share a few configurations.
@lru_cache(maxsize=64)
def _policy(names: tuple[str, ...], needs: tuple[tuple[str, tuple[str, ...]], ...], objective: bool) -> Policy:
    text = _text(names, dict(needs), objective=objective)
    # A folder that does not exist: no `.env` of this machine may change the lab's policy.
    return load(None, {**SECRETS, "WATCHDOG_CONFIG_YAML": text}, Path("/nowhere")).policy


def _text(names: tuple[str, ...], depends_on: Mapping[str, tuple[str, ...]], *, objective: bool) -> str:
    """Return the configuration; with seasons it has no latency objective, which a busy hour might break."""
    full = FULL_SIGNALS if objective else FULL_SIGNALS.replace(", p95: 800ms", "")
    lines = ["version: 1", "mode: autonomous", "services:"]
    for name in names:
        lines.append(f"  {name}:\n    render: srv-{name}")
        if name in depends_on:
            lines.append(f"    depends_on: [{', '.join(depends_on[name])}]")
        lines.append("    signals:\n" + (full if name == MAIN else ONE_SIGNAL).replace("NAME", name).rstrip())
    upstream = sorted({one for on in depends_on.values() for one in on} - set(names))
    if upstream:
        lines.append("dependencies:")
        lines += [f"  {one}: {{vendor_status: https://status.{one}.example/summary.json}}" for one in upstream]
    return "\n".join([*lines, FOOT])
