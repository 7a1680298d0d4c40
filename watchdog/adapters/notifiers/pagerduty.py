"""PagerDuty, Events API v2: one alert per incident, which pages the on-call engineer only when it should.

Rule 1: a second trigger of an open alert does not page again. So before a notice that pages, our open alert is
resolved. It may be information ("info"), or an earlier page ("woken") that an engineer may have acknowledged meanwhile:
the promised second page must ring. The reference is "info", "woken" or "resolved".
Rule 2: a notice that does not page, after a page, is a trigger with the same key: it adds to the alert's log and pages
no engineer. It keeps the page's severity, so that it cannot lower the alert's urgency. After a person resolved the
alert there, a trigger with its key opens a new one, which would ring: it is "info". Only the REST API tells (an API
token); without an answer from it the alert counts as open.
Rule 3: an all-clear is always sent, whatever we remember: PagerDuty drops a resolve of an alert that is not open, while
a forgotten alert would stay open for ever. Without memory of an alert, a page is a trigger alone, with the usual key:
it joins an open alert, so that one outage stays one page.
Rule 4: a page whose answer was lost may have rung. Sent again, it is a trigger alone, which joins the alert that it
opened, also an acknowledged one, and rings no phone. If a person resolved that meanwhile, it is not sent again: the
REST API tells; without its answer the page rings a second time. After a restart in between this page is not known to
have been sent: it rings a second time if a person resolved it, or if the reference says that there was an alert before
it. Not asked then: by the REST API its own alert looks like one that an update, sent late, opened without a page.

Whether "info" stays silent is set in PagerDuty: the service's urgency must follow the alert's severity.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from cachetools import LRUCache

from watchdog.adapters.api_client import PermanentAnswer
from watchdog.adapters.json_values import mapping
from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.facts import facts, rows
from watchdog.adapters.notifiers.notifier_http import TIMEOUT_SECONDS, TellingClient
from watchdog.adapters.options import Context
from watchdog.adapters.pagers import pagerduty
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Forbidden, Permanent, Temporary
from watchdog.domain.notices import Notice
from watchdog.domain.pager import Change
from watchdog.domain.severity import Severity
from watchdog.ports import Notifier

KEY = "WATCHDOG_PAGERDUTY_ROUTING_KEY"
US = "https://events.pagerduty.com"
EU = "https://events.eu.pagerduty.com"
MAX_SUMMARY = 1024
ASK_SECONDS = 5.0
"""How long to wait for what became of an alert."""
REMEMBERED = 1000
"""The number of pages that may have been lost which are remembered."""
SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
HINTS = {
    400: f"PagerDuty refuses the event; check {KEY}",
    404: "check the PagerDuty region (us or eu)",
}


class PagerDutyOptions(ChannelOptions):
    """The region of the PagerDuty account, and whether it shows deploys and rollbacks (as change events)."""

    region: Literal["us", "eu"] = "us"
    changes: bool = False


class Alerts(Protocol):
    """What can be read of our alerts. Raises Temporary or Permanent."""

    async def resolved_by_a_person(self, dedup_key: str, since: float = 0.0) -> bool:
        """Return whether a person resolved the newest alert of this key, and it was opened since (UTC seconds)."""

    async def close(self) -> None:
        """Close connections."""


class PagerDuty:
    """The pager. `endpoint` is the base URL of the Events API; `alerts` read back what became of ours, if possible."""

    name = "pagerduty"

    def __init__(self, endpoint: str, routing_key: str, context: Context, alerts: Alerts | None = None) -> None:
        self.endpoint = endpoint
        self._alerts = alerts
        self._routing_key = routing_key
        self._client = TellingClient(
            "PagerDuty",
            endpoint,
            clock=context.clock,
            guard=context.guard,
            timeout_seconds=TIMEOUT_SECONDS,
            hints=HINTS,
        )
        self._clock = context.clock
        self._tried: LRUCache[str, tuple[object, float]] = LRUCache(REMEMBERED)
        # Without a key nothing may be hidden: replacing an empty text would put *** between all characters.
        self._client.hidden = (routing_key,) if routing_key else ()

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Trigger or resolve; return the alert's new state: "info", "woken" or "resolved"."""
        tried, at = self._tried.get(notice.dedup_key, (None, self._clock.now()))
        again = tried == notice.identity
        # Any other event may have opened an alert, which a trigger alone would join without a page.
        if not again:
            self._tried.pop(notice.dedup_key, None)
        if notice.resolves:
            await self._post(notice, "resolve")
            return "resolved"
        if again and await self._was_resolved_there(notice, at):
            return "woken"
        # Before the trigger, and raising on failure: a trigger on the still open
        # alert would be merged into it without a page.
        if notice.wakes and reference in ("info", "woken") and not again:
            await self._post(notice, "resolve")
        # After a page its severity stays: a lower one would lower the urgency of the alert that rings.
        rings = notice.wakes or (reference == "woken" and not await self._was_resolved_there(notice))
        if notice.wakes:
            self._tried[notice.dedup_key] = notice.identity, at
        await self._post(notice, "trigger", payload=_payload(notice, rings=rings), links=_links(notice))
        self._tried.pop(notice.dedup_key, None)
        return "woken" if rings else "info"

    async def _was_resolved_there(self, notice: Notice, since: float = 0.0) -> bool:
        """Return whether a person resolved the alert; without an answer in time it counts as open."""
        if self._alerts is None:
            return False
        try:
            # A page must not wait long for what is only asked lest it ring twice.
            async with asyncio.timeout(ASK_SECONDS):
                return await self._alerts.resolved_by_a_person(notice.dedup_key, since)
        except (Temporary, Permanent, TimeoutError):
            return False

    async def note(self, change: Change) -> None:
        """Show a deploy or rollback beside the service's incidents (implements change_events.ChangeLog)."""
        facts = {"commit": change.commit, "message": change.message, "deploy": change.deploy, "trigger": change.trigger}
        payload = {
            "summary": text.clean(change.summary, MAX_SUMMARY),
            "source": text.clean(change.service, 255) or "watchdog",
            "timestamp": _iso(change.at),
            "custom_details": {key: text.clean(value, 500) for key, value in facts.items() if value},
        }
        href = text.safe_href(change.href)
        links = [{"href": href, "text": "deploy"}] if href else []
        event = {"routing_key": self._routing_key, "payload": payload, "links": links}
        await self._client.deliver("/v2/change/enqueue", event)

    async def check(self) -> str:
        """Return the result that needs no event: the key's shape. Raises Permanent if the shape is wrong."""
        # The Events API has no call that validates a key; any event would show up in the account.
        if not re.fullmatch(r"[A-Za-z0-9]{32}", self._routing_key):
            raise Permanent(f"{KEY} is not an integration key (32 letters and digits): copy it from the integration")
        test = command_line("notify test")
        return f"the key has the right shape; PagerDuty tells more only to an event: `{test}` sends one"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()
        if self._alerts is not None:
            await self._alerts.close()

    async def _post(self, notice: Notice, action: str, **more: Any) -> None:
        event = {
            "routing_key": self._routing_key,
            "event_action": action,
            "dedup_key": pagerduty.alert_key(notice.dedup_key),
            **more,
        }
        if action == "trigger":
            event["client"] = "watchdog"
        try:
            await self._client.deliver("/v2/enqueue", event)
        except PermanentAnswer as error:
            # Their document has no other status for a wrong key: it is named among the faults of the event.
            found = mapping(error.answer.json).get("errors")
            raise Forbidden(str(error)) if "routing_key" in str(found) else error from None


def _payload(notice: Notice, *, rings: bool) -> dict[str, Any]:
    """Return the alert: what fails, the facts in short rows, then the news and the details.

    Limited by its parts: 90 texts of 500 characters are far below PagerDuty's 512 KB.
    """
    service = text.clean(notice.service, 255) or "watchdog"
    return {
        "summary": text.title(notice, MAX_SUMMARY),
        "source": service,
        "severity": SEVERITIES[notice.severity] if rings else "info",
        "timestamp": _iso(notice.at),
        "component": service,
        "group": "watchdog",
        "class": _class(notice),
        "custom_details": _details(notice),
    }


def _details(notice: Notice) -> dict[str, str | list[str]]:
    """Return the facts in short rows, then the news beyond them and the evidence; PagerDuty shows each name with its
    value."""
    evidence, known = list(text.details(notice)), facts(notice)
    said = (known.next.sentence, known.next.step) if known is not None else ()
    news = [line for line in text.news(notice) if line not in said]
    shown = {**rows(notice), "notice": notice.kind.value, "news": news}
    return {**shown, "details": evidence} if evidence else shown


def _class(notice: Notice) -> str:
    """Return the kind of the signal that fails (`http`, `sentry`); without one, the reason of the notice."""
    findings = notice.about.incident.findings if notice.about is not None else ()
    return text.clean(findings[0].kind, 255) if findings else notice.kind.value


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _links(notice: Notice) -> list[dict[str, str]]:
    return [{"href": link.href, "text": link.text} for link in text.links(notice)]


def secrets(options: PagerDutyOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (KEY,)


def build(options: PagerDutyOptions, context: Context) -> Notifier:
    """Build the channel; the region chooses the host unless the configuration names another endpoint."""
    endpoint = context.endpoints.get("pagerduty", US)
    # A named endpoint (a proxy, the sandbox) wins over the region.
    if options.region == "eu" and endpoint == US:
        endpoint = EU
    try:
        alerts = pagerduty.build(options.region, context)
    except Permanent:
        alerts = None  # a malformed token of the reader's is reported there; it must not cost the pager
    return PagerDuty(endpoint, context.secrets.get(KEY, "").strip(), context, alerts)
