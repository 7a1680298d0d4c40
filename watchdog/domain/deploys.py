"""Deploys and the services they belong to, as a platform tells of them. `Deploy` has no slots (see fast_replace)."""

from dataclasses import dataclass, field

ONCE_LIVE = frozenset({"live", "deactivated"})
IN_PROGRESS = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
ENDED = ONCE_LIVE | {"build_failed", "pre_deploy_failed", "update_failed", "canceled"}
AUTO_DEPLOY = ("off", "commit", "checksPass")


@dataclass(frozen=True)
class Deploy:
    """One deploy. Times are UTC epoch seconds. `status` and `trigger` are open sets: unknown values survive.

    `update_seen_at` is when our own feed first saw the instances being replaced (`update_in_progress`).
    `changed` names configuration that differs from the deploy before it ("environment", "instance count").
    """

    id: str
    status: str
    trigger: str = "other"
    commit: str | None = None
    commit_message: str = ""
    image_ref: str | None = None
    image_sha: str | None = None
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    update_seen_at: float | None = None
    changed: tuple[str, ...] = ()

    @property
    def code(self) -> str | None:
        """What is running: the commit, else the image digest; None when the platform names neither."""
        return self.commit or self.image_sha

    @property
    def is_live(self) -> bool:
        """It serves the traffic now."""
        return self.status == "live"

    @property
    def was_live(self) -> bool:
        """It serves or once served the traffic."""
        return self.status in ONCE_LIVE

    @property
    def in_progress(self) -> bool:
        """It is on its way to serving traffic."""
        return self.status in IN_PROGRESS

    @property
    def has_ended(self) -> bool:
        """It will change no more by itself; False for a status that we do not know."""
        return self.status in ENDED

    @property
    def has_known_status(self) -> bool:
        """Its status is one that we know the meaning of."""
        return self.in_progress or self.has_ended

    @property
    def is_rollback(self) -> bool:
        """It was made by a rollback."""
        return self.trigger == "rollback"

    @property
    def has_mutable_image(self) -> bool:
        """Its image is named by a tag, which may point elsewhere today."""
        return self.commit is None and self.image_ref is not None and "@sha256:" not in self.image_ref

    def first_traffic_at(self, lead_seconds: float = 120.0) -> float | None:
        """Return the earliest moment its instances could take traffic, or None if they never did.

        That is the `update_in_progress` we saw, else `finishedAt` less two minutes: the platform switches
        some time before it says so, but not before it began.
        """
        if self.update_seen_at is not None:
            return self.update_seen_at
        if self.finished_at is not None and self.was_live:
            return max(self.finished_at - lead_seconds, self.created_at)
        return None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What the platform says of a service before anybody touches it."""

    id: str
    name: str
    kind: str = "web_service"
    region: str | None = None
    auto_deploy: str = "off"
    suspended: bool = False
    maintenance: bool = False
    pre_deploy_command: str | None = None
    url: str | None = None
    dashboard_url: str | None = None
    repo: str | None = None
    suspenders: tuple[str, ...] = field(default=())
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Downtime:
    """A time in which the platform says that a service is meant to be down: `what`, as in "it is …". UTC epoch seconds.

    First read so at `since`, last read not so at `after` (None: it was so at the first look), and read as over at
    `ended_at` (None: it lasts). `told`: people heard that it lasts for long.
    """

    what: str
    since: float
    after: float | None = None
    ended_at: float | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on a branch, as its repository tells. `at` is when it was committed or merged (UTC epoch seconds)."""

    sha: str
    at: float
    title: str = ""
    author: str = ""
