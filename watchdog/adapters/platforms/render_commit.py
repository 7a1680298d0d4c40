"""The client of a person's order: it reads Render, and can deploy one commit on one service.

Rule 1: no part of the daemon has this client; a person's command makes one for each order, and closes it.
Rule 2: the allow-list has one request: POST of that commit to that service. It is sent once, and never repeated here.
"""

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.platforms.render import HINTS, send_change
from watchdog.adapters.platforms.render_read import RenderReader, is_store, safe_id, service_path
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import Refused
from watchdog.ports import Clock


class CommitRender(RenderReader):
    """Reads Render, and may deploy one commit on one service."""

    def __init__(self, api: ApiClient, clock: Clock, service_id: str, commit: str) -> None:
        super().__init__(api, clock)
        self._service_id = service_id
        self._commit = commit

    async def deploy_commit(self) -> str | None:
        """Request the build and deploy of the commit, once. Returns and raises as `request_deploy`."""
        return await request_deploy(self._api, self._service_id, self._commit)


async def request_deploy(api: ApiClient, service_id: str, commit: str) -> str | None:
    """Request a deploy in one request; return its id, or None if Render accepted it without one (202, no body).

    Raises Temporary (nothing happened), Permanent or OutcomeUnknown.
    """
    answer = await send_change(api, "POST", f"{service_path(service_id)}/deploys", {"commitId": commit})
    return text(mapping(answer.json).get("id")) or None


def one_commit_api(
    api_key: str, base_url: str, clock: Clock, *, service_id: str, commit: str, guard: AddressGuard | None = None
) -> ApiClient:
    """Return a client whose only change is the deploy of that commit on that service. Raises Refused."""
    if is_store(service_id):
        raise Refused(f"{service_id} is a data store, which has no deploys")
    path, body = f"{service_path(service_id)}/deploys", {"commitId": safe_id(commit)}
    return ApiClient(
        "Render",
        base_url,
        headers={"authorization": f"Bearer {api_key}"},
        clock=clock,
        allow=lambda method, asked, sent: (method, asked, sent) == ("POST", path, body),
        guard=guard,
        hints=HINTS,
        shares_reads=True,
    )


def build_commit(
    api_key: str, base_url: str, clock: Clock, *, service_id: str, commit: str, guard: AddressGuard | None = None
) -> CommitRender:
    """Return the client of one order. Raises Refused for a data store."""
    api = one_commit_api(api_key, base_url, clock, service_id=service_id, commit=commit, guard=guard)
    return CommitRender(api, clock, service_id, commit)
