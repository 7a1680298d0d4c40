"""The command `watchdog`: which commands there are, and how their results become exit codes.

0 done · 1 failed · 2 configuration or usage · 3 refused by a guard · 130 interrupted. An expected error is a sentence,
not a traceback.
"""

import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from watchdog import __version__
from watchdog.cli import control, follow_ups, inspect, lifecycle, output, post_incident
from watchdog.cli.command_context import Context, Services
from watchdog.cli.human_commands import command_function
from watchdog.cli.lab import (
    lab_commands,
    lab_episode,
    lab_flapping,
    lab_import,
    lab_live,
    lab_readiness,
    lab_replay,
    lab_robustness,
    lab_scenario,
    lab_traces,
)
from watchdog.domain.commands.command_table import commands_of
from watchdog.domain.commands.human_command import Surface
from watchdog.domain.errors import WatchdogError

HELP = """Guards a web site on Render: finds an incident, judges whether the last deploy is to blame, and, as far as you
allow it, rolls that deploy back, proves that the site recovered, and tells people.

First: `watchdog demo` (needs no account), then `watchdog init` and `watchdog check --live`.
"""
Command = Callable[..., Coroutine[Any, Any, int]]
OWN: Mapping[str, Command] = {
    "rollback": control.rollback,
    "undo": control.undo,
    "label": control.label,
    "note": post_incident.note,
    "tick": follow_ups.tick,
    "follow-up": follow_ups.follow_up,
}
"""Commands that do more than to submit: show the plan first, or add to the record where no daemon runs."""
GROUPS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("Getting started", (lifecycle.demo, lifecycle.init, lifecycle.check, lifecycle.run)),
    (
        "Looking",
        (
            inspect.status,
            inspect.once,
            inspect.incidents,
            inspect.explain,
            inspect.why_not,
            inspect.history,
            inspect.deploys,
            follow_ups.checklist,
            follow_ups.follow_ups,
            post_incident.postmortem,
            post_incident.stats,
        ),
    ),
    (
        "Deciding",
        (
            *(OWN.get(row.name) or command_function(row) for row in commands_of(Surface.TERMINAL)),
            inspect.silences,
        ),
    ),
)
"""Every command, in the order of the help."""


app = App(name="watchdog", help=HELP, version=__version__, help_format="markdown")
groups = [Group(title, sort_key=order) for order, (title, _) in enumerate(GROUPS)]
for group, (_, commands) in zip(groups, GROUPS, strict=True):
    for place, one in enumerate(commands):
        app.command(one, group=group, sort_key=place)
notify = App(
    name="notify",
    help="Prove that the channels to people work: `notify test`.",
    group=groups[0],
    sort_key=9,
)
notify.command(lifecycle.notify_test, name="test")
app.command(notify)
experiments = App(
    name="lab",
    help="Experiments: on decisions (`lab score`, `robustness`, `episode`, `scenario`, `flapping`), on your own "
    "history (`replay`, `readiness`), on the daemon (`live`, `speed`, `storm`, `soak`).",
    group=groups[0],
    sort_key=10,
)
experiments.command(lab_commands.storm, name="storm")
experiments.command(lab_commands.soak, name="soak")
experiments.command(lab_commands.score, name="score")
experiments.command(lab_episode.episode, name="episode")
experiments.command(lab_flapping.flapping, name="flapping")
experiments.command(lab_robustness.robustness, name="robustness")
experiments.command(lab_scenario.scenario, name="scenario")
experiments.command(lab_live.live, name="live")
experiments.command(lab_commands.speed, name="speed")
experiments.command(lab_replay.replay, name="replay")
experiments.command(lab_readiness.readiness, name="readiness")
experiments.command(lab_import.import_history, name="import")
experiments.command(lab_traces.traces, name="traces")
app.command(experiments)

Prepared = Callable[[Context], Coroutine[Any, Any, int]]


@app.meta.default
def prepare(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
) -> tuple[Prepared, Path | None] | None:
    """Parse the command and say what to run.

    Parameters
    ----------
    config
        The configuration file; else ./watchdog.yaml, else the text in WATCHDOG_CONFIG_YAML.
    """
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    if "ctx" not in ignored:
        command(*bound.args, **bound.kwargs)
        return None
    started = partial(command, *bound.args, **bound.kwargs)
    if tokens[0] not in experiments.name:
        return (lambda ctx: started(ctx=ctx)), config
    from watchdog.cli.interrupts import interruptible

    return (lambda ctx: interruptible(started(ctx=ctx))), config


def main(tokens: Sequence[str] | None = None, load_roof: Callable[[], Services] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        found = app.meta(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        output.print_error(f"{str(error).rstrip('.')} (see watchdog --help)")
        return output.USAGE
    if found is None:
        return output.DONE
    prepared, config = found
    return _run(prepared, Context(config, os.environ, Path.cwd(), load_roof or _real_roof))


def _run(prepared: Prepared, ctx: Context) -> int:
    import asyncio  # `--help` does without: a fifth of its time

    try:
        code = asyncio.run(prepared(ctx))
        sys.stdout.flush()
        return code
    except WatchdogError as error:
        return output.explain_error(error)
    except KeyboardInterrupt:
        return output.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return output.DONE


def _real_roof() -> Services:
    from watchdog.cli.services import AppServices

    return AppServices()
