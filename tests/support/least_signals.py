"""The least that each kind of signal must be given; a new kind takes one line."""

from collections.abc import Mapping
from typing import Any

URL = "https://www.acme.example"
LEAST: Mapping[str, Mapping[str, Any]] = {
    "http": {"http": URL},
    "latency": {"latency": URL, "p95": "1s"},
    "sentry": {"sentry": "acme/web"},
    "render_events": {"render_events": "all"},
    "prometheus": {"prometheus": URL, "query": "up", "below": 1},
    "command": {"command": ("check-stock",)},
    "heartbeat": {"heartbeat": "803f680d-e89b-492b-82ef-2be7b774a92d", "api_key": "${WATCHDOG_PROBE_PINGS}"},
    "lighthouse": {"lighthouse": URL, "api_key": "${WATCHDOG_PROBE_SCORES}"},
    "csp": {"csp": URL},
    "plausible": {"plausible": "acme.example", "api_key": "${WATCHDOG_PROBE_COUNTS}"},
    "journey": {"journey": URL, "steps": ({"path": "/"},)},
    "tcp": {"tcp": "db.acme.example:5432"},
}
