"""Configurations to start from, and the way the tests load them.

Rule: each one that loads must be accepted by the JSON Schema as well: a schema that refuses good ones is useless.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft7Validator

from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.settings import SECRET_NAMES, Settings
from watchdog.settings.load.load import load
from watchdog.settings.schema.json_schema import SHIPPED

ALL_SECRETS = {name: "canary-" + name.lower() for name in SECRET_NAMES} | {
    name: "https://hooks.example/canary-" + name.lower() for name in SECRET_NAMES if name.endswith(("_URL", "_DSN"))
}
ALL_SECRETS["WATCHDOG_SENTRY_CRONS_URL"] = "https://sentry.example/api/1/cron/watchdog/canary_key/"
ALL_SECRETS["WATCHDOG_APPRISE_URLS"] = "mmosts://chat.example/canary0watchdog0apprise0urls00"
ALL_SECRETS["WATCHDOG_PROBE_HEALTHCHECKS"] = "canary-watchdog_probe_healthchecks"
ALL_SECRETS["WATCHDOG_PROBE_SHOP"] = "canary-watchdog_probe_shop"
ALL_SECRETS["WATCHDOG_PROBE_PAGESPEED"] = "canary-watchdog_probe_pagespeed"
ALL_SECRETS["WATCHDOG_PROBE_PLAUSIBLE"] = "canary-watchdog_probe_plausible"
del ALL_SECRETS["WATCHDOG_STORE_URL"]
del ALL_SECRETS["WATCHDOG_REMOTE_WRITE_TOKEN"]
"""Every secret that may be set together, each with a canary in it."""

KEY = {"WATCHDOG_RENDER_API_KEY": "key", "WATCHDOG_HEARTBEAT_URL": "https://hb.example/x"}
"""The secrets of an autonomous service."""

SMALL = """\
version: 1
services:
  web:
    render: srv-web
    signals:
      home: {http: https://www.acme.example}
channels:
  console: {}
"""
MAILED = f"""{SMALL}\
  email: {{smtp: "smtp.acme.example:587", from: watchdog@acme.example, to: [ops@acme.example]}}
"""
CHATTING = f'{MAILED}  slack: {{channel: "#incidents"}}\n'
BOT = {"WATCHDOG_SLACK_BOT_TOKEN": "xoxb-1"}
"""With channels whose server and token those of contacts and stakeholders share."""


def loaded(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "watchdog.yaml").write_text(text, encoding="utf-8")
        settings = load(None, environ or {}, folder)
    assert refusals(text) == []
    return settings


class EditorLoader(yaml.SafeLoader):
    """Reads YAML as editors do: a moment is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  PyYAML's own name
        letter: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@cache
def validator() -> Draft7Validator:
    """Return the validator with which an editor checks a configuration."""
    return Draft7Validator(json.loads(SHIPPED.read_text(encoding="utf-8")))


def refusals(text: str) -> Sequence[str]:
    """Return the places that an editor would underline in a text, by the shipped JSON Schema."""
    data = yaml.load(text, EditorLoader)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in validator().iter_errors(data)]


def mistakes(text: str, environ: Mapping[str, str] | None = None) -> tuple[Mistake, ...]:
    try:
        loaded(text, environ)
    except ConfigurationError as error:
        return error.mistakes
    return ()


def shown(text: str, environ: Mapping[str, str] | None = None) -> str:
    return "\n".join(str(mistake) for mistake in mistakes(text, environ))


def changed(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new, 1)
