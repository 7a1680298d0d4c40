"""Reports the daemon's own errors to a Sentry project of their own: in the watched one they would raise its error rate.

Rule 1: loaded with a DSN alone (own_errors.py); `SENTRY_*` variables are not read, as they belong to the target.
Rule 2: no local variables (they hold headers and addresses), no breadcrumbs, no host name, no patched libraries, no
personal data (the SDK's default); the rest is scrubbed of every known secret.
Rule 3: a failing loop is a few events, not a flood.
Rule 4: they go to the DSN's address and nowhere else: the SDK connects without the SSRF guard, so no redirect is
followed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sentry_sdk
from sentry_sdk.consts import EndpointType
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.transport import HttpTransport
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

from watchdog.daemon.telemetry.logs import Redact, known_forms, scrub
from watchdog.domain.errors import Permanent

ALIKE_MAX = 20
EVENTS_MAX = 1_000
"""Per process: errors alike (same type, same place), and in all."""
FLUSH_SECONDS = 2.0
_DEPTH_MAX = 12


def start(dsn: str, version: str, redact: Redact) -> None:
    """Report errors to the DSN from now on. Raises Permanent for an invalid DSN."""
    try:
        sentry_sdk.init(
            dsn=dsn,
            transport=_Straight,
            release=f"render-watchdog@{version}",
            environment="watchdog",
            server_name="",
            include_local_variables=False,
            max_breadcrumbs=0,
            max_request_body_size="never",
            # They patch libraries, and add arguments and modules of the process (Rule 2).
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[ExcepthookIntegration(), AtexitIntegration(callback=_exit_quietly)],
            trace_propagation_targets=[],
            auto_session_tracking=False,
            send_client_reports=False,
            spotlight=False,
            http_proxy="",  # the environment's proxies belong to the target
            https_proxy="",
            shutdown_timeout=FLUSH_SECONDS,
            before_send=Scrubber(redact),
            before_breadcrumb=lambda crumb, hint: None,
        )
    except BadDsn:
        raise Permanent("WATCHDOG_SENTRY_DSN is not a DSN: copy it from the project's client keys in Sentry") from None


def report(error: BaseException) -> None:
    """Report one error. Returns at once: a thread of the SDK sends it."""
    sentry_sdk.capture_exception(error)


def stop() -> None:
    """Send the waiting events, within 2 s, and report no more."""
    client = sentry_sdk.get_client()
    if client.is_active():
        client.close(timeout=FLUSH_SECONDS)
        sentry_sdk.get_global_scope().set_client(None)


class _Straight(HttpTransport):
    """The SDK's transport, without the redirects that urllib3 follows by default."""

    def _request(self, method: str, endpoint_type: EndpointType, body: Any, headers: Mapping[str, str]) -> Any:
        url = self._auth.get_api_url(endpoint_type)
        return self._pool.request(method, url, body=body, headers=headers, redirect=False)


class Scrubber:
    """Sentry's `before_send`: every string without secrets, and a bound on how many alike."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._seen: Counter[str] = Counter()

    def __call__(self, event: Event, hint: Hint) -> Event | None:
        """Return the scrubbed event, or None to drop it."""
        kind = _kind_of(event)
        if self._seen.total() >= EVENTS_MAX or self._seen[kind] >= ALIKE_MAX:
            return None
        self._seen[kind] += 1
        clean: Event = _scrub(event, known_forms(self._redact()), 0)
        return clean


def _kind_of(event: Mapping[str, Any]) -> str:
    """Return type and place of the innermost exception."""
    values = (event.get("exception") or {}).get("values") or [{}]
    frames = (values[-1].get("stacktrace") or {}).get("frames") or [{}]
    last = frames[-1]
    return f"{values[-1].get('type')} {last.get('module')}:{last.get('lineno')}"


def _scrub(value: Any, secrets: Sequence[str], depth: int) -> Any:
    if isinstance(value, str):
        return scrub(value, secrets)
    # Events nest foreign data, which may be as deep as its author likes.
    if depth >= _DEPTH_MAX:
        return "…"
    if isinstance(value, Mapping):
        return {key: _scrub(each, secrets, depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrub(each, secrets, depth + 1) for each in value]
    return value


def _exit_quietly(pending: int, timeout_seconds: float) -> None:
    """Say nothing about unsent events at exit; the SDK's default writes to stderr."""
