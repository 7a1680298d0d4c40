"""Configurations to start from, and how the tests load them."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.settings import SECRET_NAMES, Settings
from watchdog.settings.load.load import load

ALL_SECRETS = {name: "canary-" + name.lower() for name in SECRET_NAMES} | {
    name: "https://hooks.example/canary-" + name.lower() for name in SECRET_NAMES if name.endswith(("_URL", "_DSN"))
}
ALL_SECRETS["WATCHDOG_SENTRY_CRONS_URL"] = "https://sentry.example/api/1/cron/watchdog/canary_key/"
del ALL_SECRETS["WATCHDOG_STORE_URL"]
del ALL_SECRETS["WATCHDOG_REMOTE_WRITE_TOKEN"]
"""Every secret that may be set together, each with a canary in it."""

KEY = {"WATCHDOG_RENDER_API_KEY": "key", "WATCHDOG_HEARTBEAT_URL": "https://hb.example/x"}
"""What an autonomous service needs."""

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


def loaded(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Load the text as watchdog.yaml in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "watchdog.yaml").write_text(text, encoding="utf-8")
        return load(None, environ or {}, folder)


def mistakes(text: str, environ: Mapping[str, str] | None = None) -> tuple[Mistake, ...]:
    """Return the mistakes of a text; none if it loads."""
    try:
        loaded(text, environ)
    except ConfigurationError as error:
        return error.mistakes
    return ()


def shown(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the mistakes as a user sees them."""
    return "\n".join(str(mistake) for mistake in mistakes(text, environ))


def changed(old: str, new: str, text: str = SMALL) -> str:
    """Return the text with one thing changed."""
    assert old in text
    return text.replace(old, new, 1)
