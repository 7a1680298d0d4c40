"""Commands around the daemon: run, check, doctor, demo, channel test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from watchdog.cli.command_context import usage_error
from watchdog.cli.options import AsJson, Flag, It
from watchdog.domain.commands.command_line import command_line
from watchdog.presentation.text import clean

if TYPE_CHECKING:
    from watchdog.ports import Notifier
    from watchdog.settings.check.check_result import CheckResult

Scenario = Literal[
    "bad-deploy",
    "partial",
    "broken-checkout",
    "latency",
    "upstream-outage",
    "blind",
    "no-help",
    "same-commit",
    "assist",
    "observe",
]


async def run(*, ctx: It) -> int:
    """Run the daemon: watch, decide, act as far as the mode allows, notify people, record everything.

    With several processes on one SQLite file, one runs and the others stand by; with `store: postgresql` all share the
    services. SIGTERM stops it once the write in flight is finished; SIGHUP makes it reload the configuration.
    """
    return await ctx.app().run(ctx.settings())


async def check(*, live: Flag = False, ctx: It) -> int:
    """Check the configuration; every mistake is reported at once, with its place and the correction.

    Parameters
    ----------
    live
        Also test tokens, service ids, signals, channels and rollback targets; changes nothing, pages no one.
    """
    from watchdog.cli import output
    from watchdog.cli.commands.drills import reminders_of
    from watchdog.cli.namesake import conflict
    from watchdog.settings.text.summary import report

    settings = ctx.settings()
    output.show_lines([clean(line) for line in report(settings)])
    if warning := conflict():
        output.show_lines([f"WARNING {warning}"])
    output.show_wrapped(await reminders_of(ctx, settings))
    if not live:
        output.show_lines(
            ["", f"The configuration is valid. To try it against the real services: {command_line('check', '--live')}"]
        )
        return output.DONE
    from watchdog.cli import tables

    results = await ctx.app().check(settings)
    output.show_lines([""])
    output.show_table(tables.checks(results))
    _name_pages(results)
    return _verdict(results)


async def doctor(*, as_json: AsJson = False, ctx: It) -> int:
    """Examine a running installation: daemon, workers, store, clock, keys, signals, channels; each fault with its cure.

    Run it where the daemon runs (on Render: the service's Shell). It changes nothing and pages no one. Exit code 1 if
    something fails.

    Parameters
    ----------
    as_json
        Print one JSON object.
    """
    from watchdog.cli import output

    results = await ctx.app().examine(ctx.settings())
    if as_json:
        output.show_json({"well": _verdict(results) == output.DONE, "findings": results})
        return _verdict(results)
    from watchdog.cli import tables

    output.show_table(tables.checks(results, timed=True))
    _name_pages(results)
    return _verdict(results)


def _name_pages(results: "Sequence[CheckResult]") -> None:
    """Write the handbook's place of each finding that has a fix, once."""
    from watchdog.cli import output
    from watchdog.docs.places import handbook_line, place_of_check

    # By the line, not by the place: at the terminal several sections are one page.
    lines = dict.fromkeys(handbook_line(place_of_check(one.name)) for one in results if one.fix)
    output.show_lines(list(lines))


def _verdict(results: "Sequence[CheckResult]") -> int:
    from watchdog.cli import output

    return output.FAILED if any(one.outcome.value == "fail" for one in results) else output.DONE


async def demo(
    *,
    scenario: Scenario = "bad-deploy",
    console: Flag = False,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Watch the real daemon handle an incident in a simulated cloud on this machine; needs no account.

    Parameters
    ----------
    scenario
        The fault.
    console
        Also open the web console on a free port of this machine, with more services to look at; it prints the address
        and a link that logs in, and goes on until Ctrl-C. Approve a rollback there: `--scenario assist`.
    as_json
        Print one JSON object at the end instead of the screen; exit code 0 only if it went as expected.
    """
    from watchdog.cli import output

    if as_json and console:
        usage_error("--console", "goes on until Ctrl-C, so there is no end to print as JSON", "leave --json out")
    if console:
        _needs_the_extra()
    if as_json:
        result = await ctx.app().demo(scenario, None)
        output.show_record(result.json_object())
    else:
        from watchdog.cli.demo_screen import DemoScreen

        with DemoScreen() as screen:
            result = await ctx.app().demo(scenario, screen, console=console)
    return output.DONE if result.as_expected else output.FAILED


def _needs_the_extra() -> None:
    """Raise ConfigurationError without the console's libraries: the demo's own configuration is not the user's."""
    from watchdog.settings.rules.console_access import CONSOLE_LIBRARIES, HOW, missing_libraries

    missing = missing_libraries(CONSOLE_LIBRARIES)
    if missing:
        usage_error("--console", f"needs {' and '.join(missing)}, which the extra console brings", HOW)


async def channel_test(*, ctx: It) -> int:
    """Send a test message through every channel, and show which ones accepted it."""
    from watchdog.cli import output, tables

    settings = ctx.settings()
    at = ctx.clock().now()
    async with ctx.app().notifiers(settings) as channels:
        plain = settings.policy.plain_channels
        results = [await _sent(name, channel, at, plain=name in plain) for name, channel in channels.items()]
    output.show_table(tables.checks(results))
    return _verdict(results)


async def _sent(name: str, channel: "Notifier", at: float, *, plain: bool) -> "CheckResult":
    from watchdog.domain.errors import WatchdogError
    from watchdog.domain.notices import Notice, NoticeKind
    from watchdog.domain.severity import Severity
    from watchdog.settings.check.check_result import CheckOutcome, CheckResult

    title = "Test of the watchdog's channels: nothing is wrong"
    lines = (f"Sent by `{command_line('notify test')}`. If you can read this, incidents will reach you here.",)
    # Stakeholders read it, too: no technical word.
    if plain:
        title, lines = "A test: nothing is wrong", ("If you can read this, notices of incidents arrive here.",)
    # A pager merges a second trigger with the same key, so each test has its own.
    name_of_test = f"notify-test-{at:.0f}"
    # Of low severity, and not waking: a pager records the test without ringing at night.
    notice = Notice(at, name_of_test, "watchdog", Severity.LOW, NoticeKind.TEST, title, lines, plain=plain)
    over = Notice(at, name_of_test, "watchdog", Severity.LOW, NoticeKind.RESOLVED, "The test is over", plain=plain)
    try:
        # Resolved at once: no pager should keep a test open.
        await channel.send(over, await channel.send(notice, None))
    except WatchdogError as error:
        fix = f"correct channels.{name} or its WATCHDOG_* variable"
        return CheckResult(f"channel {name}", CheckOutcome.FAIL, str(error), fix)
    return CheckResult(f"channel {name}", CheckOutcome.OK, "accepted the test message: check that it arrived")
