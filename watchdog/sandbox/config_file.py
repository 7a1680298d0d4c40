"""Writes a configuration with which `watchdog run -c DIR/watchdog.yaml` guards the sandbox, and its fake secrets.

Rule: this is text that a user could have written; it does not use the daemon's own code.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.sandbox import keys

CONFIG = """\
# Guards the simulated cloud of `watchdog-sandbox`. Everything here is on 127.0.0.1.
version: 1
services:
  web:
    render: srv-web
    mode: {mode}
    depends_on: [openai]
    signals:
      home:   {{http: "{site}/", contains: "</html>"}}
      api:    {{latency: "{site}/api/test", p95: {p95}}}
      errors: {{sentry: {organization}/web}}
      events: {{render_events: default}}
{signals}{services}dependencies:
  openai: {{vendor_status: "{status_openai}"}}
channels:
  slack: {{}}
  pagerduty: {{}}
store: "sqlite:///{folder}/watchdog.db"
metrics: {{listen: "{listen}"}}
control: ["{control[0]}", "{control[1]}"]
vendor_status:
  render: "{status_render}"
  sentry: "{status_sentry}"
endpoints:
  render: "{render}"
  sentry: "{sentry}"
  pagerduty: "{pagerduty}"
  pagerduty_api: "{pagerduty_api}"
  slack: "{slack}"
  github: "{github}"
{more}"""

CONSOLE = "console: {enabled: true}\n"
TOKEN = "WATCHDOG_CONSOLE_TOKEN={token}\n"  # noqa: S105  its name, not what it holds
SHOP_VARIABLE = "WATCHDOG_PROBE_SHOP"
ORDER = """\
      order:
        journey: "SITE"
        critical: true
        every: 5s
        steps:
          - {path: /shop/login}
          - {name: log in, submit: {user: probe, password: "${WATCHDOG_PROBE_SHOP}"}, contains: Your cart}
          - {name: fill the cart, submit: {item: "41"}, contains: 1 in it}
          - {name: order, submit: {agreed: "yes"}, contains: Thank you}
"""
"""A visitor of the site's shop (site/shop.py), as a signal; read more often than a real shop should be."""
SECRETS = """\
# Fake keys of the sandbox: nothing real accepts them.
WATCHDOG_RENDER_API_KEY={render_key}
WATCHDOG_SENTRY_TOKEN={sentry_token}
WATCHDOG_GITHUB_TOKEN={github_token}
WATCHDOG_FLAG_TOKEN={flag_token}
WATCHDOG_REMEDY_TOKEN={flag_token}
WATCHDOG_SLACK_WEBHOOK_URL={slack_webhook}
WATCHDOG_PAGERDUTY_ROUTING_KEY={routing_key}
WATCHDOG_HEARTBEAT_URL={heartbeat}
WATCHDOG_SENTRY_CRONS_URL={crons}
"""


def write_config(
    folder: Path,
    urls: Mapping[str, Any],
    mode: str = "autonomous",
    p95: str = "800ms",
    more: str = "",
    services: str = "",
    listen: str = "127.0.0.1:0",
    console_token: str = "",
    signals: str = "",
) -> Path:
    """Write watchdog.yaml and .env into a folder (made if missing) and return the path of the former.

    `p95` is the latency objective of the API route, `more` further YAML at the top level, `services`
    further lines of YAML under `services:`, `signals` under the signals of web (SITE is the site's address there),
    `listen` the address of metrics and console; the latter is on if there is a token to log in with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = dict(urls) | {"folder": folder.resolve(), "organization": keys.ORGANIZATION}
    values |= {"mode": mode, "p95": p95, "services": services, "listen": listen}
    values |= {"more": more + (CONSOLE if console_token else ""), "signals": signals.replace("SITE", urls["site"])}
    path = folder / "watchdog.yaml"
    path.write_text(CONFIG.format(**values), encoding="utf-8")
    secrets = SECRETS.format(
        **values,
        render_key=keys.RENDER_API_KEY,
        sentry_token=keys.SENTRY_TOKEN,
        github_token=keys.GITHUB_TOKEN,
        flag_token=keys.FLAG_TOKEN,
        routing_key=keys.PAGERDUTY_ROUTING_KEY,
    )
    secrets += TOKEN.format(token=console_token) if console_token else ""
    # A secret that no probe names would be warned of.
    secrets += f"{SHOP_VARIABLE}={keys.SHOP_PASSWORD}\n" if SHOP_VARIABLE in signals else ""
    dotenv = folder / ".env"
    dotenv.write_text(secrets, encoding="utf-8")
    dotenv.chmod(0o600)
    return path
