"""GitHub's list of a branch's commits, over the cloud's state. Documented: the commit of github-rest-git-subset.json.

Each service has a repository of its own, `acme/<name>`, and its branch is `main`. On it stands what was ever deployed,
and what was merged while auto-deploy was off.
"""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.world import BRANCH, Commit, Service

PER_PAGE, PER_PAGE_MAX = 30, 100
HOURLY, HOURLY_WITHOUT_TOKEN = 5000, 60
DOCUMENTATION = "https://docs.github.com/rest/commits/commits#list-commits"


class GitHubApi:
    """The routes of api.github.com. Without a token it answers 60 times an hour."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._asked: list[float] = []

    def routes(self) -> list[Route]:
        """Return the one route that exists."""
        return [Route("/repos/{owner}/{repo}/commits", self.list_commits, methods=["GET"])]

    async def list_commits(self, request: Request) -> Response:
        """GET /repos/{owner}/{repo}/commits: newest first, paged."""
        key = request.headers.get("authorization")
        if key not in (None, f"Bearer {keys.GITHUB_TOKEN}"):
            return _error(401, "Bad credentials", {})
        left, allowed = self._count(with_token=key is not None)
        if not allowed:
            return _error(403, "API rate limit exceeded", left)
        place = f"https://github.com/{request.path_params['owner']}/{request.path_params['repo']}"
        service = next((one for one in self.cloud.services.values() if one.repo == place), None)
        if service is None or request.query_params.get("sha", BRANCH) != BRANCH:
            return _error(404, "Not Found", left)
        size = min(int(request.query_params.get("per_page", PER_PAGE)), PER_PAGE_MAX)
        first = (int(request.query_params.get("page", 1)) - 1) * size
        shown = branch(service)[: first + size + 1]
        bodies = [commit_json(service, one, shown[at + 1 : at + 2]) for at, one in enumerate(shown)]
        return JSONResponse(bodies[first : first + size], headers=left)

    def _count(self, *, with_token: bool) -> tuple[dict[str, str], bool]:
        """Count the request; return the headers, and whether it is within the limit of an hour."""
        now = clock.now()
        self._asked = [*(at for at in self._asked if at > now - 3600), now]
        limit = HOURLY if with_token else HOURLY_WITHOUT_TOKEN
        left = max(0, limit - len(self._asked))
        headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left)}
        headers["X-RateLimit-Reset"] = str(int(self._asked[0] + 3600))
        return headers, len(self._asked) <= limit


def branch(service: Service) -> list[Commit]:
    """Return what is on the service's branch, newest first; a commit counts from when it was first there."""
    deployed = [Commit(each.commit, each.message, each.created_at) for each in service.deploys if each.commit]
    once: dict[str, Commit] = {}
    for commit in sorted((*service.merged, *deployed), key=lambda each: each.at):
        once.setdefault(commit.sha, commit)
    return list(once.values())[::-1]


def commit_json(service: Service, commit: Commit, parents: list[Commit]) -> dict[str, Any]:
    """Return a commit."""
    api = f"https://api.github.com/repos/{service.repo.removeprefix('https://github.com/')}"
    who = {"name": "Ann", "email": "ann@acme.example", "date": clock.iso(commit.at)}
    tree = hashlib.sha256(commit.sha.encode()).hexdigest()[:40]
    return {
        "url": f"{api}/commits/{commit.sha}",
        "sha": commit.sha,
        "node_id": f"C_{commit.sha[:12]}",
        "html_url": f"{service.repo}/commit/{commit.sha}",
        "comments_url": f"{api}/commits/{commit.sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{commit.sha}",
            "author": who,
            "committer": who,
            "message": commit.message,
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": one.sha, "url": f"{api}/commits/{one.sha}"} for one in parents],
    }


def _error(status: int, message: str, headers: dict[str, str]) -> Response:
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return JSONResponse(body, status_code=status, headers=headers)
