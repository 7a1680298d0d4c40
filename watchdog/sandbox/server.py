"""The sandbox as a whole: ports, state, stories. The one class a test, the demo or `python -m` needs.

    async with Sandbox(scenario="bad-deploy", rollback_seconds=8) as sandbox:
        sandbox.start_scenario()      # second zero
        ... sandbox.urls["site"], sandbox.log, sandbox.pagers.incidents ...

Rule: each site and each control target has a port of its own; all vendors share one; the admin has its own.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from watchdog.sandbox import keys
from watchdog.sandbox.admin import Admin
from watchdog.sandbox.cloud import CONTROL, Cloud
from watchdog.sandbox.request_log import Entry, EventLog
from watchdog.sandbox.scenarios.scenario_table import SCENARIOS, Scenario, begin
from watchdog.sandbox.site.behaviours import Behaviour, behaviour
from watchdog.sandbox.site.control_site import ControlTarget
from watchdog.sandbox.site.guarded_site import Site
from watchdog.sandbox.sockets import Listener
from watchdog.sandbox.vendors.failure_modes import Modes
from watchdog.sandbox.vendors.github_api import GitHubApi
from watchdog.sandbox.vendors.github_git import GitDatabase
from watchdog.sandbox.vendors.github_issues import Issues
from watchdog.sandbox.vendors.github_verdicts import Verdicts
from watchdog.sandbox.vendors.notification_apis import Pagers
from watchdog.sandbox.vendors.quirks import chosen
from watchdog.sandbox.vendors.render_api import RenderApi
from watchdog.sandbox.vendors.sentry_api import SentryApi
from watchdog.sandbox.vendors.vendor_port import vendors_app
from watchdog.sandbox.world import Deploy

CONTROL_TARGETS = 2


class Sandbox:
    """A simulated cloud. Entering it opens its ports; only `start_scenario` begins the `scenario`.

    `speed` makes deploys and stories pass faster (for tests; the site's latency stays as it is); `more_services`
    further sites stand beside web and api; `staging`: a staging copy of web as well.
    Raises ValueError for an unknown scenario or quirk.
    """

    def __init__(
        self,
        scenario: str | None = None,
        *,
        quirks: bool | Iterable[str] = False,
        rollback_seconds: float = 60.0,
        seed: int = 1,
        log_file: Path | str | None = None,
        speed: float = 1.0,
        more_services: int = 0,
        staging: bool = False,
    ) -> None:
        if scenario is not None and scenario not in SCENARIOS:
            raise ValueError(f"no scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
        self.scenario: Scenario | None = SCENARIOS[scenario] if scenario else None
        self.events = EventLog(Path(log_file) if log_file else None)
        self.modes = Modes()
        self.cloud = Cloud(
            self.events, self.modes, chosen(quirks), rollback_seconds, seed, speed, more_services, staging=staging
        )
        self.pagers = Pagers(self.events)
        self.render = RenderApi(self.cloud)
        self.issues = Issues(self.events, self.modes)
        self.github = GitHubApi(self.cloud)
        self.git = GitDatabase(self.cloud, self.github)
        self.ended = asyncio.Event()
        self.urls: dict[str, Any] = {}
        self._doors: dict[Listener, str] = {}
        self._changed = asyncio.Event()
        self._keeper = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None

    @property
    def log(self) -> list[Entry]:
        """Return the log entries, oldest first."""
        return self.events.entries

    async def __aenter__(self) -> Self:
        """Open every port."""
        self._doors = {
            Listener(Site(self.cloud, service)): name
            for name, service in self.cloud.services.items()
            if service.kind == "web_service"
        }
        self._doors |= {Listener(ControlTarget()): CONTROL for _ in range(CONTROL_TARGETS)}
        verdicts = Verdicts(self.issues, self.cloud.log, self.cloud.modes)
        github = [*self.github.routes(), *self.git.routes(), *self.issues.routes(), *verdicts.routes()]
        self._vendors = Listener(vendors_app(self.cloud, self.pagers, self.render, SentryApi(self.cloud), github))
        self._admin = Listener(
            Admin(self.cloud, self.pagers, self.render.keys, lambda: self.urls, self.ended.set).app()
        )
        for listener in (*self._doors, self._vendors, self._admin):
            await listener.open()
        self._name_everything()
        await self._keeper.__aenter__()
        self._task = self._keeper.create_task(self._keep_doors())
        self.cloud.changed = self._changed.set
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close timers, connections, ports and the log file."""
        # Timers first: a deploy that goes live now would open a port again.
        self.cloud.close()
        if self._task is not None:
            self._task.cancel()
        # Without the exception of the body: the task group would wrap it in an ExceptionGroup.
        await self._keeper.__aexit__(None, None, None)
        listeners = (*self._doors, self._vendors, self._admin)
        await asyncio.gather(*(listener.close() for listener in listeners))
        self.events.close()

    def start_scenario(self) -> None:
        """Begin the story now (its second zero)."""
        assert self.scenario is not None, "named at construction"
        begin(self.scenario, self.cloud)

    def deploy(self, service: str = "web", **what: Any) -> Deploy:
        """Begin a deploy; the arguments are those of Cloud.deploy, `behaviour` may be just a kind."""
        return self.cloud.deploy(service, **_with_behaviour(what))

    def merge(self, service: str = "web", *, after_seconds: float = 0.0, **what: Any) -> None:
        """Let a colleague merge, now or later: it deploys only while auto-deploy is on at that moment."""
        ready = _with_behaviour(what)
        self.cloud.timers.after(after_seconds, lambda: self._merge(service, ready))

    def _merge(self, service: str, ready: dict[str, Any]) -> None:
        self.cloud.merge(service, **ready)

    def set_fault(self, target: str, kind: str, **numbers: Any) -> None:
        """Make a service, `control`, or a vendor (render, sentry, openai: its status page) fail; `good` ends it."""
        self.cloud.set_fault(target, behaviour(kind, **numbers))

    def clear_fault(self, target: str) -> None:
        """End a fault of the world."""
        self.cloud.clear_fault(target)

    def set_mode(self, name: str, mode: str, times: int | None = None) -> None:
        """Make a vendor misbehave (see failure_modes.py), for the next `times` calls or for good."""
        self.modes.set(name, mode, times)

    def shut(self) -> list[str]:
        """Return the names of the sites and control targets whose ports refuse connections now."""
        return [name for listener, name in self._doors.items() if not listener.is_open]

    async def _keep_doors(self) -> None:
        """Shut and open the ports of sites and control targets after each change of the cloud."""
        while True:
            await self._changed.wait()
            # Cleared before the state is read: a change during the loop below sets it again and is not lost.
            self._changed.clear()
            for listener, name in self._doors.items():
                acting, _ = self.cloud.acting(name)
                service = self.cloud.services.get(name)
                # A suspended service's port stays open: the platform answers there in place of the crashed site.
                if acting.kind == "refused" and not (service is not None and service.replaced):
                    listener.shut()
                else:
                    await listener.open()

    def _name_everything(self) -> None:
        sites = {name: listener.url for listener, name in self._doors.items() if name != CONTROL}
        for name, url in sites.items():
            self.cloud.services[name].url = url
        base = self._vendors.url
        self.urls.update(
            {
                "site": sites["web"],
                "api": sites["api"],
                "sites": sites,
                "render": f"{base}/render/v1",
                "sentry": f"{base}/sentry",
                "github": f"{base}/github",
                "pagerduty": f"{base}/pagerduty",
                "pagerduty_api": f"{base}/pagerduty_api",
                "slack": f"{base}/slack/api",
                "slack_webhook": f"{base}/slack/webhook/{keys.SLACK_WEBHOOK_PATH}",
                "webhook": f"{base}/webhook",
                "flags": f"{base}/flags",
                "status_render": f"{base}/status/render/api/v2/summary.json",
                "status_sentry": f"{base}/status/sentry/api/v2/summary.json",
                "status_openai": f"{base}/status/openai/api/v2/summary.json",
                "control": [listener.url for listener, name in self._doors.items() if name == CONTROL],
                "heartbeat": f"{base}/heartbeat/sandbox",
                "crons": f"{base}/crons/api/1/cron/watchdog/{keys.SENTRY_PUBLIC_KEY}/",
                "remote_write": f"{base}/remote_write",
                "admin": self._admin.url,
            }
        )


def _with_behaviour(what: dict[str, Any]) -> dict[str, Any]:
    how: Behaviour | str | None = what.get("behaviour")
    return {**what, "behaviour": behaviour(how)} if isinstance(how, str) else what
