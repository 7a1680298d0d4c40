"""Deploys and their services, as a platform reports them. `Deploy` has no slots (see fast_replace)."""

from dataclasses import dataclass, field

# Render calls a deploy `deactivated` once another one has replaced it.
ONCE_LIVE = frozenset({"live", "deactivated"})
# A status that is in neither set is unknown: such a deploy counts as not ended, and blocks a rollback.
IN_PROGRESS = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
ENDED = ONCE_LIVE | {"build_failed", "pre_deploy_failed", "update_failed", "canceled"}
AUTO_DEPLOY = ("off", "commit", "checksPass")
LOGGING = frozenset({"web_service", "private_service", "background_worker", "cron_job"})
"""The types of services that run a process, so that they have logs of it; a static site has none."""
BY_API = "api"
"""The trigger of a build by the API, such as our own rebuild; only its code shows whether it leads back."""


@dataclass(frozen=True)
class Deploy:
    """One deploy. Times are UTC epoch seconds."""

    id: str  # the platform's id
    status: str  # the platform's word, an open set: unknown values survive
    trigger: str = "other"  # its trigger, an open set, as in `rollback`
    commit: str | None = None  # commit id; None: not built from one, or not known
    commit_message: str = ""  # its message; long ones lose their middle
    image_ref: str | None = None  # image as written, by tag or digest; None: no image
    # A tag can be moved to another image: only the digest tells which code runs.
    image_sha: str | None = None  # image digest; None: no image, or not known
    created_at: float = 0.0  # when it was made; 0: the platform does not say
    started_at: float | None = None  # when it began; None: not yet, or not said
    finished_at: float | None = None  # when it went live or ended; None: not yet, or not said
    update_seen_at: float | None = None  # when instances were first seen being replaced; None: not seen
    changed: tuple[str, ...] = ()  # configuration that differs from the deploy before it, as in `environment`
    changes_unread: bool = False  # that could not be read yet, so it may have changed; a later list may know

    @property
    def code(self) -> str | None:
        """Return the code: the commit, else the image digest; None when the platform names neither."""
        return self.commit or self.image_sha

    @property
    def status_words(self) -> str:
        """Return the status for people: `update in progress`."""
        return self.status.replace("_", " ")

    @property
    def is_live(self) -> bool:
        """Return whether it serves the traffic now."""
        return self.status == "live"

    @property
    def was_live(self) -> bool:
        """Return whether it serves or once served the traffic."""
        return self.status in ONCE_LIVE

    @property
    def in_progress(self) -> bool:
        """Return whether it is on its way to serving traffic."""
        return self.status in IN_PROGRESS

    @property
    def has_ended(self) -> bool:
        """Return whether its status is final; False for a status that we do not know."""
        return self.status in ENDED

    @property
    def has_known_status(self) -> bool:
        """Return whether the meaning of its status is known."""
        return self.in_progress or self.has_ended

    @property
    def is_rollback(self) -> bool:
        """Return whether a rollback made it."""
        return self.trigger == "rollback"

    @property
    def has_mutable_image(self) -> bool:
        """Return whether its image is named by a tag, which may point to other code today."""
        return self.commit is None and self.image_ref is not None and "@sha256:" not in self.image_ref

    def first_traffic_at(self, lead_seconds: float) -> float | None:
        """Return the earliest moment its instances could take traffic, or None if they never did.

        That is the moment we saw `update_in_progress`, else `finishedAt` less `lead_seconds`: the platform switches
        some time before it says so, but not before the deploy was created.
        """
        if self.update_seen_at is not None:
            return self.update_seen_at
        if self.finished_at is not None and self.was_live:
            return max(self.finished_at - lead_seconds, self.created_at)
        return None


INSTANCE_COUNT = "instance count"
"""What changed, in `Deploy.changed`, where it is the number of instances."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The platform's facts of a service."""

    id: str  # the platform's id
    name: str  # name on the platform
    kind: str = "web_service"  # the platform's type, as in `web_service` or `postgres`
    region: str | None = None  # region on the platform; None: not said
    auto_deploy: str = "off"  # off, commit, checksPass, or unknown: not said
    suspended: bool = False  # it is suspended, by its owner or by others
    maintenance: bool = False  # it is in maintenance mode
    pre_deploy_command: str | None = None  # runs before each deploy, as for migrations; None: none
    url: str | None = None  # public address; None: none
    dashboard_url: str | None = None  # its page at the platform; None: not said
    repo: str | None = None  # address of its repository; None: none
    suspenders: tuple[str, ...] = field(default=())  # who suspended it; `user`: its owner
    branch: str | None = None  # branch that is deployed; None: not said

    @property
    def logs_url(self) -> str | None:
        """Return the page of its logs at the platform; None: it runs no process that could log, or no page is known."""
        # As Render's own example makes it: github.com/render-examples/webhook-discord-bot, app.ts.
        return f"{self.dashboard_url.rstrip('/')}/logs" if self.dashboard_url and self.kind in LOGGING else None


@dataclass(frozen=True, slots=True)
class Downtime:
    """A time in which the platform says that a service is meant to be down. Times are UTC epoch seconds."""

    what: str  # as in "it is …"
    since: float  # first look that read it so
    after: float | None = None  # last look before that, which read it not so; None: there was none
    ended_at: float | None = None  # look that read it as over; None: it lasts
    told: bool = False  # a notice said that it has lasted long


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on a branch, as its repository reports it."""

    sha: str  # commit id
    at: float  # when it was committed or merged (UTC epoch seconds); 0: not known
    title: str = ""  # first line of its message
    author: str = ""  # login, else name, of the author; empty: not known
