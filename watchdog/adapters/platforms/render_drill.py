"""The clients of drills: they read Render; that of a bad commit can deploy this one, on one staging service.

Rule 1: no part of the daemon has these clients; `app/drills` makes one for each drill, and closes it.
Rule 2: a service is refused twice: when the client is built, unless the configuration calls it a staging service; and
right before the request that breaks it, unless Render's own facts, read anew, show one (`domain/drills/staging.py`).
Rule 3: the allow-list has one request, POST of that commit to that service, which is sent once; or none.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.platforms.render import HINTS
from watchdog.adapters.platforms.render_commit import one_commit_api, request_deploy
from watchdog.adapters.platforms.render_parse import parse_service
from watchdog.adapters.platforms.render_read import PAGES_MAX, RenderReader, is_store, service_path
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.drills.staging import why_not_staging
from watchdog.domain.errors import Misshapen, MissingPermission, Refused
from watchdog.ports import Clock


class Environment(NamedTuple):
    """The environment of a service at Render."""

    name: str
    protected: bool


class StagingRender(RenderReader):
    """Reads Render, and says whether it shows one service as staging; it can change nothing."""

    def __init__(self, api: ApiClient, clock: Clock, service_id: str) -> None:
        super().__init__(api, clock)
        self._service_id = service_id

    async def check_staging(self) -> None:
        """Raise Refused unless Render's facts, read now, show a staging service; Temporary or Permanent if unread."""
        facts = parse_service(await self._one(service_path(self._service_id)))
        if facts is None or facts.id != self._service_id:
            raise Misshapen(f"Render's answer about {self._service_id} cannot be read")
        environment = await self._environment()
        why = why_not_staging(
            facts.name,
            environment.name if environment else None,
            protected=environment is not None and environment.protected,
        )
        if why:
            raise Refused(f"no drill on {facts.name}: {why}")

    async def _environment(self) -> Environment | None:
        """Return the service's environment; None if it has none, or the key may not read environments."""
        # Without the permission the service's own name has to say it; any other failure refuses the drill.
        try:
            projects = [mapping(one) for one in await self._pages("/projects", "project", pages=PAGES_MAX)]
            asked = {"projectId": ",".join(text(one.get("id")) for one in projects)}
            rows = await self._pages("/environments", "environment", pages=PAGES_MAX, params=asked) if projects else []
        except MissingPermission:
            return None
        return next((_environment(one) for one in map(mapping, rows) if self._service_id in _services(one)), None)


class DrillRender(StagingRender):
    """Reads Render, and may deploy the known-bad commit of one staging service."""

    def __init__(self, api: ApiClient, clock: Clock, service_id: str, commit: str) -> None:
        super().__init__(api, clock, service_id)
        self._commit = commit

    async def deploy_bad_commit(self) -> str | None:
        """Request the build and deploy of the known-bad commit, once; return the new deploy's id, or None if Render
        accepted it without one.

        Raises Refused where Render does not show a staging service, Temporary (nothing happened), Permanent or
        OutcomeUnknown.
        """
        await self.check_staging()
        return await request_deploy(self._api, self._service_id, self._commit)


def _environment(row: Mapping[str, object]) -> Environment:
    # A word that we do not know is taken for protection.
    return Environment(text(row.get("name")), row.get("protectedStatus", "unprotected") != "unprotected")


def _services(row: Mapping[str, object]) -> list[object]:
    found = row.get("serviceIds")
    return found if isinstance(found, list) else []


def build_drill(
    api_key: str,
    base_url: str,
    clock: Clock,
    *,
    service_id: str,
    commit: str,
    staging: Mapping[str, str],
    guard: AddressGuard | None = None,
) -> DrillRender:
    """Return the client of one drill. `staging` has the known-bad commit of each staging service, by its id.

    Raises Refused for a service that is not among them, and for another commit than its own.
    """
    if is_store(service_id) or staging.get(service_id) != commit or not commit:
        raise Refused(f"{service_id} is no staging service with this known-bad commit in the configuration")
    api = one_commit_api(api_key, base_url, clock, service_id=service_id, commit=commit, guard=guard)
    return DrillRender(api, clock, service_id, commit)


def build_staging(
    api_key: str, base_url: str, clock: Clock, *, service_id: str, staging: Collection[str], guard: AddressGuard | None
) -> StagingRender:
    """Return a client that only reads. `staging` are the ids of the staging services.

    Raises Refused for a service that is not among them.
    """
    if is_store(service_id) or service_id not in staging:
        raise Refused(f"{service_id} is no staging service in the configuration")
    api = ApiClient(
        "Render",
        base_url,
        headers={"authorization": f"Bearer {api_key}"},
        clock=clock,
        read_only=True,
        guard=guard,
        hints=HINTS,
        shares_reads=True,
    )
    return StagingRender(api, clock, service_id)
