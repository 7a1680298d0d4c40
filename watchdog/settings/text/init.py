"""The text `watchdog init` writes: a commented `observe` configuration that loads as it stands.

Rule: names and URLs of a service's owner stand in quotes, so that they cannot become YAML of their own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import yaml

from watchdog.domain.deploys import ServiceFacts
from watchdog.settings.schema.written_values import NAME
from watchdog.settings.text.first_channels import FirstChannels

WITH_PAGES = ("web_service", "static_site")
ANSWERS_MAX = 300
NONE = FirstChannels()
UNGROUPED: Mapping[str, str] = MappingProxyType({})

SCHEMA_FILE = "watchdog.schema.json"
"""The file beside the configuration in which an editor finds the schema, online or not."""
HEAD = f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
# Written by `watchdog init`. Every option: `watchdog docs reference-configuration`; and as you type, in an editor that
# reads the schema named above (VS Code with its YAML extension, JetBrains). Try it: `watchdog check --live`
version: 1
mode: observe                  # notifies, changes nothing; then: assist (asks), autonomous (acts)
services:
"""

TAIL = """\
# Deploys are seen, and blamed, with WATCHDOG_RENDER_API_KEY (Render: Account Settings, API Keys).
"""
"""Begin and end of every configuration that is written."""

_HINTS = """\
      # api:    {latency: https://…/api/health, p95: 800ms}
      # errors: {sentry: organisation/project}   # WATCHDOG_SENTRY_TOKEN
"""


def minimal_text(site_url: str, render: str = "", channels: FirstChannels = NONE) -> str:
    """Return a configuration for one site, from two answers; `render` is its service id or name there, or empty.

    Raises ValueError, with the form to write, for an answer that could not load.
    """
    if not re.fullmatch(r"https?://[^\s/?#@]+(/\S*)?", site_url) or len(site_url) > ANSWERS_MAX:
        raise ValueError("not a web address: write it as in a browser, https://www.example.com")
    if len(render) > 100 or not render.isprintable():
        raise ValueError("not a service: write its id (srv-…, from its dashboard URL) or its exact name, or nothing")
    target = f"    render: {_quoted(render)}\n" if render else "    # render: srv-…            # its id or exact name\n"
    signals = f"    signals:\n      home:   {{http: {_quoted(site_url)}}}\n"
    return f"{HEAD}  web:\n{target}{signals}{_HINTS}{channels.text()}{TAIL}"


def from_render(
    services: Sequence[ServiceFacts],
    own_id: str | None = None,
    channels: FirstChannels = NONE,
    *,
    groups: Mapping[str, str] = UNGROUPED,
    render_url: str | None = None,
) -> str:
    """Return a configuration for all services a key can see, without suspended ones and the watchdog (`own_id`).

    `groups` are names by service id: services of one group stand together, below a comment with its name. `render_url`
    is written down where Render's API has another address than its own. Raises ValueError when no service is left to
    guard.
    """
    guarded = [facts for facts in services if facts.id != own_id and not facts.suspended]
    if not guarded:
        raise ValueError("Render lists no service that runs: check whose API key it is, or answer the two questions")
    names: list[str] = []
    text, group = HEAD, ""
    for facts in sorted(guarded, key=lambda facts: groups.get(facts.id, "")):
        if groups.get(facts.id, "") != group:
            group = groups[facts.id]
            text += f"\n  # {_comment(group)}\n"
        names.append(plain_name(facts.name, names))
        text += _service(names[-1], facts, hints=len(names) == 1)
    # Named all the same, as comments: a reader who misses a service should find the reason in the file.
    for facts in services:
        if facts not in guarded:
            why = "the watchdog itself" if facts.id == own_id else "suspended"
            text += f"  # left out: {_comment(facts.name)} ({why})\n"
    elsewhere = f"endpoints: {{render: {_quoted(render_url)}}}\n" if render_url else ""
    return text + channels.text() + elsewhere + TAIL


def _service(name: str, facts: ServiceFacts, *, hints: bool) -> str:
    head = (
        f"  {name}:\n    render: {_quoted(facts.id)}  # {_comment(facts.name)}, {_comment(facts.kind)}\n    signals:\n"
    )
    # Other kinds have a URL too (a private service), but no page that this machine could reach.
    if facts.url and facts.kind in WITH_PAGES:
        return f"{head}      home:   {{http: {_quoted(facts.url)}}}\n{_HINTS if hints else ''}"
    return f"{head}      events: {{render_events: default}}  # no URL: only Render's own events show its state\n"


def plain_name(wanted: str, taken: Sequence[str]) -> str:
    """Return a name in our alphabet that is not taken yet."""
    # 36 of 40 characters, so that a number fits behind the name.
    plain = re.sub(r"[^A-Za-z0-9]+", "-", wanted).strip("-")[:36].strip("-") or "service"
    # YAML would read some names as numbers, moments or booleans, and the file would not load.
    if not NAME.fullmatch(plain) or plain.lower() in ("y", "n") or not isinstance(yaml.safe_load(plain), str):
        plain = f"service-{plain}"
    number, name = 2, plain
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    return name


def _quoted(text: str) -> str:
    return json.dumps(text)


def _comment(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)[:60]
