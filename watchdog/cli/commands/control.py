"""Manual rollbacks with their plans, and judgements. The other commands: see human_commands.py."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from watchdog.cli.command_context import Context, known_service, no_such_incident, usage_error
from watchdog.cli.human_commands import annotate, submit
from watchdog.cli.options import Flag, It
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.domain.decisions import Decision
    from watchdog.domain.deploys import Deploy
    from watchdog.presentation.outlooks.safe_order import DatabaseSteps


async def rollback(
    service: str,
    /,
    *,
    to: str | None = None,
    live: str | None = None,
    planned: str | None = None,
    blamed: str | None = None,
    dry_run: Flag = False,
    ctx: It,
) -> int:
    """Roll a service back by hand: the daemon's own protocol, without the guards that restrain only the daemon.

    A pause, mode observe, a refused API key, a downtime, a deploy on its way and a deny-listed target refuse it.

    Parameters
    ----------
    service
        Its name in the configuration.
    to
        The deploy to go back to, as in dep-40; by default the one the watchdog would choose.
    live
        The deploy that is live, as the plan names it: with another one live by then, it is refused.
    planned
        The deploy to go back to that the plan chose: if another one is chosen by then, it is refused.
    blamed
        The deploy to blame: once it is not live any more, nor another one of its code, it is refused.
    dry_run
        Only print the plan and the answer of every guard.
    """
    settings = ctx.settings()
    known_service(settings, service)
    for option, value in (("--to", to), ("--live", live), ("--planned", planned), ("--blamed", blamed)):
        # With an unset variable (`--blamed "$UNSET"`) it would be bound to nothing.
        if value == "":
            usage_error(option, "there is nothing in it to read", "leave it out, or say which")
    if dry_run:
        return await _plan(ctx, service, to, blamed)
    seen = {"seen": {"live deploy": live}} if live else {}
    bound = {name: value for name, value in (("planned", planned), ("blamed", blamed)) if value}
    return await submit(ctx, "rollback", {"service": service, "target": to, **bound, **seen})


async def _plan(ctx: Context, service: str, to: str | None, blamed: str | None) -> int:
    from watchdog.presentation.outlooks.safe_order import DatabaseSteps

    plan, live = await ctx.app().plan(ctx.settings(), service, to, blamed)
    chosen = plan.target.deploy if plan.target is not None else None
    target = ("--to", to) if to else ("--planned", chosen.id) if chosen is not None else ()
    words = ("--live", live.id, *target, *(("--blamed", blamed) if blamed else ()))
    database = DatabaseSteps.of(ctx.settings().policy, service)
    return _show(plan, command_line("rollback", service, *words), database, live=live)


def _show(
    plan: "Decision", command: str, database: "DatabaseSteps", said: Sequence[str] = (), live: "Deploy | None" = None
) -> int:
    """Print the plan; return the exit code that the command would have."""
    from watchdog.cli import output
    from watchdog.domain.decisions import Verdict
    from watchdog.presentation import decision_text
    from watchdog.presentation.outlooks.safe_order import order_lines, safe_order

    blocked = any(answer.verdict is Verdict.BLOCK for answer in plan.guards)
    impossible = plan.target is None or plan.target.deploy is None
    end = "A guard refuses it." if blocked or impossible else f"To do it: {command}"
    lines = [
        *((f"LIVE         {decision_text.named(live)}",) if live is not None else ()),
        *decision_text.target(plan.target),
        *decision_text.guards(plan.guards),
        *order_lines(safe_order(plan, live, database=database)),
        *said,
        "",
        f"Nothing was changed. {end}",
    ]
    output.show_lines(lines)
    return output.REFUSED if blocked or impossible else output.DONE


async def undo(
    incident: str,
    /,
    *,
    dry_run: Flag = False,
    ctx: It,
) -> int:
    """Undo a wrong rollback: the deploy that was blamed goes live again, its code is no longer deny-listed.

    An undo is a rollback by hand, with the guards of one; only a rollback that is still live can be undone.

    Parameters
    ----------
    incident
        The incident whose rollback was wrong, as in web-1.
    dry_run
        Only print the plan and the answer of every guard.
    """
    return await _plan_undo(ctx, incident) if dry_run else await submit(ctx, "undo", {"incident": incident})


async def _plan_undo(ctx: Context, incident: str) -> int:
    from watchdog.presentation.outlooks.safe_order import DatabaseSteps
    from watchdog.presentation.text import section

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        known = await store.incident(incident)
    if known is None:
        no_such_incident(incident)
    # The configuration may have lost this service since its incident.
    known_service(settings, known.service)
    plan, said = await ctx.app().plan_undo(settings, known)
    database = DatabaseSteps.of(settings.policy, known.service, known.id)
    return _show(plan, command_line("undo", known.id), database, section("UNDO", said))


async def label(incident: str, verdict: Literal["right", "wrong"], /, *, ctx: It) -> int:
    """Record whether the watchdog judged an incident right (in mode observe: by the action it named).

    `watchdog lab readiness` measures the watchdog by these labels.

    Parameters
    ----------
    incident
        Its id, as in web-1.
    verdict
        Your judgement.
    """
    return await annotate(ctx, "label", incident, {"verdict": verdict}, ctx.author())
