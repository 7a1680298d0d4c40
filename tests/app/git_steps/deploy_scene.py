"""A person's order to deploy a commit, over the sandbox's Render by real HTTP; killed at each step, and run again."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.app.git_steps.scene import Journal
from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.clocks import FakeClock
from watchdog.adapters.platforms.render_commit import CommitRender
from watchdog.app.git_steps.commit_deploy import CommitDeploy
from watchdog.app.git_steps.deploy_ground import DeployGround
from watchdog.daemon.actions.timings import SHIPPED
from watchdog.domain.effects import Effect
from watchdog.domain.errors import WatchdogError
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.remedies.git_steps import Deployed, GitStep
from watchdog.domain.store_records import Write
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

COMMIT, STABLE = "5e" * 20, "1b" * 20
KEY = {"WATCHDOG_RENDER_API_KEY": keys.RENDER_API_KEY}
PATH = "/render/v1/services/srv-web/deploys"
READY = ServiceState("web")
SELDOM = replace(SHIPPED, look_every_seconds=10.0)
"""The shipped times with fewer looks: simulated time passes at once, and Render counts requests by the real minute."""


def hooked(client: CommitRender, before: Callable[[], object], after: Callable[[], object]) -> CommitRender:
    """Return the client; something happens right before and right after its request."""
    request = client.deploy_commit

    async def around() -> str | None:
        before()
        deploy = await request()
        after()
        return deploy

    client.deploy_commit = around  # type: ignore[method-assign]
    return client


@dataclass
class DeployScene:
    """The service web, auto-deploy off as after a rollback, and the incident of which a commit is deployed."""

    sandbox: Sandbox
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(x.BEGIN + 600))
    told: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    ground: DeployGround = field(init=False)
    included: str = ""
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    tell: Callable[[str], object] = lambda _: None

    def __post_init__(self) -> None:
        self.store = Journal(self.clock)
        self.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
        settings = settings_of(self.folder, urls=self.sandbox.urls, environ=KEY)
        self.ground = DeployGround(settings, "web", self.store)

    async def saved(self, *effects: Effect, shared: dict[str, Any] | None = None, **service: Any) -> "DeployScene":
        """Save a state, as the daemon does before it performs its effects."""
        state = State(services={"web": replace(READY, **service)}, **(shared or {}))
        await self.store.save(Write(state, effects=effects))
        return self

    def observing(self) -> None:
        settings = settings_of(self.folder, "observe", urls=self.sandbox.urls, environ=KEY)
        self.ground = DeployGround(settings, "web", self.store)

    async def run(self, commit: str = COMMIT, restores: str = STABLE) -> Deployed:
        client = hooked(self.ground.client(commit, FakeClock()), self.before, self.after)

        async def note(line: str) -> None:
            self.noted.append(line)

        async def includes(head: str) -> bool:
            return head == self.included

        def tell(line: str) -> None:
            self.told.append(line)
            self.tell(line)

        journal = ("web-1", GitStep.DEPLOY)
        try:
            return await CommitDeploy(
                journal, commit, restores, self.ground, client, self.clock, note, tell, includes, SELDOM
            ).run()
        finally:
            await client.close()

    async def outcome(self, commit: str = COMMIT) -> str:
        """Return what a run comes to, in a word: found, made, or the name of the error."""
        try:
            return "found" if (await self.run(commit)).found else "made"
        except WatchdogError as error:
            return type(error).__name__

    @property
    def posts(self) -> int:
        """Return the requests to deploy that Render received."""
        changed = [one for one in self.sandbox.events.requests("render") if one["method"] != "GET"]
        assert all((one["method"], one["path"]) == ("POST", PATH) for one in changed), "another change was made"
        return len(changed)

    def brought(self, commit: str = COMMIT) -> int:
        """Return the deploys that bring a commit."""
        return sum(one.commit == commit for one in self.sandbox.cloud.services["web"].deploys)

    async def state(self) -> str:
        row = await self.store.action("web-1", GitStep.DEPLOY)
        return row.state if row is not None else "none"
