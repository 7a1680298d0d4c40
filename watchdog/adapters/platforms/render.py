"""The Render platform: a reader that can only GET, and a writer that can do exactly six things.

Rule 1: the allow-list is inside: PATCH of `autoDeployTrigger`, POST of a rollback, POST of a deploy of one commit,
each for the configured ids alone; POST of a restart, for those with that remedy; POST of a number of instances, for
those with that remedy, and no other number than theirs; PATCH of `maintenanceMode`, for those with that remedy.
Rule 2: a changing call is one request. The outcome of a lost one is found by listing deploys, not here.
"""

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.platforms.render_parse import parse_maintenance, parse_scaling, parse_service
from watchdog.adapters.platforms.render_permissions import refused
from watchdog.adapters.platforms.render_read import FORBIDDEN, RenderReader, is_store, safe_id, service_path
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.deploys import AUTO_DEPLOY
from watchdog.domain.errors import Forbidden, Gone, Refused
from watchdog.ports import Clock, MaintenanceSetting, Scaling, Withheld

HINTS = MappingProxyType(
    {
        401: "create a new API key (Render dashboard, Account Settings) and set WATCHDOG_RENDER_API_KEY",
        404: "check the id, and that the API key's owner can see it",
    }
)
UNAUTHORIZED = 401
NOTHING: Mapping[str, Set[int]] = MappingProxyType({})
NOT_THERE = frozenset({400, 404, 410})
"""Render does not document the answer for an expired artefact: each of these means that it is not available."""


class Render(RenderReader):
    """Reads Render and may change the configured services (implements ports.WritablePlatform)."""

    can_write = True

    async def set_auto_deploy(self, service_id: str, value: str) -> str | None:
        """Set auto-deploy to `off`, `commit` or `checksPass`, in one request; return the setting that the answer
        states.

        Raises Refused, Temporary, Permanent or OutcomeUnknown.
        """
        if value not in AUTO_DEPLOY:
            raise Refused(f"auto-deploy can be {', '.join(AUTO_DEPLOY)}; not {value[:40]!r}")
        answer = await self._change("PATCH", self._path(service_id), {"autoDeployTrigger": value})
        facts = parse_service(answer.json)
        # An answer about another service, or without the field, confirms nothing; the actuator then reads the service.
        return facts.auto_deploy if facts is not None and facts.id == service_id else None

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        """Request a rollback once; return the new deploy's id, or None if Render accepted it without one.

        Raises Refused, Temporary (nothing happened), Permanent (refused; Gone, Forbidden) or OutcomeUnknown.
        """
        return await self._make(f"{self._path(service_id)}/rollback", {"deployId": safe_id(deploy_id)})

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        """Request the build and deploy of a commit once. Returns and raises the same as `rollback`."""
        return await self._make(f"{self._path(service_id)}/deploys", {"commitId": safe_id(commit)})

    async def restart(self, service_id: str) -> None:
        """Request a restart with the same code and configuration, once. Raises the same as `rollback`."""
        await self._change("POST", f"{self._path(service_id)}/restart", None)

    async def scaling(self, service_id: str) -> Scaling:
        """Return how many instances it has, and whether Render scales it by itself. Raises Temporary or Permanent."""
        return parse_scaling(await self._one(self._path(service_id)))

    async def scale(self, service_id: str, instances: int) -> None:
        """Request that number of instances, once. Raises the same as `rollback`."""
        await self._change("POST", f"{self._path(service_id)}/scale", {"numInstances": instances})

    async def maintenance_mode(self, service_id: str) -> MaintenanceSetting | None:
        """Return the setting of maintenance mode; None: Render does not show it. Raises Temporary or Permanent."""
        return parse_maintenance(await self._one(self._path(service_id)))

    async def set_maintenance_mode(self, service_id: str, *, on: bool, page: str) -> None:
        """Switch maintenance mode, once, with the page that it had. Raises the same as `rollback`."""
        setting = {"maintenanceMode": {"enabled": on, "uri": page}}
        await self._change("PATCH", self._path(service_id), {"serviceDetails": setting})

    async def _make(self, path: str, body: dict[str, str]) -> str | None:
        """Request a new deploy; return its id, or None if it was accepted without one (202, no body)."""
        try:
            answer = await self._change("POST", path, body)
        except PermanentAnswer as error:
            # An expired artefact is this deploy's fault alone; other refusals
            # concern the key, the service or the request.
            if error.status in NOT_THERE:
                raise Gone(str(error)) from error
            raise
        return text(mapping(answer.json).get("id")) or None

    async def _change(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        return await send_change(self._api, method, path, body)


async def send_change(api: ApiClient, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
    """Send one changing request.

    Raises the errors of ApiClient.change, and Forbidden where Render says that the key lacks a right.
    """
    try:
        return await api.change(method, path, body)
    except PermanentAnswer as error:
        if error.status == FORBIDDEN:
            raise refused(error, method, path) from error
        # Render answers 401 to a revoked key, as to a wrong one: no later request with it can succeed.
        if error.status == UNAUTHORIZED:
            raise Forbidden(str(error)) from error
        raise


def build_render(
    api_key: str,
    base_url: str,
    clock: Clock,
    *,
    writable_ids: frozenset[str],
    all_ids: frozenset[str],
    guard: AddressGuard | None = None,
    calm_seconds: float = 0.0,
    withheld: Withheld | None = None,
    restartable_ids: frozenset[str] = frozenset(),
    scalable: Mapping[str, Set[int]] = NOTHING,
    maintainable_ids: frozenset[str] = frozenset(),
) -> RenderReader | Render:
    """Return a client that can change the services of `writable_ids`, or one that can only GET if there are none.

    Those `withheld` are left out of what it may change, for as long as this client lives. It may restart those of
    `restartable_ids` that are writable, scale those of `scalable`, each to these numbers alone, and switch maintenance
    mode of those of `maintainable_ids`.
    Raises Refused if a writable id is not among the configured ones, Permanent for a key that cannot be sent.
    """
    withheld = withheld or Withheld()
    strangers = writable_ids - all_ids
    if strangers:
        raise Refused(f"not a configured service, so not writable: {', '.join(sorted(strangers))}")
    # Guarded twice: without a writable id the client refuses every
    # method but GET, also if the allow-list is wrong.
    api = ApiClient(
        "Render",
        base_url,
        headers={"authorization": f"Bearer {api_key}"},
        clock=clock,
        read_only=not writable_ids,
        allow=_AllowList(writable_ids - withheld.ids, restartable_ids, scalable, maintainable_ids),
        guard=guard,
        hints=HINTS,
        shares_reads=True,
    )
    return (Render if writable_ids else RenderReader)(api, clock, calm_seconds, withheld)


class _AllowList:
    """The changes that are possible at all, service by service."""

    def __init__(
        self,
        service_ids: frozenset[str],
        restartable_ids: frozenset[str],
        scalable: Mapping[str, Set[int]],
        maintainable_ids: frozenset[str],
    ) -> None:
        # A database has no deploys: nothing about it may be changed.
        services = [service_path(service_id) for service_id in service_ids if not is_store(service_id)]
        self._pins = frozenset(services)
        self._switched = frozenset(map(service_path, service_ids & maintainable_ids)) & self._pins
        self._posts = {f"{path}/rollback": ["deployId"] for path in services}
        self._posts |= {f"{path}/deploys": ["commitId"] for path in services}
        restarted = [service_path(one) for one in service_ids & restartable_ids if not is_store(one)]
        self._posts |= {f"{path}/restart": [] for path in restarted}
        scaled = [one for one in service_ids & scalable.keys() if not is_store(one)]
        self._numbers = {f"{service_path(one)}/scale": scalable[one] for one in scaled}

    def __call__(self, method: str, path: str, body: object) -> bool:
        keys = list(body) if isinstance(body, dict) else []
        if method == "PATCH" and path in self._switched and keys == ["serviceDetails"]:
            return _only_maintenance(mapping(body)["serviceDetails"])
        if method == "PATCH" and path in self._pins:
            # The exact keys, no more: a PATCH with a second field could change any setting of the service.
            return keys == ["autoDeployTrigger"] and mapping(body)["autoDeployTrigger"] in AUTO_DEPLOY
        if method == "POST" and path in self._numbers:
            number = mapping(body).get("numInstances")
            # A number of the configuration alone: true is none, though it equals 1.
            return keys == ["numInstances"] and type(number) is int and number in self._numbers[path]
        # Without fields there is no body at all.
        shaped = isinstance(body, dict) if keys else body is None
        return method == "POST" and path in self._posts and keys == self._posts[path] and shaped


def _only_maintenance(details: object) -> bool:
    """Return whether a change of a service's details is one of maintenance mode, and of nothing else."""
    setting = mapping(mapping(details).get("maintenanceMode"))
    shaped = list(mapping(details)) == ["maintenanceMode"] and list(setting) == ["enabled", "uri"]
    return shaped and isinstance(setting["enabled"], bool) and isinstance(setting["uri"], str)
