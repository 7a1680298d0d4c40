"""The records of the cloud: services, deploys, events, announcements. Plain data; cloud.py changes it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from watchdog.sandbox import clock
from watchdog.sandbox.site.behaviours import GOOD, Behaviour

BRANCH = "main"
RUNNING = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
ONCE_LIVE = frozenset({"live", "deactivated"})


@dataclass(slots=True)
class Deploy:
    """One deploy of a service; times are epoch seconds. `broken_at` is the time its version began to misbehave."""

    id: str
    commit: str | None
    message: str
    status: str
    trigger: str
    created_at: float
    updated_at: float
    started_at: float | None = None
    finished_at: float | None = None
    image_ref: str | None = None
    image_sha: str | None = None
    behaviour: Behaviour = GOOD
    broken_at: float | None = None
    rollback_of: str | None = None
    restart_of: str | None = None
    build_seconds: float = 0.0
    update_seconds: float = 0.0

    @property
    def running(self) -> bool:
        """Return whether the deploy has not ended yet."""
        return self.status in RUNNING

    @property
    def served(self) -> bool:
        """Return whether it ever served traffic: only such a deploy can be the target of a rollback."""
        return self.status in ONCE_LIVE


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit on a service's branch, there since `at` (epoch seconds); without a `tree` it has one of its own."""

    sha: str
    message: str
    at: float
    tree: str = ""


@dataclass(slots=True)
class PlatformEvent:
    """One entry of a service's events list at Render."""

    id: str
    at: float
    service_id: str
    type: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announcement:
    """Maintenance that a vendor's status page announces, of these components, by their ids; times are epoch seconds."""

    id: str
    name: str
    components: tuple[str, ...]
    created_at: float
    begins_at: float
    ends_at: float

    def status(self, now: float) -> str:
        """Return the maintenance's status on the page at a moment."""
        if now < self.begins_at:
            return "scheduled"
        return "in_progress" if now < self.ends_at else "completed"


@dataclass(slots=True)
class Service:
    """A service at Render. `deploys` are oldest first; `merged` are the commits that auto-deploy passed over.

    `stuck_on` names the deploy whose instances answer instead of the live one's, if any; `bad_flag` the feature flag
    that makes every request fail while it is on.
    """

    id: str
    name: str
    kind: str = "web_service"
    url: str = ""
    auto_deploy_trigger: str = "commit"
    suspenders: list[str] = field(default_factory=list)
    maintenance: bool = False
    maintenance_page: str = ""
    pre_deploy_command: str | None = None
    instances: int = 1
    autoscaled: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    deploys: list[Deploy] = field(default_factory=list)
    events: list[PlatformEvent] = field(default_factory=list)
    merged: list[Commit] = field(default_factory=list)
    stuck_on: str | None = None
    bad_flag: str = ""
    deleted: bool = False

    @property
    def instance_id(self) -> str:
        """Return the id of its first instance, in the documented form."""
        return f"srv-{self.name.ljust(20, '0')[:20]}-0aaaa"

    @property
    def suspended(self) -> bool:
        """Return whether at least one suspender holds the service."""
        return bool(self.suspenders)

    @property
    def replaced(self) -> bool:
        """Return whether the platform answers in the service's place, so that visitors do not reach it."""
        return self.deleted or self.suspended or self.maintenance

    @property
    def repo(self) -> str:
        """Return the URL of its repository."""
        return f"https://github.com/acme/{self.name}"

    @property
    def live(self) -> Deploy | None:
        """Return the deploy that serves the traffic."""
        return next((deploy for deploy in reversed(self.deploys) if deploy.status == "live"), None)

    @property
    def serving(self) -> Deploy | None:
        """Return the deploy whose instances answer."""
        return self.live if self.stuck_on is None else self.find(self.stuck_on)

    def find(self, deploy_id: str) -> Deploy | None:
        """Return a deploy by its id."""
        return next((deploy for deploy in self.deploys if deploy.id == deploy_id), None)

    def in_progress(self) -> Deploy | None:
        """Return the deploy that is being built or rolled out (a queued one is not)."""
        return next((deploy for deploy in self.deploys if deploy.running and deploy.status != "queued"), None)

    def live_at(self, at: float) -> Deploy | None:
        """Return the deploy that served the traffic at a moment, as far as the history goes back."""
        # A deploy that was live once keeps its time of going live, also after another one has replaced it.
        once = [d for d in self.deploys if d.status in ONCE_LIVE and d.finished_at is not None and d.finished_at <= at]
        return max(once, key=lambda deploy: deploy.finished_at or 0.0, default=None)


COMMITS: dict[str, tuple[str, str]] = {
    "38": ("e81f7d26b0c94a53d7f2816ac05be49f3d1c7a80", "Warm the cache at start"),
    "39": ("c40d1be8f3a65279d1048b7ef92c63a50b8e7d14", "Add product search"),
    "40": ("1b7e0d4c95f2a8636de0b41f7c3a9d5826e0f4b7", "Cache the price list"),
    "41": ("5aa0c11d7e4b2f9068c3d5a1b7f4e6029d8c3b5e", "Upgrade the template engine"),
    "42": ("9f3c2ab7d61e05f48a2b9c7d3e6f1048b5c2d9e3", "Refactor sessions"),
    "43": ("7d20e9f1c8b3465af0927e4d1c6b8a35f2e09d74", "Fix typo in footer"),
    "api": ("b2f06d3a7c91e84f5d20a6b8c3e7f1940d5a2c68", "Paginate items"),
    "jobs": ("f7a3c85e1d2b6490a7e4f0c9d8b31562e6a7d0f9", "Retry mail twice"),
    "bad": ("0badc0de5f1e2d3c4b5a69788796a5b4c3d2e1f0", "Drill: answer every request with 503"),
}
"""Commits of the simulated repository: id and message."""


def past_deploy(key: str, commit: str, created: float, status: str, broken_off: bool = False) -> Deploy:
    """Return a past deploy; `key` is the number in its id, `created` its age in seconds."""
    sha, message = COMMITS[commit]
    began = clock.now() - created
    ended = began + (41.0 if broken_off else 96.0)
    return Deploy(f"dep-{key}", sha, message, status, "new_commit", began, ended, began + 1.5, ended)


def history_of_web() -> list[Deploy]:
    """Return web's deploys at the start, oldest first: dep-39 replaced, dep-40 live for 3 d 4 h, dep-41 never built."""
    lived = 3 * clock.DAY + 4 * 3600 + 96
    return [
        past_deploy("39", "39", 9 * clock.DAY, "deactivated"),
        past_deploy("40", "40", lived, "live"),
        past_deploy("41", "41", 1.1 * clock.DAY, "build_failed", broken_off=True),
    ]


def strange_history(quirks: frozenset[str]) -> list[Deploy]:
    """Return still older deploys of web that exist only with quirks on, oldest first."""
    strange = []
    if "commit_null" in quirks:
        # An image-backed deploy has no commit, only the reference and the digest of its image.
        image = past_deploy("35", "38", 40 * clock.DAY, "deactivated")
        image.commit, image.message = None, ""
        image.image_ref, image.image_sha = "docker.io/acme/web:latest", "sha256:" + "c375ae41" * 8
        strange.append(image)
    if "unknown_status" in quirks:
        strange.append(past_deploy("36", "38", 30 * clock.DAY, "superseded"))
    if "unknown_trigger" in quirks:
        odd = past_deploy("37", "38", 20 * clock.DAY, "deactivated")
        odd.trigger = "branch_restored"
        strange.append(odd)
    return strange


STAGING = "web-staging"
"""The copy of web on which drills are held; it is there if asked for."""
BAD_FLAG = "new-cart"
"""The feature flag that breaks it."""
FLAGS = {"new-checkout": True, "new-search": True, BAD_FLAG: False}
"""The feature flags of the sites, and whether each is on at first."""


def services_at_start(quirks: frozenset[str], more: int = 0, *, staging: bool = False) -> list[Service]:
    """Return web, api, the worker jobs, `more` sites (s01 …) and the staging copy, with their history.

    Their addresses come with the ports.
    """
    born = clock.now() - 200 * clock.DAY
    api = Service("srv-api", "api", deploys=[past_deploy("34", "api", 6 * clock.DAY, "live")])
    jobs = Service("srv-jobs", "jobs", "background_worker", deploys=[past_deploy("33", "jobs", 5 * clock.DAY, "live")])
    web = Service("srv-web", "web", instances=2, deploys=[*strange_history(quirks), *history_of_web()])
    services = [web, api, jobs, *(_further_site(number) for number in range(1, more + 1))]
    services += [_staging_site()] if staging else []
    for service in services:
        service.created_at = service.updated_at = born
    return services


def _further_site(number: int) -> Service:
    """Return a site with one commit of its own, live for a week."""
    began, name = clock.now() - 7 * clock.DAY, f"s{number:02}"
    commit = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    live = Deploy(f"dep-{name}", commit, f"Release {name}", "live", "new_commit", began, began + 96.0)
    live.started_at, live.finished_at = began + 1.5, began + 96.0
    return Service(f"srv-{name}", name, deploys=[live])


def _staging_site() -> Service:
    """Return the staging copy of web: a release behind it, both live long enough to return to."""
    history = [past_deploy("31", "39", 12 * clock.DAY, "deactivated"), past_deploy("32", "40", 4 * clock.DAY, "live")]
    return Service(f"srv-{STAGING}", STAGING, deploys=history, bad_flag=BAD_FLAG)
