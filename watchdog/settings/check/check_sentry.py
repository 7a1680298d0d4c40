"""Sentry, as `watchdog check --live` tries it: the token's scopes, each project, and whether releases are our commits.

Rule: only reads, over a client that can only GET.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.signals.sentry import TOKEN
from watchdog.domain.errors import WatchdogError
from watchdog.ports import Clock, Platform
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings

SCOPES = ("org:read", "project:read", "event:read")
FIX_TOKEN = f"create an internal integration in Sentry with {', '.join(SCOPES)}, and set {TOKEN}"
FIX_RELEASE = "name releases after the commit in the site's Sentry SDK: release = RENDER_GIT_COMMIT"
REGION = re.compile(r"https://[a-z0-9.-]{1,60}")
HINTS: Mapping[int, str] = {401: FIX_TOKEN, 403: FIX_TOKEN}


async def check_sentry(settings: Settings, clock: Clock, platform: Platform | None) -> Sequence[CheckResult]:
    """Return a result per organisation, project and release; none without sentry signals or token."""
    signals = list(_signals(settings))
    token = settings.secrets.get(TOKEN, "")
    if not signals or not token:
        return []
    headers = {"authorization": f"Bearer {token}"}
    url = f"{settings.endpoints['sentry']}/api/0"
    guard = settings.guard
    # One attempt: the whole check has 30 s, and retries would use them up.
    api = ApiClient("Sentry", url, headers=headers, clock=clock, read_only=True, hints=HINTS, attempts=1, guard=guard)
    visit = _Visit(api, settings, platform)
    try:
        results = [await visit.organisation(name) for name in dict.fromkeys(one.organisation for one in signals)]
        for signal in signals:
            results.extend(await visit.project(signal))
        return results
    finally:
        await api.close()


class _Signal(NamedTuple):
    """One sentry signal; `release` is the pattern that names a release after a commit, or empty."""

    service: str
    organisation: str
    project: str
    release: str


def _signals(settings: Settings) -> Iterator[_Signal]:
    for name, service in settings.services.items():
        for kind, options in service.signals.values():
            if kind == "sentry":
                organisation, _, project = str(getattr(options, "sentry", "")).partition("/")
                yield _Signal(name, organisation, project, str(getattr(options, "release", None) or ""))


class _Visit:
    """One round of requests to Sentry."""

    def __init__(self, api: ApiClient, settings: Settings, platform: Platform | None) -> None:
        self._api = api
        self._settings = settings
        self._platform = platform

    async def organisation(self, organisation: str) -> CheckResult:
        """Try the token; report the scope it lacks, and the address of the right region."""
        name = f"sentry {organisation}"
        try:
            answer = await self._api.get(f"/organizations/{_quoted(organisation)}/")
        except WatchdogError as error:
            return CheckResult(name, CheckOutcome.FAIL, str(error), FIX_TOKEN)
        access, region = _get(answer.json, "access"), _get(_get(answer.json, "links"), "regionUrl")
        # An empty list means that this Sentry does not report scopes, not that there are none.
        missing = [scope for scope in SCOPES if isinstance(access, list) and access and scope not in access]
        if missing:
            return CheckResult(name, CheckOutcome.FAIL, f"the token lacks {', '.join(missing)}", FIX_TOKEN)
        # The address becomes advice to paste, so it must look like a host of Sentry's, whatever the answer holds.
        if isinstance(region, str) and REGION.fullmatch(region) and region != self._settings.endpoints["sentry"]:
            what = "the token works, but the organisation lives in another region"
            return CheckResult(name, CheckOutcome.WARN, what, f"write endpoints: {{sentry: {region}}}")
        return CheckResult(name, CheckOutcome.OK, "the token works")

    async def project(self, signal: _Signal) -> Sequence[CheckResult]:
        """Try to read the project, and check whether it knows the live release."""
        name = f"sentry {signal.organisation}/{signal.project}"
        try:
            answer = await self._api.get(f"/projects/{_quoted(signal.organisation)}/{_quoted(signal.project)}/")
        except WatchdogError as error:
            fix = f"correct the sentry signal of services.{signal.service}, or the token's projects"
            return [CheckResult(name, CheckOutcome.FAIL, str(error), fix)]
        read = CheckResult(name, CheckOutcome.OK, "the project can be read")
        newest = _get(_get(answer.json, "latestRelease"), "version")
        return [read, await self._release(signal, newest)] if signal.release else [read]

    async def _release(self, signal: _Signal, newest: object) -> CheckResult:
        name = f"sentry release of {signal.service}"
        commit = await self._live_commit(signal.service)
        if commit is None and "{commit}" in signal.release:
            return CheckResult(name, CheckOutcome.WARN, "the live commit is not known", "set WATCHDOG_RENDER_API_KEY")
        wanted = signal.release.replace("{commit}", commit or "")
        if newest == wanted:
            return CheckResult(name, CheckOutcome.OK, f"its newest release is the live one, {wanted[:40]}")
        try:
            await self._api.get(f"/organizations/{_quoted(signal.organisation)}/releases/{_quoted(wanted)}/")
        except PermanentAnswer as error:
            # Only 404 means "no such release"; a lacking scope has another fix.
            if error.status != 404:
                return CheckResult(name, CheckOutcome.FAIL, str(error), FIX_TOKEN)
            return CheckResult(
                name, CheckOutcome.WARN, f"Sentry knows no release {wanted[:40]}, which is live", FIX_RELEASE
            )
        except WatchdogError as error:
            return CheckResult(name, CheckOutcome.WARN, str(error), "try again")
        return CheckResult(name, CheckOutcome.OK, f"Sentry knows the live release {wanted[:40]}")

    async def _live_commit(self, service: str) -> str | None:
        platform_id = self._settings.policy.services[service].platform_id
        if self._platform is None or platform_id is None:
            return None
        try:
            deploys = await self._platform.deploys(platform_id)
        except WatchdogError:
            return None
        return next((deploy.commit for deploy in deploys if deploy.is_live), None)


def _get(body: object, key: str) -> object:
    return body.get(key) if isinstance(body, Mapping) else None


def _quoted(part: str) -> str:
    return quote(part, safe="")
