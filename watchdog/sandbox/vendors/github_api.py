"""GitHub's commits of a branch, and between two, over the cloud's state. Documented: github-rest-git-subset.json.

Each service has a repository of its own, `acme/<name>`, with the branch `main`. The branch holds every deployed commit
and the commits that were merged while auto-deploy was off.
"""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.vendors.github_issues import error
from watchdog.sandbox.world import BRANCH, Commit, Service

PER_PAGE, PER_PAGE_MAX = 30, 100
HOURLY, HOURLY_WITHOUT_TOKEN = 5000, 60


class GitHubApi:
    """The routes of api.github.com, with its hourly limits: 5,000 requests with a token, 60 without."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._asked: list[float] = []

    def routes(self) -> list[Route]:
        """Return the routes that exist."""
        base = "/repos/{owner}/{repo}"
        return [
            Route(f"{base}/commits", self.list_commits, methods=["GET"]),
            Route(f"{base}/compare/{{basehead}}", self.compare, methods=["GET"]),
        ]

    async def list_commits(self, request: Request) -> Response:
        """GET /repos/{owner}/{repo}/commits: newest first, paged."""
        service, left = self._service(request)
        if isinstance(service, Response):
            return service
        if request.query_params.get("sha", BRANCH) != BRANCH:
            return error(404, "Not Found", left)
        size = min(int(request.query_params.get("per_page", PER_PAGE)), PER_PAGE_MAX)
        first = (int(request.query_params.get("page", 1)) - 1) * size
        # One commit more than the page: the last one needs its parent.
        shown = branch(service)[: first + size + 1]
        bodies = [commit_json(service, one, shown[at + 1 : at + 2]) for at, one in enumerate(shown)]
        return JSONResponse(bodies[first : first + size], headers=left)

    async def compare(self, request: Request) -> Response:
        """GET /repos/{owner}/{repo}/compare/{base}...{head}: the head's commits that the base lacks, oldest first."""
        service, left = self._service(request)
        if isinstance(service, Response):
            return service
        on_branch = branch(service)[::-1]
        shas = [one.sha for one in on_branch]
        base, dots, head = request.path_params["basehead"].partition("...")
        if not dots or base not in shas or head not in shas:
            return error(404, "Not Found", left)
        size = min(int(request.query_params.get("per_page", PER_PAGE)), PER_PAGE_MAX)
        page = int(request.query_params.get("page", 1))
        body = comparison_json(service, on_branch, shas.index(base), shas.index(head))
        body["commits"] = body["commits"][(page - 1) * size : page * size]
        # GitHub pages the commits of a comparison, and lists all files on the first page only.
        body["files"] = body["files"] if page == 1 else []
        return JSONResponse(body, headers=left)

    def service_of(self, request: Request) -> Service | Response:
        """Return the service of the requested repository, or the refusal of the request."""
        return self._service(request)[0]

    def _service(self, request: Request) -> tuple[Service | Response, dict[str, str]]:
        """Return the service of the requested repository, or the refusal; and the rate-limit headers."""
        key = request.headers.get("authorization")
        if key not in (None, f"Bearer {keys.GITHUB_TOKEN}", f"Bearer {keys.GITHUB_WRITE_TOKEN}"):
            return error(401, "Bad credentials", {}), {}
        left, allowed = self._count(with_token=key is not None)
        if not allowed:
            return error(403, "API rate limit exceeded", left), left
        place = f"https://github.com/{request.path_params['owner']}/{request.path_params['repo']}"
        service = next((one for one in self.cloud.services.values() if one.repo == place), None)
        return service or error(404, "Not Found", left), left

    def _count(self, *, with_token: bool) -> tuple[dict[str, str], bool]:
        """Count the request; return the rate-limit headers, and whether it is within the hourly limit."""
        now = clock.now()
        self._asked = [*(at for at in self._asked if at > now - 3600), now]
        limit = HOURLY if with_token else HOURLY_WITHOUT_TOKEN
        left = max(0, limit - len(self._asked))
        headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left)}
        headers["X-RateLimit-Reset"] = str(int(self._asked[0] + 3600))
        return headers, len(self._asked) <= limit


def branch(service: Service) -> list[Commit]:
    """Return the commits of the service's branch, newest first; a commit has the place of its first appearance."""
    deployed = [Commit(each.commit, each.message, each.created_at) for each in service.deploys if each.commit]
    once: dict[str, Commit] = {}
    for commit in sorted((*service.merged, *deployed), key=lambda each: each.at):
        once.setdefault(commit.sha, commit)
    return list(once.values())[::-1]


def tree_of(commit: Commit) -> str:
    """Return the id of a commit's tree."""
    return commit.tree or hashlib.sha256(commit.sha.encode()).hexdigest()[:40]


def commit_json(service: Service, commit: Commit, parents: list[Commit]) -> dict[str, Any]:
    """Return a commit."""
    api = f"https://api.github.com/repos/{service.repo.removeprefix('https://github.com/')}"
    who = {"name": "Ann", "email": "ann@acme.example", "date": clock.iso(commit.at)}
    tree = tree_of(commit)
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


def comparison_json(service: Service, on_branch: list[Commit], base: int, head: int) -> dict[str, Any]:
    """Return the comparison of two commits of one branch (oldest first), each changing a file of its own."""
    bodies = [commit_json(service, one, on_branch[max(at - 1, 0) : at]) for at, one in enumerate(on_branch)]
    api = f"https://api.github.com/repos/{service.repo.removeprefix('https://github.com/')}"
    between = f"compare/{on_branch[base].sha}...{on_branch[head].sha}"
    html = f"{service.repo}/{between}"
    return {
        "url": f"{api}/{between}",
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": bodies[base],
        "merge_base_commit": bodies[min(base, head)],
        "status": "identical" if base == head else "ahead" if head > base else "behind",
        "ahead_by": max(head - base, 0),
        "behind_by": max(base - head, 0),
        "total_commits": max(head - base, 0),
        "commits": bodies[base + 1 : head + 1],
        "files": [file_json(service, one) for one in on_branch[base + 1 : head + 1]],
    }


def file_json(service: Service, commit: Commit) -> dict[str, Any]:
    """Return the one file that a commit changes, named after the last word of its title: a migration if it migrates."""
    title = commit.message.partition("\n")[0]
    words = "".join(sign if sign.isalnum() else " " for sign in title).lower().split() or ["change"]
    name = f"{'db/migrate' if words[0] == 'migrate' else 'app'}/{words[-1]}.py"
    return {
        "sha": hashlib.sha256(commit.sha.encode()).hexdigest()[:40],
        "filename": name,
        "status": "modified",
        "additions": 2,
        "deletions": 1,
        "changes": 3,
        "blob_url": f"{service.repo}/blob/{commit.sha}/{name}",
        "raw_url": f"{service.repo}/raw/{commit.sha}/{name}",
        "contents_url": f"https://api.github.com/repos/acme/{service.name}/contents/{name}?ref={commit.sha}",
        "patch": "@@ -1,1 +1,2 @@",
    }
