"""A repository on GitHub, written by its Git database without a clone: a commit of a known tree, pushed forward.

Rule 1: the allow-list is inside: commits, a branch that moves without force, a new branch and a pull request, of one
repository. Only people's commands have this client, with a token of its own.
Rule 2: a push names the head that it expects, by GraphQL's `updateRefs`: the REST call names none, and where someone
forced the branch back to an ancestor meanwhile, it would bring back what they took away.
Rule 3: a refused push is told from a moved branch by reading the branch, not by GitHub's words.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.github import LIMITED_SECONDS, RATE_LIMITED, headers, repo_path, unless_limited
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.repositories.github import GitHub
from watchdog.adapters.repositories.plain_git import check_branch
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import Misshapen, OutcomeUnknown, Permanent, Temporary
from watchdog.domain.remedies.git_steps import CommitRange, Push
from watchdog.ports import Clock

TOKEN = "WATCHDOG_GITHUB_WRITE_TOKEN"  # noqa: S105  the name of the variable
HINTS = MappingProxyType(
    {
        401: f"make a new token and set {TOKEN}",
        403: f"give {TOKEN} Contents and Pull requests: read and write on this repository",
        404: f"{TOKEN} may not see it, or it is not there",
    }
)
REFUSED = (403, 409, 422)
"""A push that is no fast-forward, or that the branch's rules forbid: which one, the branch shows."""
UPDATE = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
LIMITED = "RATE_LIMITED"
"""The type of GraphQL's error for too many requests."""
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class GitHubGit:
    """One repository on GitHub (implements ports.CodeHost)."""

    def __init__(self, api: ApiClient, address: str, clock: Clock, ids: set[str]) -> None:
        self._path = repo_path(address)
        self.where = f"https://github.com{self._path.removeprefix('/repos')}"
        self._api = api
        self._clock = clock
        self._ids = ids  # of this repository, as read: the allow-list takes no other
        self._reader = GitHub(api, clock, 0.0)

    async def head(self, branch: str) -> str | None:
        """Return the commit of a branch, as it is now; None if there is no such branch."""
        answer = await self._read(f"/git/ref/heads/{check_branch(branch)}")
        return None if answer is None else _sha(mapping(mapping(answer.json).get("object")).get("sha"))

    async def tree(self, commit: str) -> str:
        """Return the tree of a commit."""
        if not _SHA.fullmatch(commit):
            raise Permanent(f"GitHub knows commits by their whole ids alone: write that of {commit[:12]}")
        answer = await self._read(f"/git/commits/{commit}")
        if answer is None:
            raise Permanent(f"{self.where} has no commit {commit}")
        return _sha(mapping(mapping(answer.json).get("tree")).get("sha"))

    async def holds(self, head: str, commit: str) -> bool:
        """Return whether a commit is `head`, or one of its ancestors; False for one that the repository lacks."""
        try:
            found = await self._reader.compare(self.where, commit, head)
        except PermanentAnswer as error:
            if error.status == 404:
                return False
            raise
        return found.status in ("ahead", "identical")

    async def between(self, base: str, head: str) -> CommitRange:
        """Return the commits of `head` that `base` lacks."""
        return CommitRange(*await self._reader.compare_with_merges(self.where, base, head))

    async def asks_for_pull_requests(self, branch: str) -> bool:
        """Return whether the rules of a branch ask for pull requests; who may pass them by is not said."""
        try:
            answer = await self._read(f"/rules/branches/{check_branch(branch)}")
        except PermanentAnswer:
            return False
        rules = answer.json if answer is not None and isinstance(answer.json, list) else []
        return any(mapping(one).get("type") == "pull_request" for one in rules)

    async def has(self, commit: str) -> bool:
        """Return whether the repository has a commit that perhaps no branch holds."""
        return await self._read(f"/git/commits/{_sha(commit)}") is not None

    async def make_commit(self, text: str, tree: str, parent: str, at: float) -> str:
        """Make a commit that no branch holds yet. Without an author and a time of ours GitHub can sign it."""
        try:
            answer = await self._change("POST", "/git/commits", {"message": text, "tree": tree, "parents": [parent]})
        except OutcomeUnknown as error:
            # By itself a commit changes nothing: another one may be made.
            raise Temporary(f"GitHub did not say which commit it made; no branch was changed ({error})") from error
        return _sha(mapping(answer.json).get("sha"))

    async def fast_forward(self, branch: str, commit: str, head: str) -> Push:
        """Move a branch from `head` to a commit on top of it, in one request without force that names that head."""
        update = {"name": f"refs/heads/{check_branch(branch)}", "beforeOid": head, "afterOid": commit, "force": False}
        wanted = {"repositoryId": await self._id(), "refUpdates": [update]}
        try:
            answer = await self._api.change("POST", "/graphql", {"query": UPDATE, "variables": {"input": wanted}})
        except PermanentAnswer as error:
            if error.status not in REFUSED:
                raise
            limited = unless_limited(error, self._clock.now())
            if limited is not error:
                raise limited from None
            return await self._as_read(branch, commit, head)
        return Push.DONE if _is_moved(answer.json) else await self._as_read(branch, commit, head)

    async def create_branch(self, branch: str, commit: str) -> Push:
        """Make a branch at a commit; MOVED if there is one at another commit."""
        wanted = {"ref": f"refs/heads/{check_branch(branch)}", "sha": commit}
        try:
            await self._change("POST", "/git/refs", wanted)
        except (PermanentAnswer, OutcomeUnknown) as error:
            if isinstance(error, PermanentAnswer) and error.status not in REFUSED:
                raise
            if await self.head(branch) is None:
                raise
            return await self._as_read(branch, commit, "")
        return Push.DONE

    async def propose(self, branch: str, onto: str, title: str, text: str) -> str:
        """Return the address of the open pull request of a branch, made if there is none."""
        if found := await self._proposed(branch, onto):
            return found
        wanted = {"title": title, "head": branch, "base": onto, "body": text}
        try:
            answer = await self._change("POST", "/pulls", wanted)
        except OutcomeUnknown:
            if found := await self._proposed(branch, onto):
                return found
            raise
        return _address(answer.json) or f"the branch {branch}"

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    async def _id(self) -> str:
        """Return the id by which GraphQL knows this repository."""
        answer = await self._read("")
        found = text(mapping(answer.json if answer is not None else None).get("node_id"))
        if not found:
            raise Permanent(f"{self.where} is not there, or {TOKEN} may not see it")
        self._ids.add(found)
        return found

    async def _as_read(self, branch: str, commit: str, head: str) -> Push:
        now = await self.head(branch)
        if now == commit:
            return Push.DONE
        return Push.PROTECTED if now == head else Push.MOVED

    async def _proposed(self, branch: str, onto: str) -> str:
        owner = self._path.split("/")[2]
        answer = await self._read("/pulls", {"state": "open", "head": f"{owner}:{branch}", "base": onto})
        pulls = answer.json if answer is not None and isinstance(answer.json, list) else []
        return next(filter(None, map(_address, pulls)), "")

    async def _read(self, path: str, params: Mapping[str, str] | None = None) -> Answer | None:
        """Return the answer; None for what is not there."""
        try:
            return await self._api.get(f"{self._path}{path}", params)
        except PermanentAnswer as error:
            if error.status == 404:
                return None
            raise unless_limited(error, self._clock.now()) from None

    async def _change(self, method: str, path: str, body: object) -> Answer:
        try:
            return await self._api.change(method, f"{self._path}{path}", body)
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None


def _sha(raw: object) -> str:
    if not _SHA.fullmatch(text(raw)):
        raise Misshapen("GitHub answered something without a commit's id")
    return text(raw)


def _is_moved(raw: object) -> bool:
    """Return whether GraphQL moved the branch; False where it refuses. Raises Temporary and OutcomeUnknown."""
    answer = mapping(raw)
    errors = answer.get("errors")
    kinds = [text(mapping(one).get("type")) for one in errors] if isinstance(errors, list) else []
    if LIMITED in kinds:
        raise Temporary(RATE_LIMITED, retry_after_seconds=LIMITED_SECONDS)
    if any(kinds):
        return False
    # An error without a type is GitHub's own, as a timeout: the branch may move all the same.
    if errors or not isinstance(mapping(answer.get("data")).get("updateRefs"), Mapping):
        raise OutcomeUnknown("GitHub did not say whether the branch moved: it may or may not have happened")
    return True


def _address(raw: object) -> str:
    """Return the address of a pull request, if it is one of github.com."""
    address = text(mapping(raw).get("html_url"))
    return address if re.fullmatch(r"https://github\.com/[\w./-]{1,200}", address) else ""


def build_github_git(
    address: str, token: str, base_url: str, clock: Clock, guard: AddressGuard | None = None
) -> GitHubGit:
    """Return the client of one repository. Raises Permanent for one that is not on github.com."""
    path = re.escape(repo_path(address))
    posts = re.compile(rf"{path}/(git/commits|git/refs|pulls)")
    ids: set[str] = set()

    def allow(method: str, asked: str, body: object) -> bool:
        """A branch may only move without force, from a head that is named."""
        if method == "POST" and asked == "/graphql":
            return _moves_forward(mapping(body), ids)
        return method == "POST" and posts.fullmatch(asked) is not None

    api = ApiClient("GitHub", base_url, headers=headers(token), clock=clock, allow=allow, guard=guard, hints=HINTS)
    return GitHubGit(api, address, clock, ids)


def _moves_forward(body: Mapping[str, object], ids: set[str]) -> bool:
    """Return whether a GraphQL request moves one branch of a known repository, without force, from a named head."""
    wanted = mapping(mapping(body.get("variables")).get("input"))
    updates = wanted.get("refUpdates")
    (update,) = updates if isinstance(updates, list) and len(updates) == 1 else (None,)
    one = mapping(update)
    named = text(one.get("name")).startswith("refs/heads/")
    bound = _SHA.fullmatch(text(one.get("beforeOid"))) and _SHA.fullmatch(text(one.get("afterOid")))
    known = body.get("query") == UPDATE and text(wanted.get("repositoryId")) in ids
    return known and named and bool(bound) and one.get("force") is False
