"""`watchdog deploy-watch`, for a pipeline: how did the deploy of this commit end, and is it still good later?

Exit codes: 0 good, 1 bad, 2 a mistake, 3 not known: not over in time, or over without a verdict.
Rule: what is posted to GitHub tells the verdict and never changes it. A post that fails is said on stderr.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Protocol

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_service, usage_error
from watchdog.cli.commands.gate import commit_of, gate_queries, settings_of
from watchdog.cli.options import AsJson, Flag, It
from watchdog.domain.errors import Permanent, Temporary, WatchdogError

if TYPE_CHECKING:
    from watchdog.console.views.gate_views import DeployCourseView
    from watchdog.settings import Settings

GOOD, BAD, NOT_KNOWN = 0, 1, 3
EVERY_SECONDS = 2.0
COMMAND_WAITS = "1h"
SETTLES_SECONDS = 600.0
"""How long a late look waits until what fails at that moment is over, or an incident."""
WHOLE_COMMIT = r"[0-9a-f]{40}"


class Posts(Protocol):
    """Posts a verdict. Raises WatchdogError."""

    async def post(self, service: str, commit: str, looks: Sequence[tuple[float, str, str]]) -> None:
        """Post the newest of the looks (UTC epoch seconds, stage, why); the older ones stand below it."""


@dataclass(slots=True)
class Follower:
    """What is followed, what was seen so far, and whom it is posted to."""

    ctx: Context
    settings: "Settings"
    service: str
    commit: str
    since: float | None
    posts: Posts | None
    silent: bool  # with --json: one object at the end
    looks: list[tuple[float, str, str]] = field(default_factory=list)
    _shown: tuple[str, str | None] | None = None
    _good: "DeployCourseView | None" = None  # the good verdict, once late looks have begun
    _replaced: bool = False

    async def look(self) -> "DeployCourseView":
        """Return where the deploy is, and show and post a stage or deploy that is new."""
        from watchdog.cli import output
        from watchdog.presentation.gate.gate_text import progress_line

        view = await self._course()
        # A line for each stage and deploy: the seconds that are left change with every look.
        if self._shown != (view.stage, view.deploy):
            self._shown = view.stage, view.deploy
            self.looks.append((view.at, view.stage, view.why))
            if not self.silent:
                output.show_flushed([progress_line(view.at, view.stage, view.why, self.ctx.zone())])
            await self._post()
        return view

    async def until(self, give_up: float, *, wait: bool) -> "DeployCourseView":
        """Look until it is over, or until a moment of the monotonic clock; once without `wait`."""
        clock = self.ctx.clock()
        while True:
            view = await self.look()
            if view.over or not wait:
                return view
            if clock.monotonic() >= give_up:
                await self._give_up(view)
                return view
            await clock.sleep(EVERY_SECONDS)

    async def later(self, view: "DeployCourseView", waits: Sequence[float]) -> "DeployCourseView":
        """Look again so long after the good verdict, and return the last answer; at the first that is not good, stop.

        A deploy that another one has replaced meanwhile stays good: nothing more is learnt of it.
        """
        clock, self._good = self.ctx.clock(), view
        began = clock.monotonic()
        for wait in waits:
            await clock.sleep(max(0.0, began + wait - clock.monotonic()))
            # Each look is told, also one that finds no change.
            self._shown = None
            view = await self.until(clock.monotonic() + SETTLES_SECONDS, wait=True)
            if view.stage != self._good.stage or self._replaced:
                return view
        return view

    async def _course(self) -> "DeployCourseView":
        """Return where the deploy is; while the record cannot be read, that it is not known."""
        from watchdog.console.views.gate_views import DeployCourseView
        from watchdog.presentation.gate.deploy_course import Stage

        good = self._good
        try:
            # Opened at each look: a daemon may make its store, or move to another database server, meanwhile.
            async with gate_queries(self.ctx, self.settings) as gates:
                view = await gates.course(self.service, self.commit, self.since, good.deploy if good else None)
        except (Temporary, Permanent) as error:
            stage, now = Stage.UNKNOWN.value, self.ctx.clock().now()
            return DeployCourseView(
                now, self.service, self.commit, stage, over=False, why=str(error), deploy=None, until=None
            )
        assert view is not None, "its service is known"
        return self._still_good(view)

    def _still_good(self, view: "DeployCourseView") -> "DeployCourseView":
        """Return the answer; of a late look at a deploy that another one has replaced, that it was good till then."""
        from watchdog.presentation.gate.deploy_course import Stage

        good = self._good
        if good is None or Stage(view.stage) is not Stage.UNCLEAR:
            return view
        self._replaced = True
        return replace(good, at=view.at, why=f"{good.deploy} was good until another deploy replaced it")

    async def _give_up(self, view: "DeployCourseView") -> None:
        """Post that no verdict came in time: pending would stay beside the commit for ever."""
        from watchdog.presentation.gate.deploy_course import Stage

        self.looks.append((view.at, Stage.UNCLEAR.value, f"no verdict in time; {view.stage}: {view.why}"))
        await self._post()

    async def _post(self) -> None:
        from watchdog.cli import output

        if self.posts is None:
            return
        try:
            await self.posts.post(self.service, self.commit, self.looks)
        except WatchdogError as error:
            output.print_error(f"not posted to GitHub: {error}")


async def deploy_watch(
    service: str,
    /,
    *,
    commit: str,
    since: str | None = None,
    wait: Flag = False,
    timeout: Annotated[str, Parameter(name="--timeout")] = COMMAND_WAITS,
    late: str | None = None,
    status: Flag = False,
    comment: Flag = False,
    repo: str | None = None,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Say how the deploy of a commit stands; with --wait, follow it until its watch period is over.

    Parameters
    ----------
    service
        Its name in the configuration.
    commit
        The commit's id, or its first letters (seven at least).
    since
        When you began to deploy (UTC epoch seconds, ISO 8601, or 03:12): an earlier deploy of it does not count.
    wait
        Wait for the verdict, and print a line for each change.
    timeout
        How long to wait at most, as in 45m; the watch period alone is 30 minutes.
    late
        With --wait: look again so long after a good verdict, as in 20m,1h,1d.
    status
        Set a status beside the commit on GitHub; needs WATCHDOG_GITHUB_TOKEN and all 40 letters of the commit.
    comment
        Write the verdict into one comment on the commit's pull request on GitHub; needs the same.
    repo
        The repository on GitHub, as in acme/app; by default the one that Render names for the service.
    as_json
        Print one JSON object at the end, as the console's API answers /deploy-watch.
    """
    from watchdog.cli import output
    from watchdog.domain.units import show_seconds

    settings, commit, clock = settings_of(ctx), commit_of(commit), ctx.clock()
    known_service(settings, service)
    created, waits = _since(ctx, since), _waits(late, wait=wait)
    give_up = clock.monotonic() + _duration("--timeout", timeout)
    if (status or comment) and re.fullmatch(WHOLE_COMMIT, commit) is None:
        usage_error("--commit", "GitHub takes whole ids", "write all 40 letters of the commit")
    async with _posts(ctx, settings, service, repo, status=status, comment=comment) as posts:
        follower = Follower(ctx, settings, service, commit, created, posts, silent=as_json)
        view, waited = await follower.until(give_up, wait=wait), timeout
        if _exit_code(view) == GOOD and waits:
            view, waited = await follower.later(view, waits), show_seconds(SETTLES_SECONDS)
    if as_json:
        output.show_json(view)
    elif wait and not view.over:
        output.show_lines([f"Not known in {waited}."])
    return _exit_code(view)


@asynccontextmanager
async def _posts(
    ctx: Context, settings: "Settings", service: str, repo: str | None, *, status: bool, comment: bool
) -> "AsyncIterator[Posts | None]":
    """Open what posts the verdict; None where nothing is posted."""
    if not (status or comment):
        yield None
        return
    async with ctx.app().verdicts(settings, service, repo, status=status, comment=comment) as posts:
        yield posts


def _waits(text: str | None, *, wait: bool) -> list[float]:
    """Return the moments of the late looks, in seconds after the verdict, in their order."""
    if text is None:
        return []
    if not wait:
        usage_error("--late", "comes after the verdict, which is not waited for", "add --wait")
    return sorted(_duration("--late", one.strip()) for one in text.split(","))


def _duration(option: str, text: str) -> float:
    from watchdog.domain.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        usage_error(option, str(error), "write a duration, as in 45m")


def _since(ctx: Context, text: str | None) -> float | None:
    from watchdog.cli.time_argument import parse_moment

    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,11}", text):
        return float(text)
    try:
        return parse_moment(text, ctx.clock().now(), ctx.zone())
    except ValueError as error:
        usage_error("--since", str(error), "or UTC epoch seconds, as of `date +%s`")


def _exit_code(view: "DeployCourseView") -> int:
    from watchdog.presentation.gate.deploy_course import Stage

    return {Stage.GOOD: GOOD, Stage.BAD: BAD}.get(Stage(view.stage), NOT_KNOWN)
