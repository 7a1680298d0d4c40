"""GitHub's Git database and pull requests, over the cloud's state. Documented: github-rest-git-subset.json.

A commit that is made belongs to no branch until a reference names it. The branch `main` moves forward only, and then
deploys as a merge does; other branches are only names here. A branch moves by GraphQL's `updateRefs`, of which this
knows one update: documented at https://docs.github.com/graphql/reference/git.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.vendors.failure_modes import REFUSALS
from watchdog.sandbox.vendors.github_api import GitHubApi, branch, tree_of
from watchdog.sandbox.vendors.github_issues import error, node_id, user_json
from watchdog.sandbox.world import BRANCH, Commit, Service

WRITE = f"Bearer {keys.GITHUB_WRITE_TOKEN}"
NOT_FORWARD = "Update is not a fast forward"
PROTECTED = "Changes must be made through a pull request."


@dataclass(slots=True)
class Made:
    """What was written into one repository."""

    commits: dict[str, tuple[Commit, list[str]]] = field(default_factory=dict)
    """By their ids, with their parents."""
    branches: dict[str, str] = field(default_factory=dict)
    """Branches beside main."""
    pulls: list[dict[str, Any]] = field(default_factory=list)


class GitDatabase:
    """The routes below /repos/{owner}/{repo} that write code. `protected` are services whose main takes no push."""

    def __init__(self, cloud: Cloud, api: GitHubApi) -> None:
        self.cloud = cloud
        self.protected: set[str] = set()
        self._api = api
        self._made: dict[str, Made] = {}

    def routes(self) -> list[Route]:
        """Return the routes that exist."""
        base = "/repos/{owner}/{repo}"
        return [
            Route(f"{base}/git/ref/heads/{{name:path}}", self.get_ref, methods=["GET"]),
            Route("/graphql", self.update_refs, methods=["POST"]),
            Route(f"{base}/git/refs", self.create_ref, methods=["POST"]),
            Route(f"{base}/git/commits/{{sha}}", self.get_commit, methods=["GET"]),
            Route(f"{base}/git/commits", self.create_commit, methods=["POST"]),
            Route(f"{base}/rules/branches/{{name:path}}", self.rules, methods=["GET"]),
            Route(f"{base}/pulls", self.list_pulls, methods=["GET"]),
            Route(f"{base}/pulls", self.create_pull, methods=["POST"]),
        ]

    async def get_ref(self, request: Request) -> Response:
        """GET git/ref/heads/{name}: the commit of a branch."""
        service = self._api.service_of(request)
        if isinstance(service, Response):
            return service
        name = request.path_params["name"]
        sha = self._head(service, name)
        return error(404, "Not Found") if sha is None else JSONResponse(ref_json(service, name, sha))

    async def get_commit(self, request: Request) -> Response:
        """GET git/commits/{sha}: a commit by its whole id, with its tree and parents."""
        service = self._api.service_of(request)
        if isinstance(service, Response):
            return service
        found = self._commit(service, request.path_params["sha"])
        return error(404, "Not Found") if found is None else JSONResponse(git_commit_json(service, *found))

    async def create_commit(self, request: Request) -> Response:
        """POST git/commits: 201; no branch holds it yet."""
        service, mode = self._api.service_of(request), self.cloud.modes.use("git_commit")
        if (refusal := _refusal(request, service, mode)) is not None:
            return refusal
        assert isinstance(service, Service), "refused above"
        said = await sockets.json_of(request)
        message, tree, parents = said.get("message"), said.get("tree"), said.get("parents") or []
        if not isinstance(message, str) or tree not in self._trees(service):
            return error(422, "Tree SHA does not exist" if isinstance(message, str) else "Invalid request.")
        if any(self._commit(service, one) is None for one in parents):
            return error(422, "Parent SHA does not exist or is not a commit object")
        at = clock.now()
        sha = hashlib.sha256(repr((tree, parents, message, at)).encode()).hexdigest()[:40]
        made = Commit(sha, message, at, tree)
        self._of(service).commits[sha] = (made, list(parents))
        self.cloud.log.append("git_commit", service=service.name, commit=sha)
        answer = JSONResponse(git_commit_json(service, made, list(parents)), status_code=201)
        return await sockets.dropped(request) if mode == "drop" else answer

    async def update_refs(self, request: Request) -> Response:
        """POST graphql: 200 also for a refusal, which is an error with a type."""
        said = await sockets.json_of(request)
        wanted = (said.get("variables") or {}).get("input") or {}
        found = (one for one in self.cloud.services.values() if _node_id(one) == wanted.get("repositoryId"))
        service, mode = next(found, None), self.cloud.modes.use("git_ref")
        if mode in REFUSALS:
            return error(REFUSALS[mode], "the sandbox was told to refuse this")
        if request.headers.get("authorization") != WRITE or service is None:
            return graphql_error("FORBIDDEN" if service else "NOT_FOUND", "Could not resolve to a node")
        update = wanted["refUpdates"][0]
        name, before, after = update["name"].removeprefix("refs/heads/"), update.get("beforeOid"), update["afterOid"]
        head, made = self._head(service, name), self._commit(service, after)
        if made is None or head is None or before not in (None, head):
            return graphql_error("UNPROCESSABLE", "Reference or object is not as expected")
        if name == BRANCH and service.name in self.protected:
            return graphql_error("UNPROCESSABLE", PROTECTED)
        if not self._reaches(service, after, head):
            return graphql_error("UNPROCESSABLE", NOT_FORWARD)
        if after != head:
            self._advance(service, name, made[0])
        answer = JSONResponse({"data": {"updateRefs": {"clientMutationId": None}}})
        return await sockets.dropped(request) if mode == "drop" else answer

    async def create_ref(self, request: Request) -> Response:
        """POST git/refs: 201, or 422 for a branch that is there."""
        service, mode = self._api.service_of(request), self.cloud.modes.use("git_ref")
        if (refusal := _refusal(request, service, mode)) is not None:
            return refusal
        assert isinstance(service, Service), "refused above"
        said = await sockets.json_of(request)
        name, sha = str(said.get("ref", "")).removeprefix("refs/heads/"), str(said.get("sha"))
        if self._head(service, name) is not None:
            return error(422, "Reference already exists")
        if self._commit(service, sha) is None:
            return error(422, "Object does not exist")
        self._of(service).branches[name] = sha
        self.cloud.log.append("git_branch", service=service.name, branch=name, commit=sha)
        answer = JSONResponse(ref_json(service, name, sha), status_code=201)
        return await sockets.dropped(request) if mode == "drop" else answer

    async def rules(self, request: Request) -> Response:
        """GET rules/branches/{name}: the rules of rulesets that hold for a branch."""
        service = self._api.service_of(request)
        if isinstance(service, Response):
            return service
        asks = request.path_params["name"] == BRANCH and service.name in self.protected
        return JSONResponse([rule_json()] if asks else [])

    async def list_pulls(self, request: Request) -> Response:
        """GET pulls: the open ones of a branch (`head`, as in acme:fix) onto another one (`base`)."""
        service = self._api.service_of(request)
        if isinstance(service, Response):
            return service
        asked = request.query_params
        wanted = (asked.get("head", "").partition(":")[2], asked.get("base"))
        pulls = [one for one in self._of(service).pulls if (one["head"]["ref"], one["base"]["ref"]) == wanted]
        return JSONResponse(pulls)

    async def create_pull(self, request: Request) -> Response:
        """POST pulls: 201, or 422 for a second one of the same branches."""
        service, mode = self._api.service_of(request), self.cloud.modes.use("pull")
        if (refusal := _refusal(request, service, mode)) is not None:
            return refusal
        assert isinstance(service, Service), "refused above"
        said, made = await sockets.json_of(request), self._of(service)
        names = (said.get("head"), said.get("base"))
        if any((one["head"]["ref"], one["base"]["ref"]) == names for one in made.pulls):
            return error(422, "Validation Failed")
        if names[0] not in made.branches or names[1] != BRANCH or not said.get("title"):
            return error(422, "Validation Failed")
        made.pulls.append(pull_json(service, len(made.pulls) + 1, said))
        self.cloud.log.append("pull_request", service=service.name, head=names[0])
        answer = JSONResponse(made.pulls[-1], status_code=201)
        return await sockets.dropped(request) if mode == "drop" else answer

    def force(self, service: str, name: str, sha: str) -> None:
        """Someone moves a branch beside main by force."""
        self._of(self.cloud.services[service]).branches[name] = sha

    def _of(self, service: Service) -> Made:
        return self._made.setdefault(service.name, Made())

    def _head(self, service: Service, name: str) -> str | None:
        if name != BRANCH:
            return self._of(service).branches.get(name)
        return next((one.sha for one in branch(service)), None)

    def _commit(self, service: Service, sha: str) -> tuple[Commit, list[str]] | None:
        """Return a commit of the repository with its parents."""
        if sha in self._of(service).commits:
            return self._of(service).commits[sha]
        line = branch(service)
        at = next((place for place, one in enumerate(line) if one.sha == sha), None)
        return None if at is None else (line[at], [one.sha for one in line[at + 1 : at + 2]])

    def _reaches(self, service: Service, sha: str, wanted: str) -> bool:
        """Return whether a commit is another one, or has it among its ancestors."""
        line = [sha]
        for one in line:
            found = self._commit(service, one)
            line += found[1] if found is not None else []
        return wanted in line

    def _trees(self, service: Service) -> set[str]:
        return {tree_of(one) for one in branch(service)}

    def _advance(self, service: Service, name: str, made: Commit) -> None:
        if name != BRANCH:
            self._of(service).branches[name] = made.sha
            return
        service.merged.append(Commit(made.sha, made.message, clock.now(), made.tree))
        self.cloud.log.append("git_push", service=service.name, commit=made.sha)
        if service.auto_deploy_trigger != "off":
            self.cloud.deploy(service.name, commit=made.sha, message=made.message)


def _refusal(request: Request, service: Service | Response, mode: str) -> Response | None:
    """Return the refusal of a write because of its repository, its key or the mode, or None."""
    if isinstance(service, Response):
        return service
    if request.headers.get("authorization") != WRITE:
        return error(403, "Resource not accessible by personal access token")
    return error(REFUSALS[mode], "the sandbox was told to refuse this") if mode in REFUSALS else None


def _node_id(service: Service) -> str:
    return node_id(service.repo.removeprefix("https://github.com/"))


def _api_url(service: Service) -> str:
    return f"https://api.github.com/repos/{service.repo.removeprefix('https://github.com/')}"


def graphql_error(kind: str, message: str) -> Response:
    """Return GraphQL's answer to a mutation that was refused."""
    said = {"type": kind, "path": ["updateRefs"], "locations": [{"line": 1, "column": 38}], "message": message}
    return JSONResponse({"data": {"updateRefs": None}, "errors": [said]})


def ref_json(service: Service, name: str, sha: str) -> dict[str, Any]:
    """Return a reference."""
    api = _api_url(service)
    pointed = {"type": "commit", "sha": sha, "url": f"{api}/git/commits/{sha}"}
    ref = f"refs/heads/{name}"
    return {"ref": ref, "node_id": f"R_{sha[:12]}", "url": f"{api}/git/{ref}", "object": pointed}


def git_commit_json(service: Service, commit: Commit, parents: Sequence[str]) -> dict[str, Any]:
    """Return a commit as the Git database shows it."""
    api, tree = _api_url(service), tree_of(commit)
    who = {"name": "Ann", "email": "ann@acme.example", "date": clock.iso(commit.at)}
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    html = f"{service.repo}/commit"
    return {
        "sha": commit.sha,
        "node_id": f"C_{commit.sha[:12]}",
        "url": f"{api}/git/commits/{commit.sha}",
        "html_url": f"{html}/{commit.sha}",
        "author": who,
        "committer": who,
        "message": commit.message,
        "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
        "parents": [{"sha": one, "url": f"{api}/git/commits/{one}", "html_url": f"{html}/{one}"} for one in parents],
        "verification": unsigned,
    }


def rule_json() -> dict[str, Any]:
    """Return the rule that asks for pull requests."""
    asks = ("dismiss_stale_reviews_on_push", "require_code_owner_review", "require_last_push_approval")
    parameters = {
        "required_approving_review_count": 1,
        **dict.fromkeys((*asks, "required_review_thread_resolution"), False),
    }
    about = {"ruleset_source_type": "Repository", "ruleset_source": "acme/web", "ruleset_id": 1}
    return {"type": "pull_request", "parameters": parameters, **about}


def pull_json(service: Service, number: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a pull request that name it."""
    return {
        "number": number,
        "state": "open",
        "title": said["title"],
        "body": said.get("body"),
        "html_url": f"{service.repo}/pull/{number}",
        "user": user_json(),
        "head": {"ref": said["head"]},
        "base": {"ref": said["base"]},
    }
