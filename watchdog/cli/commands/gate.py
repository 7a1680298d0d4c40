"""Commands for a pipeline: may this commit go to production now (gate), and how did its deploy end (deploy-watch)?

Exit codes of `gate`: 0 it may, 1 it may not (a reason refuses, or is not known), 2 a mistake on the command line or in
a file. Of `deploy-watch`: 0 good, 1 bad, 2 a mistake, 3 not known: not over in time, or over without a verdict.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_service, usage_error
from watchdog.cli.options import AsJson, Flag, It
from watchdog.domain.errors import Permanent, Temporary

if TYPE_CHECKING:
    from watchdog.console.queries.gate_queries import GateQueries
    from watchdog.console.views.gate_views import DeployCourseView, GateView
    from watchdog.presentation.gate.gate_rules import GateRules
    from watchdog.settings import Settings

PASSED, CLOSED, NOT_KNOWN = 0, 1, 3
EVERY_SECONDS = 2.0
COMMAND_WAITS = "1h"


async def gate(service: str, /, *, commit: str, rules: Path | None = None, as_json: AsJson = False, ctx: It) -> int:
    """Say whether a commit may go to production now, and why not: a step of a pipeline.

    Parameters
    ----------
    service
        The production service: its name in the configuration.
    commit
        The commit's id, or its first letters (seven at least).
    rules
        A file with a mapping `gate:`, as in the configuration, which may only restrict it.
    as_json
        Print one JSON object, as the console's API answers /gate.
    """
    from watchdog.cli import output
    from watchdog.presentation.gate.gate_rules import GateReason, GateVerdict
    from watchdog.presentation.gate.gate_text import gate_lines

    settings, commit = _settings(ctx), _commit(commit)
    known_service(settings, service)
    chosen = _rules(settings, service, rules)
    view = await _asked(ctx, settings, service, commit, chosen)
    if as_json:
        output.show_json(view)
    else:
        reasons = [GateReason(one.name, GateVerdict(one.verdict), one.why) for one in view.reasons]
        output.show_lines(gate_lines(service, commit, reasons))
    return PASSED if view.passed else CLOSED


def _settings(ctx: Context) -> "Settings":
    """Return the configuration, in which a service that is named at Render counts as one that is there."""
    from watchdog.settings import remember_names

    # Its id is not looked up: without one it would be judged by its own answers, as a service that is elsewhere.
    return remember_names(ctx.settings(), {})


def _commit(text: str) -> str:
    from watchdog.presentation.gate.gate_rules import COMMIT

    if re.fullmatch(COMMIT, text) is None:
        usage_error("--commit", "not a commit", "write its id, or at least its first seven letters (0-9, a-f)")
    return text.lower()


def _rules(settings: "Settings", service: str, file: Path | None) -> "GateRules | None":
    """Return the configuration's rules, restricted by a file. Raises ConfigurationError, also if it loosens one."""
    from watchdog.settings.load.gate_rules import restricted_by
    from watchdog.settings.text.yaml_document import read_text

    if file is None:
        return None
    return restricted_by(settings, service, read_text(file, file.name, "name a readable file in UTF-8"), file.name)


@asynccontextmanager
async def _gates(ctx: Context, settings: "Settings") -> "AsyncIterator[GateQueries]":
    """Open the record for one answer. Raises Temporary or Permanent."""
    from watchdog.cli.api_views import queries

    async with ctx.app().reading(settings) as store:
        daemon = await ctx.app().daemon(settings, store)
        yield (await queries(store, settings, ctx.clock(), daemon)).gates


async def _asked(
    ctx: Context, settings: "Settings", service: str, commit: str, rules: "GateRules | None"
) -> "GateView":
    """Return the answer; a record that cannot be read is an answer as well: not known."""
    from watchdog.console.queries.gate_queries import gate_view
    from watchdog.presentation.gate.gate_rules import GateReason, GateVerdict

    try:
        async with _gates(ctx, settings) as gates:
            view = await gates.gate(service, commit, rules)
    except (Temporary, Permanent) as error:
        unread = GateReason("record", GateVerdict.UNKNOWN, str(error))
        return gate_view(service, commit, (unread,), ctx.clock().now())
    assert view is not None, "its service is known"
    return view


async def deploy_watch(
    service: str,
    /,
    *,
    commit: str,
    since: str | None = None,
    wait: Flag = False,
    timeout: Annotated[str, Parameter(name="--timeout")] = COMMAND_WAITS,
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
    as_json
        Print one JSON object at the end, as the console's API answers /deploy-watch.
    """
    from watchdog.cli import output
    from watchdog.domain.units import parse_duration
    from watchdog.presentation.gate.gate_text import progress_line

    settings, commit, clock = _settings(ctx), _commit(commit), ctx.clock()
    known_service(settings, service)
    created = _since(ctx, since)
    try:
        give_up = clock.monotonic() + parse_duration(timeout)
    except ValueError as error:
        usage_error("--timeout", str(error), "write a duration, as in 45m")
    shown: tuple[str, str | None] | None = None
    while True:
        view = await _course(ctx, settings, service, commit, created)
        # A line for each stage and deploy: the seconds that are left change with every look.
        if not as_json and shown != (view.stage, view.deploy):
            shown = view.stage, view.deploy
            output.show_flushed([progress_line(view.at, view.stage, view.why, ctx.zone())])
        if view.over or not wait or clock.monotonic() >= give_up:
            break
        await clock.sleep(EVERY_SECONDS)
    if as_json:
        output.show_json(view)
    elif wait and not view.over:
        output.show_lines([f"Not known in {timeout}."])
    return _exit_code(view)


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


async def _course(
    ctx: Context, settings: "Settings", service: str, commit: str, since: float | None
) -> "DeployCourseView":
    """Return where the deploy is; while the record cannot be read, that it is not known."""
    from watchdog.console.views.gate_views import DeployCourseView
    from watchdog.presentation.gate.deploy_course import Stage

    try:
        # Opened at each look: a daemon may make its store, or move to another database server, meanwhile.
        async with _gates(ctx, settings) as gates:
            view = await gates.course(service, commit, since)
    except (Temporary, Permanent) as error:
        return DeployCourseView(
            ctx.clock().now(), service, commit, Stage.UNKNOWN.value, over=False, why=str(error), deploy=None, until=None
        )
    assert view is not None, "its service is known"
    return view


def _exit_code(view: "DeployCourseView") -> int:
    from watchdog.presentation.gate.deploy_course import Stage

    return {Stage.GOOD: PASSED, Stage.BAD: CLOSED}.get(Stage(view.stage), NOT_KNOWN)
