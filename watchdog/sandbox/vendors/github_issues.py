"""GitHub's issues of any repository of the organization, over real HTTP. Documented: docs.github.com/rest/issues.

Shapes follow GitHub's own OpenAPI document (issue, issue-comment); the issue list is newest first and paged.
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.failure_modes import REFUSALS, Modes

TITLE_MAX, BODY_MAX = 256, 65_536
PER_PAGE, PER_PAGE_MAX = 30, 100
SECONDARY_LIMIT_SECONDS = 60
API = "https://api.github.com"
LOGIN = "acme-watchdog"
DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(slots=True)
class Issue:
    """One issue; `by_pull_request` marks a pull request, which GitHub lists among the issues."""

    number: int
    repo: str
    title: str
    body: str
    labels: list[str]
    at: float
    state: str = "open"
    state_reason: str | None = None
    closed_at: float | None = None
    locked: bool = False
    by_pull_request: bool = False
    comments: list[str] = field(default_factory=list)


class Issues:
    """All issues. `labels_dropped`: the token's owner may not set labels, and GitHub drops them without an error."""

    def __init__(self, log: EventLog, modes: Modes) -> None:
        self.all: list[Issue] = []
        self.disabled = False
        self.labels_dropped = False
        self.public = False
        self._log = log
        self._modes = modes

    def routes(self) -> list[Route]:
        """Return the routes below /repos/{owner}/{repo}."""
        base = "/repos/{owner}/{repo}"
        return [
            Route(base, self.repository, methods=["GET"]),
            Route(f"{base}/issues", self.listed, methods=["GET"]),
            Route(f"{base}/issues", self.create, methods=["POST"]),
            Route(f"{base}/issues/{{number:int}}", self.update, methods=["PATCH"]),
            Route(f"{base}/issues/{{number:int}}/comments", self.comment, methods=["POST"]),
        ]

    async def repository(self, request: Request) -> Response:
        """GET /repos/{owner}/{repo}: the repository with the token's permissions."""
        if (refusal := self.refusal(request, "read")) is not None:
            return refusal
        may = {"admin": False, "maintain": False, "push": not self.labels_dropped, "triage": True, "pull": True}
        name = repo_of(request)
        has = {"has_issues": not self.disabled, "archived": False, "permissions": may}
        return JSONResponse({"node_id": node_id(name), "full_name": name, "private": not self.public, **has})

    async def listed(self, request: Request) -> Response:
        """GET issues: filtered by state and by labels (an issue must have all of them), newest first."""
        if (refusal := self.refusal(request, "read")) is not None:
            return refusal
        query = request.query_params
        state, labels = query.get("state", "open"), {name for name in query.get("labels", "").split(",") if name}
        found = [
            one
            for one in reversed(self.all)
            if one.repo == repo_of(request) and state in (one.state, "all") and labels <= set(one.labels)
        ]
        size = min(int(query.get("per_page", PER_PAGE)), PER_PAGE_MAX)
        first = (int(query.get("page", 1)) - 1) * size
        return JSONResponse([issue_json(one) for one in found[first : first + size]])

    async def create(self, request: Request) -> Response:
        """POST issues: 201, or 422 for an invalid body."""
        # Used before the checks: a mode that is set for one call is over after it, even if the call was refused.
        mode = self._modes.use("issue")
        if (refusal := self.refusal(request, mode)) is not None:
            return refusal
        said = await sockets.json_of(request)
        title, body = said.get("title"), said.get("body") or ""
        if not isinstance(title, str) or not title.strip() or len(title) > TITLE_MAX or len(body) > BODY_MAX:
            return error(422, "Validation Failed")
        # GitHub drops labels of a token without push access instead of refusing the issue.
        labels = [] if self.labels_dropped else [str(name) for name in said.get("labels") or []]
        made = Issue(len(self.all) + 1, repo_of(request), title, body, labels, clock.now())
        self.all.append(made)
        self._log.append("issue_opened", number=made.number, repo=made.repo, title=title)
        return await after(request, mode, JSONResponse(issue_json(made), status_code=201))

    async def update(self, request: Request) -> Response:
        """PATCH issues/{number}: state, title, body."""
        mode = self._modes.use("issue_update")
        if (refusal := self.refusal(request, mode)) is not None:
            return refusal
        issue, said = self.find(request), await sockets.json_of(request)
        if issue is None:
            return error(404, "Not Found")
        if said.get("state") not in (None, "open", "closed"):
            return error(422, "Validation Failed")
        issue.title, issue.body = said.get("title") or issue.title, said.get("body") or issue.body
        if said.get("state") not in (None, issue.state):
            issue.state, issue.state_reason = said["state"], said.get("state_reason")
            issue.closed_at = clock.now() if issue.state == "closed" else None
            self._log.append("issue_closed" if issue.state == "closed" else "issue_reopened", number=issue.number)
        return await after(request, mode, JSONResponse(issue_json(issue)))

    async def comment(self, request: Request) -> Response:
        """POST issues/{number}/comments: 201; 403 where the conversation is locked."""
        mode = self._modes.use("issue_comment")
        if (refusal := self.refusal(request, mode)) is not None:
            return refusal
        issue, said = self.find(request), await sockets.json_of(request)
        if issue is None:
            return error(404, "Not Found")
        # A locked conversation takes comments of collaborators with write access only.
        if issue.locked:
            return error(403, "Unable to create comment because issue is locked.")
        body = said.get("body")
        if not isinstance(body, str) or not body or len(body) > BODY_MAX:
            return error(422, "Validation Failed")
        issue.comments.append(body)
        self._log.append("issue_commented", number=issue.number, body=body)
        return await after(request, mode, JSONResponse(comment_json(issue, len(issue.comments), body), 201))

    def refusal(self, request: Request, mode: str) -> Response | None:
        """Return the refusal of a call because of its key, its repository or the mode, or None."""
        known = (f"Bearer {keys.GITHUB_TOKEN}", f"Bearer {keys.GITHUB_WRITE_TOKEN}")
        if request.headers.get("authorization") not in known:
            return error(401, "Bad credentials")
        # GitHub answers 404 instead of 403 for a repository that the token cannot see.
        if request.path_params["owner"] != keys.ORGANIZATION:
            return error(404, "Not Found")
        if mode == "limited":
            text = "You have exceeded a secondary rate limit"
            return error(403, text, {"Retry-After": str(SECONDARY_LIMIT_SECONDS)})
        if mode in REFUSALS:
            return error(REFUSALS[mode], "the sandbox was told to refuse this")
        if self.disabled and request.url.path.endswith("/issues"):
            return error(410, "Issues are disabled for this repo")
        return None

    def find(self, request: Request) -> Issue | None:
        """Return the issue, or pull request, of the path."""
        number = request.path_params["number"]
        return next((one for one in self.all if one.repo == repo_of(request) and one.number == number), None)


def repo_of(request: Request) -> str:
    """Return the `owner/name` of the path."""
    return f"{request.path_params['owner']}/{request.path_params['repo']}"


def node_id(repo: str) -> str:
    """Return the id by which GraphQL knows a repository, `owner/name`."""
    return f"R_kgDO{repo.encode().hex()}"


async def after(request: Request, mode: str, answer: Response) -> Response:
    """Return the answer of a call that was applied, or cut the connection in mode `drop`."""
    return await sockets.dropped(request) if mode == "drop" else answer


def user_json() -> dict[str, Any]:
    """Return the user of the token."""
    url = f"{API}/users/{LOGIN}"
    ends = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events")
    return {
        "login": LOGIN,
        "id": 7,
        "node_id": "U_7",
        "avatar_url": "https://avatars.example/7",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{LOGIN}",
        **{f"{end}_url": f"{url}/{end}" for end in ends},
        "received_events_url": f"{url}/received_events",
        "type": "User",
        "site_admin": False,
    }


def issue_json(issue: Issue) -> dict[str, Any]:
    """Return an issue as GitHub shows it."""
    url = f"{API}/repos/{issue.repo}/issues/{issue.number}"
    html = f"https://github.com/{issue.repo}/issues/{issue.number}"
    pull = {"diff_url": html, "html_url": html, "patch_url": html, "url": url}
    return {
        "id": 1000 + issue.number,
        "node_id": f"I_{issue.number}",
        "number": issue.number,
        "url": url,
        "repository_url": f"{API}/repos/{issue.repo}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html,
        "title": issue.title,
        "body": issue.body,
        "user": user_json(),
        "labels": [{"id": at, "name": name, "color": "ededed"} for at, name in enumerate(issue.labels, 1)],
        "state": issue.state,
        "state_reason": issue.state_reason,
        "locked": issue.locked,
        "assignee": None,
        "milestone": None,
        "comments": len(issue.comments),
        "created_at": clock.iso(issue.at),
        "updated_at": clock.iso(issue.closed_at or issue.at),
        "closed_at": clock.iso(issue.closed_at) if issue.closed_at is not None else None,
        **({"pull_request": pull} if issue.by_pull_request else {}),
    }


def comment_json(issue: Issue, number: int, body: str) -> dict[str, Any]:
    """Return a comment as GitHub shows it."""
    url, number = f"{API}/repos/{issue.repo}/issues", 1000 * issue.number + number
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{url}/comments/{number}",
        "html_url": f"https://github.com/{issue.repo}/issues/{issue.number}#issuecomment-{number}",
        "issue_url": f"{url}/{issue.number}",
        "body": body,
        "user": user_json(),
        "author_association": "MEMBER",
        "created_at": clock.iso(clock.now()),
        "updated_at": clock.iso(clock.now()),
    }


def error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return GitHub's error body."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return JSONResponse(body, status_code=status, headers=headers)
