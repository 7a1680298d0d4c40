"""`watchdog drill`: practise an outage on staging, or in the sandbox; read what earlier drills took."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context, usage_error
from watchdog.cli.options import AsJson, Flag, It
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.domain.drills.drill import Drill
    from watchdog.ports import Store
    from watchdog.settings import Settings

Tell = Callable[[str], None]
OUTAGE_WITHIN = "40m"
OTHERS = "name a staging service, or --sandbox, --page, --ack, --history or --report"
Form = Literal["table", "markdown", "json"]
Method = Literal["bad-commit", "flag"]


async def drill(
    service: str | None = None,
    /,
    *,
    method: Method | None = None,
    sandbox: Flag = False,
    clean: Flag = False,
    force: Flag = False,
    history: Flag = False,
    report: Flag = False,
    page: Flag = False,
    ack: Flag = False,
    style: Annotated[Form, Parameter(name="--format")] = "table",
    target: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    within: str | None = None,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Practise an outage: break a staging service on purpose, let the daemon repair it, time each step.

    The exit code is 0 only if every step came within its target and everything is cleaned up. Refused for every service
    that the configuration, or Render, does not show as staging.

    Parameters
    ----------
    service
        A staging service, with `drill: {staging: true, …}`; with --page: a contact or channel, or none.
    method
        How: by its `drill.bad_commit` (the default where it has one), or by its `drill.flag_on`.
    sandbox
        Drill in a simulated cloud on this machine instead; needs no account and no configuration.
    page
        Drill people: send a TEST page, wait until a person answers it, close it. By default as a critical one is sent.
    ack
        Answer the test page that is out; PagerDuty's own button counts as well.
    clean
        Clean up after a drill of the service, or a test page, that was killed or left work.
    force
        With --clean: also if the drill may still run, as its time is not up.
    history
        Show the scoreboards of earlier drills.
    report
        Show a report on all drills in Markdown: scoreboard, what was missed, proposals for the runbook.
    style
        The output format of the history.
    target
        Another limit of a step, as in restored=3m; may be given several times.
    within
        How long the outage is waited for (40m), or the page (its target).
    as_json
        Print one JSON object (a drill, the report); of the history, one array.
    """
    if sum((service is not None and not page, sandbox, history, report, page, ack)) != 1:
        usage_error("drill", "one thing at a time", OTHERS)
    if report:
        return await _report(ctx, as_json=as_json)
    if history:
        return await _history(ctx, "json" if as_json else style)
    if ack:
        return await _acknowledge(ctx, as_json=as_json)
    limits, tell = _limits(target), _teller(as_json)
    if sandbox:
        return await _sandbox(ctx, limits, tell, method, as_json=as_json)
    settings = ctx.settings()
    limits = {**settings.drill.targets.limits, **limits}
    if clean and page:
        return await _close_pages(ctx, settings, tell, force=force, as_json=as_json)
    if clean and service is not None:
        return await _clean(ctx, settings, service, tell, force=force, as_json=as_json)
    return _shown(await _held(ctx, settings, service, tell, limits, within, method, page=page), as_json=as_json)


async def _held(
    ctx: Context,
    settings: "Settings",
    service: str | None,
    tell: Tell,
    limits: Mapping[str, float],
    within: str | None,
    method: Method | None,
    *,
    page: bool,
) -> "Drill":
    """Hold a drill of people, or of a staging service."""
    from watchdog.domain.drills.drill import DrillMethod

    if page:
        waits = limits["acknowledged"] if within is None else _seconds("--within", within)
        return await ctx.app().page_drill(settings, service, ctx.author(), tell, limits, waits)
    assert service is not None, "one of them is named"
    waits = _seconds("--within", OUTAGE_WITHIN if within is None else within)
    by = None if method is None else DrillMethod(method)
    return await ctx.app().drill(settings, service, ctx.author(), tell, limits, waits, by)


async def _sandbox(
    ctx: Context, limits: Mapping[str, float], tell: Tell, method: Method | None, *, as_json: bool
) -> int:
    from watchdog.cli import output
    from watchdog.domain.drills.drill import DrillMethod

    by = DrillMethod.BAD_COMMIT if method is None else DrillMethod(method)
    fault = "a known-bad feature flag" if by is DrillMethod.FLAG else "a known-bad commit"

    if not as_json:
        output.show_lines(
            [
                f"{command_line('drill', '--sandbox')}: {fault} on a staging service of a simulated cloud.",
                "The real daemon guards it; no account, nothing leaves this machine. About a minute and a half.",
            ]
        )
    held = await ctx.app().sandbox_drill(ctx.author(), tell, limits, by)
    code = _shown(held.drill, as_json=as_json)
    kept = await _kept(ctx, held.drill)
    if not as_json:
        shortened = f"Shipped defaults, except: {', '.join(held.shortened)}." if held.shortened else "Shipped defaults."
        explained = f"Why it did so: {command_line('explain', held.drill.incident, '-c', held.config)}"
        where = f"It is kept: {command_line('drill', '--history')}" if kept else "Not kept: there is no store here yet."
        output.show_lines(["", shortened, explained if held.drill.incident else f"Logs: {held.config.parent}", where])
    return code


async def _kept(ctx: Context, drill: "Drill") -> bool:
    """Keep the scoreboard where there is a configuration with a store; return whether there is."""
    from watchdog.domain.errors import WatchdogError

    try:
        await ctx.app().keep_drill(ctx.settings(), drill)
    # Without an account there is mostly none, and the sandbox needs none.
    except WatchdogError:
        return False
    return True


async def _clean(ctx: Context, settings: "Settings", service: str, tell: Tell, *, force: bool, as_json: bool) -> int:
    from watchdog.cli import output

    done = await ctx.app().clean_drill(settings, service, ctx.author(), tell, force=force)
    if done is None:
        output.show_lines([] if as_json else [f"Nothing to clean up: no drill of {service} is unfinished."])
        return output.DONE
    _shown(done, as_json=as_json)
    return output.FAILED if done.left else output.DONE


async def _close_pages(ctx: Context, settings: "Settings", tell: Tell, *, force: bool, as_json: bool) -> int:
    from watchdog.cli import output
    from watchdog.presentation.drills import drill_text

    closed = await ctx.app().close_pages(settings, tell, force=force)
    if as_json:
        output.show_json([drill_text.record(one) for one in closed])
    elif not closed:
        output.show_lines(["Nothing to close: no test page is open."])
    return output.FAILED if any(one.left for one in closed) else output.DONE


async def _acknowledge(ctx: Context, *, as_json: bool) -> int:
    from watchdog.cli import output
    from watchdog.presentation.drills import drill_text

    done = await ctx.app().acknowledge_page(ctx.settings(), ctx.author())
    if as_json:
        return output.show_json(drill_text.record(done))
    output.show_lines([f"Acknowledged test page {done.number}, sent by {done.by}."])
    return output.DONE


async def reminders(settings: "Settings", store: "Store", now: float) -> list[str]:
    """Return a line for each drill that is overdue, or left something behind."""
    from watchdog.presentation.drills import drill_text

    return drill_text.reminders(settings.staging, await store.drills(), now, settings.drill.every)


async def reminders_of(ctx: Context, settings: "Settings") -> list[str]:
    """Return the same of the configuration's store; nothing where it cannot be read, which other commands say."""
    from watchdog.domain.errors import WatchdogError

    if not settings.staging:
        return []
    try:
        async with ctx.app().reading(settings) as store:
            return await reminders(settings, store, ctx.clock().now())
    except WatchdogError:
        return []


async def _history(ctx: Context, style: Form) -> int:
    from watchdog.cli import output, tables
    from watchdog.presentation.drills import drill_text

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        found = await store.drills()
    if style == "json":
        return output.show_json([drill_text.record(one) for one in found])
    if not found:
        output.show_lines([f"No drill yet. The first one, without an account: {command_line('drill', '--sandbox')}"])
        return output.DONE
    if style == "markdown":
        output.show_lines(drill_text.history_markdown(found, ctx.zone()))
        return output.DONE
    output.show_table(tables.table(drill_text.HISTORY, drill_text.history_rows(found, ctx.zone())))
    output.show_lines(["", f"{drill_text.MISSED} came after its target."])
    return output.DONE


async def _report(ctx: Context, *, as_json: bool) -> int:
    from watchdog.cli import output
    from watchdog.presentation.drills.drill_report import report_markdown, report_record

    settings, now = ctx.settings(), ctx.clock().now()
    async with ctx.app().reading(settings) as store:
        found = await store.drills()
    if as_json:
        return output.show_json(report_record(found, now))
    output.show_lines(report_markdown(found, now, ctx.zone()))
    return output.DONE


def _shown(done: "Drill", *, as_json: bool) -> int:
    """Show a scoreboard; return the exit code."""
    from watchdog.cli import output
    from watchdog.presentation.drills import drill_text

    if as_json:
        output.show_json(drill_text.record(done))
    else:
        output.show_lines(["", *drill_text.scoreboard(done)])
    return output.DONE if done.passed else output.FAILED


def _teller(as_json: bool) -> Tell:
    from watchdog.cli import output
    from watchdog.presentation.text import clean

    # With --json, standard output is one object; what happens meanwhile goes where people look.
    return output.print_error if as_json else lambda line: output.show_lines([f"  {clean(line)}"])


def _limits(written: tuple[str, ...]) -> Mapping[str, float]:
    """Return the limits of `restored=3m` in seconds, by step. Raises ConfigurationError for another text."""
    from watchdog.domain.drills.drill import DrillStep

    found, known = {}, tuple(DrillStep)
    for one in written:
        step, _, lasts = one.partition("=")
        if step not in known:
            usage_error("--target", f"no step {step!r}", f"one of: {', '.join(known)}; as in restored=3m")
        found[step] = _seconds("--target", lasts)
    return found


def _seconds(option: str, written: str) -> float:
    from watchdog.domain.units import parse_duration

    try:
        return parse_duration(written)
    except ValueError as error:
        usage_error(option, str(error), "write a duration, as in 3m")
