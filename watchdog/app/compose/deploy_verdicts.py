"""What posts the verdicts of `watchdog deploy-watch` to GitHub, in the repository of a service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from watchdog.adapters.github import repo_path
from watchdog.adapters.options import Context
from watchdog.adapters.repositories.github_verdicts import GitHubVerdicts, Status, build
from watchdog.app.compose.composition import build_platform, resolve
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Permanent
from watchdog.presentation.gate.verdict_text import (
    PENDING,
    comment_lines,
    description,
    mark,
    status_context,
    status_state,
)
from watchdog.settings import Settings


@dataclass(frozen=True, slots=True)
class GitHubPosts:
    """Posts each verdict as a status, as a comment, or as both."""

    client: GitHubVerdicts
    status: bool
    comment: bool

    async def post(self, service: str, commit: str, looks: Sequence[tuple[float, str, str]]) -> None:
        """Post the newest look (UTC epoch seconds, stage, why). Raises Temporary, Permanent or OutcomeUnknown.

        The comment is written once there is a verdict: before, it would only say that one is waited for.
        """
        _, stage, why = looks[-1]
        state = status_state(stage)
        if self.status:
            await self.client.status(commit, Status(status_context(service), state, description(stage, why)))
        if self.comment and state != PENDING:
            body = "\n".join(comment_lines(service, commit, looks))
            if not await self.client.comment(commit, mark(service), body):
                raise Permanent(f"no pull request has {commit[:12]}: the comment has no place")


@asynccontextmanager
async def verdicts(
    settings: Settings, service: str, repo: str | None, *, status: bool, comment: bool
) -> AsyncIterator[GitHubPosts]:
    """Open what posts to `owner/name`; for None, to the repository that Render names for the service.

    Raises ConfigurationError, Temporary or Permanent.
    """
    clock = SystemClock()
    place = repo if repo is not None else await _repo_of(settings, service, clock)
    client = build(place, Context(clock, settings.endpoints, settings.secrets, guard=settings.guard))
    try:
        yield GitHubPosts(client, status, comment)
    finally:
        await client.close()


async def _repo_of(settings: Settings, service: str, clock: SystemClock) -> str:
    settings = await resolve(settings, clock)
    platform_id, platform = settings.policy.services[service].platform_id, build_platform(settings, clock)
    if platform is None or platform_id is None:
        raise Permanent(f"{service} is not on Render, which would name its repository: give --repo owner/name")
    try:
        address = (await platform.facts(platform_id)).repo
    finally:
        await platform.close()
    if address is None:
        raise Permanent(f"Render names no repository of {service}: give --repo owner/name")
    return repo_path(address).removeprefix("/repos/")
