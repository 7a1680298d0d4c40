"""Commands for quiet: silences (people are not told) and action holds (nothing is rolled back unasked)."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_service, usage_error
from watchdog.cli.control import submit
from watchdog.domain.silence_request import ALL, InvalidRequest, asked_quiet, known_signals
from watchdog.presentation.text import clean

It = Annotated[Context, Parameter(parse=False)]
For = Annotated[str, Parameter(name="--for")]


async def silence(
    service: str,
    /,
    *,
    lasts: For,
    reason: str,
    signal: str | None = None,
    severity: Literal["critical", "high", "medium", "low"] | None = None,
    ctx: It,
) -> int:
    """Tell nobody of a service for a while; everything is still recorded, and rolled back as ever.

    Parameters
    ----------
    service
        Its name in the configuration, or all.
    lasts
        How long, as in 2h; at most 30d.
    reason
        Why, for the record.
    signal
        Only where this signal alone fails.
    severity
        Only of this severity. Without it, what is rolled back where it is critical is still told.
    """
    given = _given(ctx, service, lasts, reason)
    known = known_signals(ctx.settings().policy, given["of"])
    if signal is not None and signal not in known:
        usage_error(signal, "no such signal", f"one of: {', '.join(known)}")
    return await submit(ctx, "silence", {**given, "signal": signal, "severity": severity})


async def hold(service: str, /, *, lasts: For, reason: str, ctx: It) -> int:
    """Roll nothing back unasked for a while: a human is asked, or does it by hand.

    Parameters
    ----------
    service
        Its name in the configuration, or all.
    lasts
        How long, as in 12h; at most 30d.
    reason
        Why, for the record.
    """
    return await submit(ctx, "hold", _given(ctx, service, lasts, reason))


async def unsilence(name: str, /, *, ctx: It) -> int:
    """End a silence or a hold before its time.

    Parameters
    ----------
    name
        As `watchdog silences` lists it: silence-1, hold-2.
    """
    return await submit(ctx, "unsilence", {"which": name})


async def silences(*, ctx: It) -> int:
    """List silences and action holds: of what, until when, by whom, why."""
    from watchdog.cli import output
    from watchdog.domain.incidents import State
    from watchdog.presentation import status_text

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        state = await store.load() or State()
    lines = status_text.quiet_lines(state, settings.policy, ctx.clock().now())
    output.show_lines(lines or [status_text.NO_QUIET])
    return output.DONE


def _given(ctx: Context, service: str, lasts: str, reason: str) -> dict[str, Any]:
    """Return the arguments of a command. Raises ConfigurationError for what cannot be meant."""
    if service != ALL:
        known_service(ctx.settings(), service)
    try:
        return asked_quiet(service, lasts, clean(reason))
    except InvalidRequest as error:
        usage_error(error.where, error.what, error.instead)
