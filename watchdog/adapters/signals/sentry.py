"""The signal `sentry`: errors per minute of a project and environment, and issues first seen in the live release.

The core derives a bad reading from the counts; this source only reports whether they could be read.

Rule 1: silence is `Unknown`, never zero: no series, a stale one, a wrong bucket size or an HTTP error are not "none".
Rule 2: ignored, archived and resolved issues are left out of the counts with `is:unresolved`. The dataset `errors`
knows that filter. Where a server refuses it (400: older, self-hosted), everything is counted, and the reading says so.
Rule 3: with `release: "{commit}"` the counts stay those of all releases. A series of one moving release begins at zero
with every deploy, and the usual errors of a good one would look like a flood. The new issues are the release's own. A
fixed text in `release` filters both.
Rule 4: the counts are the signal. What only adds to them (the project's number, the traffic, the issues) has a share of
the deadline: a slow answer to it must not cost the reading.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Context, Rate
from watchdog.adapters.signals.options import Every, SignalOptions, Timeout, policy
from watchdog.adapters.signals.sentry_answers import Unreadable, buckets, issue_texts, with_totals
from watchdog.adapters.signals.source import ApiSource, unknown
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Good, MinuteCount, Unread
from watchdog.ports import Sample

TOKEN = "WATCHDOG_SENTRY_TOKEN"  # noqa: S105  the name of a variable, not what it holds
# The newest minutes are judged, the rest is their history: one request a reading has both.
PERIOD = "60m"
COMMIT = "{commit}"
PROJECT = r"[A-Za-z0-9_-]{1,100}/[A-Za-z0-9_-]{1,100}"
ISSUES_MAX = 25
SOON_SECONDS = 60.0
"""Seconds until a project's number is requested again after Sentry failed to answer (5xx, 429, no answer)."""
PROJECT_SHARE, ALL_SHARE = 0.25, 0.9
"""The shares of the deadline at which the number is waited for no longer, and at which the counts go without more."""
ASK_AGAIN_SECONDS = 3600.0
"""Seconds until the number, or a refused request, is tried again: project, server or token may have changed."""
_HINTS = {
    401: f"put a valid token into {TOKEN} (an internal integration with org:read, project:read and event:read)",
    403: f"give the integration of {TOKEN} the scopes org:read, project:read and event:read",
    404: "check sentry: org/project, and that the token belongs to that organization",
}


def _check_project(text: str) -> str:
    if re.fullmatch(PROJECT, text) is None:
        raise ValueError("not a Sentry project: write org/project, as in acme/web")
    return text


def _check_release(text: str) -> str:
    if not 1 <= len(text) <= 200 or not text.isprintable() or '"' in text or "\\" in text:
        raise ValueError('not a release: write "{commit}" or the release as Sentry shows it')
    if set(re.findall(r"\{[^}]*\}?|\}", text)) - {COMMIT}:
        raise ValueError('the only placeholder is {commit}, as in release: "web@{commit}"')
    return text


class SentryOptions(SignalOptions):
    """Options of `sentry`. `limit` is an absolute limit on errors per minute; without it, the baseline decides."""

    sentry: Annotated[str, AfterValidator(_check_project), written_as(f"^{PROJECT}$", "acme/web")]
    environment: str = Field(default="production", min_length=1, max_length=64)
    release: Annotated[str, AfterValidator(_check_release)] | None = None
    limit: Rate | None = Field(default=None, gt=0)
    traffic: bool = False
    every: Every = 30.0
    timeout: Timeout = 20.0


class SentryErrors(ApiSource):
    """Reads the error counts of the last hour, minute by minute, and the new issues of the release."""

    def __init__(self, name: str, options: SentryOptions, context: Context) -> None:
        super().__init__(name, "sentry", options, lambda: _client(options, context))
        self._options = options
        self._context = context
        self._organization, self._project = options.sentry.split("/")
        self._unfiltered_until = 0.0
        self._project_id = ""
        self._project_until = 0.0
        self._known_issues: tuple[str, tuple[str, ...]] = ("", ())
        """A release and its new issues: what was first seen in it stays so while the list cannot be read."""

    async def ask(self, client: ApiClient) -> Sequence[Sample]:
        """Read once. Raises Temporary or Permanent when Sentry did not answer."""
        began = asyncio.get_running_loop().time()
        await self._find_project(client, began + PROJECT_SHARE * self.timeout_seconds)
        try:
            counts = buckets(await self._errors(client), self._context.clock.now())
        except Unreadable as error:
            return unknown(str(error), Unread.SHAPE)
        notes: list[str] = []
        until = began + ALL_SHARE * self.timeout_seconds
        if self._options.traffic:
            counts = await self._normalised(client, counts, notes, until)
        issues = await self._new_issues(client, notes, until)
        return (Sample(Good(self._detail(counts, notes)), counts=counts, new_issues=issues),)

    async def _errors(self, client: ApiClient) -> object:
        """Return the series without ignored issues, or with them if this Sentry cannot filter.

        The source learns that by sending the same request without the filter: a 400 to that as well has another cause,
        and is raised. It tries the filter again after an hour, since Sentry may have been updated.
        """
        now = self._context.clock.monotonic()
        if self._counts_everything:
            return await self._series(client, "errors", self._query(""))
        try:
            return await self._series(client, "errors", self._query("is:unresolved"))
        except PermanentAnswer as error:
            # 400 is the answer to an unknown filter; any other refusal concerns the token or the project.
            if error.status != 400:
                raise
        counts = await self._series(client, "errors", self._query(""))
        self._unfiltered_until = now + ASK_AGAIN_SECONDS
        return counts

    @property
    def _counts_everything(self) -> bool:
        return self._context.clock.monotonic() < self._unfiltered_until

    async def _normalised(
        self, client: ApiClient, counts: tuple[MinuteCount, ...], notes: list[str], until: float
    ) -> tuple[MinuteCount, ...]:
        try:
            async with _answered(until):
                totals = await self._series(client, "spans", self._query("is_transaction:true"))
            # Spans are sampled: a total extrapolated from few of them would make a false
            # error rate, so such minutes stay without one.
            return with_totals(counts, buckets(totals, self._context.clock.now(), only_sure=True))
        except (Temporary, Permanent, Unreadable) as error:
            notes.append(f"no traffic to compare with ({plain(str(error), 80)})")
            return counts

    async def _series(self, client: ApiClient, dataset: str, query: str) -> object:
        path = f"/api/0/organizations/{self._organization}/events-timeseries/"
        params = [("dataset", dataset), ("yAxis", "count()"), ("interval", "1m"), ("statsPeriod", PERIOD)]
        return (await client.get(path, [*params, *self._scope(), *([("query", query)] if query else [])])).json

    async def _new_issues(self, client: ApiClient, notes: list[str], until: float) -> tuple[str, ...]:
        release = self._release()
        if release is None:
            if self._options.release is not None:
                notes.append("new issues unknown: the live commit is not known")
            return ()
        # `firstRelease` selects new issues: an old one that the release merely hits again does not blame the deploy.
        query = f'is:unresolved firstRelease:"{release}" level:[error,fatal]'
        params = [("query", query), ("sort", "freq"), ("statsPeriod", "24h"), ("limit", str(ISSUES_MAX))]
        path = f"/api/0/organizations/{self._organization}/issues/"
        try:
            async with _answered(until):
                answer = await client.get(path, [*params, *self._scope()])
            self._known_issues = release, issue_texts(answer.json)
            return self._known_issues[1]
        except (Temporary, Permanent, Unreadable) as error:
            notes.append(f"new issues unknown ({plain(str(error), 80)})")
            return self._known_issues[1] if self._known_issues[0] == release else ()

    async def _find_project(self, client: ApiClient, until: float) -> None:
        """Read the project's number, once an hour: slugs are understood since June 2026, and are a 400 to older
        servers.

        Where the token may not read it the slug has to do; where Sentry fails, what was known before.
        """
        now = self._context.clock.monotonic()
        if now < self._project_until:
            return
        number, again_seconds = None, ASK_AGAIN_SECONDS
        try:
            async with _answered(until):
                found = (await client.get(f"/api/0/projects/{self._organization}/{self._project}/")).json
            number = found.get("id") if isinstance(found, dict) else None
        except Permanent:
            # The token may lack project:read; the slug is enough for current servers.
            pass
        except Temporary:
            # A failure of Sentry passes: an hour with the slug could be an hour of refusals on an older server.
            again_seconds, number = SOON_SECONDS, self._project_id
        self._project_id = number if isinstance(number, str) and number.isdecimal() else ""
        self._project_until = now + again_seconds

    def _scope(self) -> list[tuple[str, str]]:
        return [("project", self._project_id or self._project), ("environment", self._options.environment)]

    def _query(self, base: str) -> str:
        """Return the filter, with the release if that is a fixed one (rule 3)."""
        release = self._options.release
        fixed = release if release is not None and COMMIT not in release else None
        return " ".join(part for part in (base, f'release:"{fixed}"' if fixed else "") if part)

    def _release(self) -> str | None:
        template = self._options.release
        if template is None or COMMIT not in template:
            return template
        commit = self._context.live_commit()
        # The platform's text, but it goes into a query: it must have the form of a commit.
        if commit is None or re.fullmatch(r"[0-9A-Za-z._:@+-]{1,100}", commit) is None:
            return None
        return template.replace(COMMIT, commit)

    def _detail(self, counts: tuple[MinuteCount, ...], notes: list[str]) -> str:
        total = sum(bucket.count for bucket in counts)
        text = f"{counts[-1].count:g} errors in the newest full minute, {total:g} in {len(counts)} min"
        if total == 0:
            text += " (silence alone does not prove health)"
        if self._counts_everything:
            notes.insert(0, "ignored issues are counted too: this server cannot leave them out")
        return "; ".join([text, *notes])


@asynccontextmanager
async def _answered(until: float) -> AsyncIterator[None]:
    """Raise Temporary where the body takes longer than until then (the loop's seconds)."""
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise Temporary("Sentry did not answer in time") from None


def _client(options: SentryOptions, context: Context) -> ApiClient:
    """Return the client. Raises Permanent where the token is not set."""
    token = context.secrets.get(TOKEN, "")
    if not token:
        raise Permanent(f"no Sentry token: set {TOKEN}")
    return ApiClient(
        "Sentry",
        context.endpoints["sentry"],
        headers={"authorization": f"Bearer {token}"},
        clock=context.clock,
        guard=context.guard,
        # Two attempts fit into the deadline of one reading.
        timeout_seconds=max(options.timeout * 0.4, 1.0),
        read_only=True,
        hints=_HINTS,
        attempts=2,
    )


def build(name: str, options: SentryOptions, context: Context) -> SentryErrors:
    """Return the source."""
    return SentryErrors(name, options, context)


def secrets(options: SentryOptions) -> tuple[str, ...]:
    """Return the variables of the secrets that are needed."""
    return (TOKEN,)


def policy_of(name: str, options: SentryOptions) -> SignalPolicy:
    """Return the core's policy for this signal, with the limit in errors per minute."""
    return replace(policy(name, "sentry", options), limit_per_minute=options.limit)
