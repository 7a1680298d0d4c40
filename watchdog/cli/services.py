"""The functions that the commands use of the composition root, `watchdog.app`; they raise only errors of
domain/errors.py. Each method imports its modules when it is called.

`watchdog status` loads neither the daemon nor the demo: importing them takes longer than a command that only reads.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.domain.code_comparison import Comparison
from watchdog.domain.decisions import Decision, TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep
from watchdog.domain.remedies.git_steps import (
    BranchOrder,
    BranchPlan,
    Deployed,
    DeployOrder,
    Reverted,
    RevertOrder,
    TakeBackOrder,
    WasReset,
)
from watchdog.domain.reports import DemoResult, SignalReport
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Notifier, Store
from watchdog.settings import Settings
from watchdog.settings.check.check_result import CheckResult

if TYPE_CHECKING:
    from watchdog.app.after_care.fix_branch import FixBranch
    from watchdog.app.after_care.postmortem_issue import IssueOrder, PostmortemIssue
    from watchdog.app.commands.seen_daemon import SeenDaemon
    from watchdog.app.compose.deploy_verdicts import GitHubPosts
    from watchdog.app.drills.sandbox_drill import SandboxDrill
    from watchdog.app.sandbox_demo.demo import Screen
    from watchdog.app.store_copies.store_copies import Restored

Tell = Callable[[str], None]


class AppServices:
    """The composition root, as the commands use it."""

    async def run(self, settings: Settings, /) -> int:
        """Run the daemon until SIGTERM or SIGINT."""
        from watchdog.app.compose.daemon_run import run

        # A clock that never jumps: durations between events must not change when the host corrects its time.
        from watchdog.daemon.runtime.clock import SteadyClock, SystemClock

        await run(settings, SteadyClock(SystemClock()))
        return 0

    async def once(self, settings: Settings, /) -> Sequence[SignalReport]:
        """Read every signal once."""
        from watchdog.app.commands.cli_service import once

        return await once(settings)

    def reading(self, settings: Settings, /) -> AbstractAsyncContextManager[Store]:
        """Open the store to read."""
        from watchdog.app.commands.store_reading import reading

        return reading(settings)

    async def daemon(self, settings: Settings, store: Store, /) -> "SeenDaemon":
        """Return whether a daemon runs on the store, and with which configuration."""
        from watchdog.app.commands.seen_daemon import seen_daemon

        return await seen_daemon(settings, store)

    async def command(self, settings: Settings, name: str, arguments: Mapping[str, Any], by: str, /) -> Command:
        """Send a command to the daemon and wait for its answer."""
        from watchdog.app.commands.cli_service import command

        return await command(settings, name, arguments, by)

    async def annotate(
        self, settings: Settings, asked: Sequence[tuple[str, Mapping[str, Any]]], by: str, /
    ) -> Sequence[Command]:
        """Record annotations of people, as commands, and return their answers."""
        from watchdog.app.commands.annotate import annotate

        return await annotate(settings, asked, by)

    async def check(self, settings: Settings, /) -> Sequence[CheckResult]:
        """Run every live check once, and return the results."""
        from watchdog.app.commands.live_queries import check

        return await check(settings)

    async def examine(self, settings: Settings, /) -> Sequence[CheckResult]:
        """Examine a live installation, and return the findings."""
        from watchdog.app.doctor.examination import examine

        return await examine(settings)

    async def backup(self, settings: Settings, environ: Mapping[str, str], file: Path, /) -> int:
        """Copy the store to a new file, and return its bytes."""
        from watchdog.app.store_copies.store_copies import backup

        return await backup(settings, environ, file)

    async def restore(self, settings: Settings, environ: Mapping[str, str], file: Path, /) -> "Restored":
        """Put a copy in the place of the store."""
        from watchdog.app.store_copies.store_copies import restore

        return await restore(settings, environ, file)

    async def deploys(self, settings: Settings, service: str, /) -> tuple[Sequence[Deploy], TargetChoice | None]:
        """Return the deploys, and the target of a rollback now."""
        from watchdog.app.commands.live_queries import deploys

        return await deploys(settings, service)

    async def plan(
        self, settings: Settings, service: str, to: str | None, blamed: str | None = None, /
    ) -> tuple[Decision, Deploy]:
        """Return the decision of a manual rollback now, and the live deploy. Raises Refused with the guard's reason, or
        where the `blamed` deploy is not live any more."""
        from watchdog.app.commands.live_queries import plan

        return await plan(settings, service, to, blamed)

    async def plan_undo(self, settings: Settings, incident: Incident, /) -> tuple[Decision, str]:
        """Return the decision of an undo now, and its text. Raises Refused with the reason."""
        from watchdog.app.commands.live_queries import plan_undo

        return await plan_undo(settings, incident)

    async def compare(self, settings: Settings, repo: str, base: str, head: str, /) -> Comparison:
        """Compare two commits. Raises Temporary after a few seconds."""
        from watchdog.app.commands.live_queries import compare

        return await compare(settings, repo, base, head)

    def verdicts(
        self, settings: Settings, service: str, repo: str | None, /, *, status: bool, comment: bool
    ) -> AbstractAsyncContextManager["GitHubPosts"]:
        """Open what posts the verdict on a deploy to GitHub."""
        from watchdog.app.compose.deploy_verdicts import verdicts

        return verdicts(settings, service, repo, status=status, comment=comment)

    def notifiers(self, settings: Settings, /) -> AbstractAsyncContextManager[Mapping[str, Notifier]]:
        """Open the channels."""
        from watchdog.app.commands.live_queries import notifiers

        return notifiers(settings)

    async def services(
        self, environ: Mapping[str, str], cwd: Path, base_url: str | None, /
    ) -> tuple[Sequence[ServiceFacts], Mapping[str, str]]:
        """Return the services that the key can see, and the group of each."""
        from watchdog.app.commands.live_queries import services

        return await services(environ, cwd, base_url)

    async def demo(self, scenario: str, screen: "Screen | None", /, *, console: bool = False) -> DemoResult:
        """Play a scenario; the screen shows the result as well. `console`: serve the web console, until cancelled."""
        from watchdog.app.sandbox_demo.demo import demo

        return await demo(scenario, screen, console=console)

    async def drill(
        self,
        settings: Settings,
        service: str,
        by: str,
        tell: Callable[[str], None],
        targets: Mapping[str, float],
        within_seconds: float,
        method: DrillMethod | None,
        /,
    ) -> Drill:
        """Hold a drill on a staging service, without a method by its first one. Raises Refused for every other one."""
        from watchdog.app.drills.drill_commands import hold

        return await hold(settings, service, by, tell, targets, within_seconds, method)

    async def sandbox_drill(
        self, by: str, tell: Callable[[str], None], targets: Mapping[str, float], method: DrillMethod, /
    ) -> "SandboxDrill":
        """Hold a drill in the sandbox."""
        from watchdog.app.commands.worker_processes import as_interrupted
        from watchdog.app.drills.sandbox_drill import sandbox_drill
        from watchdog.daemon.runtime.clock import SystemClock

        with as_interrupted():
            return await sandbox_drill(by, SystemClock(), tell, targets, method=method)

    async def clean_drill(
        self, settings: Settings, service: str, by: str, tell: Callable[[str], None], /, *, force: bool
    ) -> Drill | None:
        """Clean up after a drill that was killed or left work; return it, or None."""
        from watchdog.app.drills.drill_commands import clean

        return await clean(settings, service, by, tell, force=force)

    async def page_drill(
        self,
        settings: Settings,
        whom: str | None,
        by: str,
        tell: Callable[[str], None],
        targets: Mapping[str, float],
        within_seconds: float,
        /,
    ) -> Drill:
        """Send a test page, and wait until a person acknowledges it."""
        from watchdog.app.drills.drill_commands import page

        return await page(settings, whom, by, tell, targets, within_seconds)

    async def close_pages(self, settings: Settings, tell: Callable[[str], None], /, *, force: bool) -> Sequence[Drill]:
        """Close the test pages that killed drills left open; return them."""
        from watchdog.app.drills.drill_commands import close_pages

        return await close_pages(settings, tell, force=force)

    async def acknowledge_page(self, settings: Settings, by: str, /) -> Drill:
        """Acknowledge the test page that waits for it."""
        from watchdog.app.drills.drill_commands import acknowledge

        return await acknowledge(settings, by)

    async def keep_drill(self, settings: Settings, drill: Drill, /) -> None:
        """Keep the scoreboard of a drill in the sandbox."""
        from watchdog.app.drills.drill_commands import keep

        await keep(settings, drill)

    async def plan_revert(
        self, settings: Settings, order: RevertOrder, environ: Mapping[str, str], tell: Callable[[str], None], /
    ) -> tuple[BranchPlan, Incident]:
        """Return the plan of a revert on a service's branch, and its incident."""
        from watchdog.app.git_steps.git_commands import plan_revert

        return await plan_revert(settings, order, environ, tell)

    async def revert(
        self, settings: Settings, order: RevertOrder, environ: Mapping[str, str], tell: Callable[[str], None], /
    ) -> tuple[Reverted, str]:
        """Revert on a service's branch; return what came of it, and the branch."""
        from watchdog.app.git_steps.git_commands import revert

        return await revert(settings, order, environ, tell)

    async def fix_branch(
        self, settings: Settings, order: BranchOrder, name: str, environ: Mapping[str, str], tell: Tell, /
    ) -> "FixBranch":
        """Make a branch at the stable commit, or find it there."""
        from watchdog.app.after_care.fix_branch import fix_branch

        return await fix_branch(settings, order, name, environ, tell)

    async def open_issue(
        self, settings: Settings, order: "IssueOrder", clock: Clock, tell: Tell, /
    ) -> "PostmortemIssue":
        """Open an issue with the draft of a post-mortem, or find it there."""
        from watchdog.app.after_care.postmortem_issue import open_issue

        return await open_issue(settings, order, clock, tell)

    async def plan_deploy(self, settings: Settings, order: DeployOrder, /) -> tuple[str, str]:
        """Return the commit that would be deployed for an incident, and why it would not be now."""
        from watchdog.app.git_steps.git_commands import plan_deploy

        return await plan_deploy(settings, order)

    async def deploy(self, settings: Settings, order: DeployOrder, tell: Callable[[str], None], /) -> Deployed:
        """Have a commit deployed for an incident; return what came of it."""
        from watchdog.app.git_steps.git_commands import deploy

        return await deploy(settings, order, tell)

    async def plan_reset(
        self, settings: Settings, order: TakeBackOrder, environ: Mapping[str, str], tell: Callable[[str], None], /
    ) -> BranchPlan:
        """Return the plan of a reset of a service's branch."""
        from watchdog.app.git_steps.git_commands import plan_reset

        return await plan_reset(settings, order, environ, tell)

    async def reset(
        self,
        settings: Settings,
        order: TakeBackOrder,
        environ: Mapping[str, str],
        tell: Callable[[str], None],
        ask: Callable[[Sequence[str]], Awaitable[str]],
        /,
    ) -> tuple[WasReset, str]:
        """Reset a service's branch, if the person approves; return what came of it, and the branch."""
        from watchdog.app.git_steps.git_commands import reset

        return await reset(settings, order, environ, tell, ask)

    async def database_plan(
        self,
        settings: Settings,
        service: str,
        environ: Mapping[str, str],
        tell: Tell,
        action: DatabaseAction,
        dump: str,
        /,
    ) -> Sequence[str]:
        """Return the plan of a step on the database of a service. Raises Refused with what forbids it."""
        from watchdog.app.databases.database_commands import plan

        return await plan(settings, service, environ, tell, action, dump)

    async def database_dump(
        self, settings: Settings, service: str, environ: Mapping[str, str], tell: Tell, by: str, incident: str, /
    ) -> DatabaseStep:
        """Dump the database of a service."""
        from watchdog.app.databases.database_commands import dump

        return await dump(settings, service, environ, tell, by, incident)

    async def database_migrate_down(
        self,
        settings: Settings,
        service: str,
        environ: Mapping[str, str],
        tell: Tell,
        by: str,
        incident: str,
        /,
        *,
        again: bool,
    ) -> DatabaseStep:
        """Migrate the database of a service down."""
        from watchdog.app.databases.database_commands import migrate_down

        return await migrate_down(settings, service, environ, tell, by, incident, again=again)

    async def database_restore(
        self,
        settings: Settings,
        service: str,
        environ: Mapping[str, str],
        tell: Tell,
        by: str,
        incident: str,
        dump: str,
        ask: Callable[[Sequence[str]], Awaitable[str]],
        /,
    ) -> DatabaseStep:
        """Restore a dump of the database of a service, once `ask` returned the service's name."""
        from watchdog.app.databases.database_commands import restore

        return await restore(settings, service, environ, tell, by, incident, dump, ask)

    async def database_settle(
        self, settings: Settings, service: str, environ: Mapping[str, str], tell: Tell, /
    ) -> DatabaseStep | None:
        """Look up the outcome of a step that another machine began; return it, or None."""
        from watchdog.app.databases.database_commands import settle

        return await settle(settings, service, environ, tell)
