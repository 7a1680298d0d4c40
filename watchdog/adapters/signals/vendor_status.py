"""Status pages of vendors, in the shape of Statuspage's `summary.json`, or in Slack's own.

Rule 1: a page can only hold a rollback back (the platform's) or explain an incident (an upstream's); it starts nothing.
Pages are written by hand and late: "all operational" proves nothing.
Rule 2: only components that concern us count, at partial outage or worse, or (the platform's) in announced maintenance
that goes on. A component that is degraded, or only marked as under maintenance, is a remark.
Rule 3: a page in a shape or with words that we do not know is `Unknown`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

import httpx

from watchdog.adapters.signals.options import check_url
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.adapters.signals.redirects import follow, within
from watchdog.adapters.signals.source import Source, unknown
from watchdog.adapters.signals.statuspage import Part, Summary, parse_summary, verdict
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.readings import Unread
from watchdog.ports import Clock, Sample

KNOWN_VENDORS = {
    "render": "https://status.render.com/api/v2/summary.json",
    "sentry": "https://status.sentry.io/api/v2/summary.json",
    "openai": "https://status.openai.com/api/v2/summary.json",
    "anthropic": "https://status.claude.com/api/v2/summary.json",
    "github": "https://www.githubstatus.com/api/v2/summary.json",
    "pagerduty": "https://status.pagerduty.com/api/v2/summary.json",
    "slack": "https://slack-status.com/api/v2.0.0/current",
}
"""Status pages by vendor. PagerDuty's is HTML since 2026, which is not read: `Unknown`, and `check` says so."""
NO_SHAPE = "it is not Statuspage-shaped (write the URL of a summary.json)"
NOT_READABLE = frozenset({"pagerduty"})
SENTRY_EU_HOST = "de.sentry.io"

IDLE_SECONDS = 300.0
OPEN_SECONDS = 60.0
DEADLINE_SECONDS = 10.0
_GRACE_SECONDS = 1.0
"""For closing the connection after the deadline of the exchange: a page that hangs is a failed read like any other."""
BODY_BYTES_MAX = 4 * 1024 * 1024
FRESH_SECONDS = 900.0
"""A page that was not read for so long is unknown again; one missed reading does not make it so."""

RENDER_API: tuple[Part, ...] = (("Render REST API", "Render API"), ("Render Platform API", "Render API"))
"""Render's API: two components of its page since mid 2026, one before."""

_KINDS = {
    "web_service": "Web Services",
    "private_service": "Web Services",
    "background_worker": "Background Workers",
    "static_site": "Static Sites",
    "cron_job": "Cron Jobs",
    "postgres": "PostgreSQL",
    "key-value": "Redis",
}


def render_components(services: Iterable[ServiceFacts]) -> tuple[Part, ...]:
    """Return the parts of Render that concern these services, each by the labels that the page may give it."""
    found = []
    for facts in services:
        name = _KINDS.get(facts.kind, "Web Services")
        region = f"{facts.region.capitalize()}/" if facts.region else ""  # unknown: that name in every region
        found += [name] if name == "Static Sites" else [f"{region}{name}", f"{region}Builds and Deploys"]
    return (*RENDER_API, *((label,) for label in dict.fromkeys(found)))


def elsewhere_of(name: str, sentry: str) -> frozenset[str]:
    """Return words in the labels of components to ignore unless `components:` selects them.

    For Sentry these are the region that the endpoint `sentry` does not use, and the integrations.
    """
    if name != "sentry":
        return frozenset()
    return frozenset({"us" if SENTRY_EU_HOST in sentry else "eu", "integration", "integrations"})


def page_of(url: str) -> str:
    """Return the address of a status page for people, by the one that is read: its host's first page; of none, none."""
    parts = urlsplit(url)
    # Without a user name and a query: they may be secrets.
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


class VendorStatus(Source):
    """One status page.

    `parts` returns the parts of the vendor that concern us now; none means all (an upstream's), except those with a
    word of `elsewhere`. `role` is "platform" or "upstream". Raises ValueError for a URL that cannot be read.
    """

    def __init__(
        self,
        name: str,
        url: str,
        clock: Clock,
        role: str,
        parts: Callable[[], Sequence[Part]] = tuple,
        *,
        idle_seconds: float = IDLE_SECONDS,
        open_seconds: float = OPEN_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        elsewhere: frozenset[str] = frozenset(),
        wire: ProbeTransport | None = None,
    ) -> None:
        within_seconds = deadline_seconds + _GRACE_SECONDS
        super().__init__(name, "vendor_status", every_seconds=idle_seconds, timeout_seconds=within_seconds)
        self.role = role
        self._url = httpx.URL(check_url(url))
        self._clock = clock
        self._parts = parts
        self._idle_seconds = idle_seconds
        self._open_seconds = open_seconds
        self._deadline_seconds = deadline_seconds
        self._elsewhere = elsewhere
        self._wire = wire or ProbeTransport()
        self._tag = ""
        self._summary: Summary | None = None
        self._read_at = 0.0
        self._dated = 0.0

    async def look(self) -> Sequence[Sample]:
        """Read the page once; `every_seconds` becomes shorter while an incident is open."""
        problem = await self._refresh()
        # A failed read keeps the last verdict for a quarter of an hour: vendors'
        # pages drop requests just when an outage begins.
        if problem and (self._summary is None or self._clock.monotonic() - self._read_at > FRESH_SECONDS):
            cause = Unread.SHAPE if problem == NO_SHAPE else Unread.OTHER
            return unknown(f"the status page of {self.name} could not be read: {problem}", cause)
        assert self._summary is not None
        now = self._clock.now()
        # Vendors update an open incident every few minutes; with none open, frequent reads would bring nothing.
        self.every_seconds = self._open_seconds if self._summary.is_open(now) else self._idle_seconds
        wanted = tuple(self._parts())
        said = verdict(self.name, self._summary, self.role, wanted, now, self._elsewhere)
        return (Sample(said, happened_at=self._dated if problem else None),)

    async def _refresh(self) -> str:
        """Read the page and return the reason of a failure, or an empty text."""
        # Pages are polled for months; a 304 spares the vendor and us the same large body.
        headers = {"Accept": "application/json", **({"If-None-Match": self._tag} if self._tag else {})}
        watch = Stopwatch()
        answer = follow(self._wire, self._url, watch, max_body=BODY_BYTES_MAX, redirects=2, headers=headers)
        came = await within(self._deadline_seconds, watch, answer)
        if isinstance(came, Failure):
            return came.why
        if came.status == 304 and self._summary is not None:
            self._was_read()
            return ""
        if came.status != 200:
            return f"HTTP {came.status}"
        if came.too_large or came.coding:
            return "its answer is too large or compressed in a way that we do not know"
        try:
            self._summary = parse_summary(json.loads(came.body))
        except (ValueError, RecursionError):
            return NO_SHAPE
        tag = came.headers.get("etag", "")
        # The tag goes back into a request header, so it must be one that a header can hold.
        self._tag = tag if len(tag) <= 200 and tag.isascii() and tag.isprintable() else ""
        self._was_read()
        return ""

    def _was_read(self) -> None:
        self._read_at, self._dated = self._clock.monotonic(), self._clock.now()
