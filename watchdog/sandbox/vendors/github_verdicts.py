"""GitHub's commit statuses, and the comments of pull requests. Documented: docs.github.com/rest/commits/statuses.

Every commit of a repository belongs to its one pull request, which is made when it is first asked for.
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, sockets
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.failure_modes import Modes
from watchdog.sandbox.vendors.github_issues import (
    API,
    BODY_MAX,
    Issue,
    Issues,
    after,
    comment_json,
    error,
    repo_of,
    user_json,
)

STATES = ("error", "failure", "pending", "success")
DESCRIPTION_MAX = 140


class Verdicts:
    """Statuses of commits, and comments of the pull requests among the issues."""

    def __init__(self, issues: Issues, log: EventLog, modes: Modes) -> None:
        self.statuses: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._issues = issues
        self._log = log
        self._modes = modes

    def routes(self) -> list[Route]:
        """Return the routes below /repos/{owner}/{repo}."""
        base = "/repos/{owner}/{repo}"
        return [
            Route(f"{base}/commits/{{sha}}/statuses", self.list_statuses, methods=["GET"]),
            Route(f"{base}/statuses/{{sha}}", self.set_status, methods=["POST"]),
            Route(f"{base}/commits/{{sha}}/pulls", self.list_pulls, methods=["GET"]),
            Route(f"{base}/issues/{{number:int}}/comments", self.list_comments, methods=["GET"]),
            Route(f"{base}/issues/comments/{{id:int}}", self.edit_comment, methods=["PATCH"]),
        ]

    async def list_statuses(self, request: Request) -> Response:
        """GET commits/{sha}/statuses: newest first."""
        if (refusal := self._issues.refusal(request, "read")) is not None:
            return refusal
        return JSONResponse(self.statuses.get((repo_of(request), request.path_params["sha"]), [])[::-1])

    async def set_status(self, request: Request) -> Response:
        """POST statuses/{sha}: 201; 422 for a short commit, another state or a text that is too long."""
        mode = self._modes.use("commit_status")
        if (refusal := self._issues.refusal(request, mode)) is not None:
            return refusal
        sha, said = request.path_params["sha"], await sockets.json_of(request)
        text = said.get("description") or ""
        if not re.fullmatch(r"[0-9a-f]{40}", sha) or said.get("state") not in STATES or len(text) > DESCRIPTION_MAX:
            return error(422, "Validation Failed")
        known = self.statuses.setdefault((repo_of(request), sha), [])
        now, context = clock.iso(clock.now()), said.get("context", "default")
        body = {
            "url": f"{API}/repos/{repo_of(request)}/statuses/{sha}",
            "id": len(known) + 1,
            "state": said["state"],
            "description": text,
            "target_url": said.get("target_url"),
            "context": context,
            "created_at": now,
            "updated_at": now,
            "creator": user_json(),
        }
        known.append(body)
        self._log.append("status_set", sha=sha, context=context, state=said["state"], description=text)
        return await after(request, mode, JSONResponse(body, status_code=201))

    async def list_pulls(self, request: Request) -> Response:
        """GET commits/{sha}/pulls: the pull request of the repository."""
        if (refusal := self._issues.refusal(request, "read")) is not None:
            return refusal
        pull = self._pull(repo_of(request))
        return JSONResponse([{"number": pull.number, "state": pull.state, "title": pull.title, "user": user_json()}])

    async def list_comments(self, request: Request) -> Response:
        """GET issues/{number}/comments: oldest first; the page is never full here."""
        if (refusal := self._issues.refusal(request, "read")) is not None:
            return refusal
        issue = self._issues.find(request)
        if issue is None:
            return error(404, "Not Found")
        return JSONResponse([comment_json(issue, number, one) for number, one in enumerate(issue.comments, 1)])

    async def edit_comment(self, request: Request) -> Response:
        """PATCH issues/comments/{id}: its text."""
        mode = self._modes.use("comment_update")
        if (refusal := self._issues.refusal(request, mode)) is not None:
            return refusal
        body = (await sockets.json_of(request)).get("body")
        for issue in (one for one in self._issues.all if one.repo == repo_of(request)):
            for number in range(1, len(issue.comments) + 1):
                if comment_json(issue, number, "")["id"] == request.path_params["id"]:
                    if not isinstance(body, str) or not body or len(body) > BODY_MAX:
                        return error(422, "Validation Failed")
                    issue.comments[number - 1] = body
                    self._log.append("comment_edited", number=issue.number, body=body)
                    return await after(request, mode, JSONResponse(comment_json(issue, number, body)))
        return error(404, "Not Found")

    def _pull(self, repo: str) -> Issue:
        pulls = (one for one in self._issues.all if one.repo == repo and one.by_pull_request)
        if (known := next(pulls, None)) is not None:
            return known
        number = len(self._issues.all) + 1
        made = Issue(number, repo, "Changes", "", [], clock.now(), by_pull_request=True)
        self._issues.all.append(made)
        return made
