"""The commands in their tree: top level and groups, each command with its function, in the order of the help.

A command's place is defined in domain/commands (`PLACES`, and the column `group` of the command table). This file has
the functions of the commands that do more than submit a row of the table.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from cyclopts import App, Group

from watchdog import __version__
from watchdog.cli.commands import (
    after_care,
    announcements,
    assistant,
    completion,
    control,
    databases,
    deploy_watch,
    docs,
    drills,
    first_configuration,
    follow_ups,
    gate,
    git_steps,
    incidents,
    inspect,
    lifecycle,
    post_incident,
    reports,
    store_copies,
)
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
from watchdog.cli.output import print_error
from watchdog.domain.commands.command_line import PLACES, PROGRAM, command_line
from watchdog.domain.commands.command_table import COMMANDS

Command = Callable[..., Coroutine[Any, Any, int]]
FIRST = f"`{command_line('demo')}` (needs no account), then `{command_line('init')}`"
HELP = f"""Guards a web site on Render: finds an incident, judges whether the last deploy is to blame, and, as far as
you allow it, rolls that deploy back, proves that the site recovered, and notifies people.

First: {FIRST} and `{command_line("check", "--live")}`.
"""
FUNCTIONS: Mapping[str, Command] = {
    "demo": lifecycle.demo,
    "drill": drills.drill,
    "database dump": databases.dump,
    "database migrate-down": databases.migrate_down,
    "database restore": databases.restore,
    "database status": databases.status,
    "init": first_configuration.init,
    "check": lifecycle.check,
    "run": lifecycle.run,
    "status": inspect.status,
    "once": inspect.once,
    "doctor": lifecycle.doctor,
    "gate": gate.gate,
    "deploy-watch": deploy_watch.deploy_watch,
    "explain": incidents.explain,
    "incidents": incidents.incidents,
    "incident": incidents.show,
    "checklist": follow_ups.checklist,
    "postmortem": post_incident.postmortem,
    "git-revert": git_steps.revert,
    "fix-branch": after_care.fix_branch,
    "issue": after_care.issue,
    "git-reset": git_steps.reset,
    "git-deploy": git_steps.deploy,
    "deploys": inspect.deploys,
    "why-not": inspect.why_not,
    "silences": inspect.silences,
    "announcements": announcements.announcements,
    "notify test": lifecycle.channel_test,
    "history": reports.history,
    "stats": reports.stats,
    "digest": reports.digest,
    "follow-ups": follow_ups.follow_ups,
    "backup": store_copies.backup,
    "restore": store_copies.restore,
    "mcp": assistant.mcp,
    "docs": docs.docs,
    "schema": first_configuration.schema,
    "completion": completion.completion,
    "rollback": control.rollback,
    "undo": control.undo,
    "label": control.label,
    "note": post_incident.note,
    "tick": follow_ups.tick,
    "follow-up": follow_ups.follow_up,
    "lab score": lab_commands.score,
    "lab robustness": lab_robustness.robustness,
    "lab episode": lab_episode.episode,
    "lab scenario": lab_scenario.scenario,
    "lab flapping": lab_flapping.flapping,
    "lab replay": lab_replay.replay,
    "lab readiness": lab_readiness.readiness,
    "lab import": lab_import.import_history,
    "lab traces": lab_traces.traces,
    "lab live": lab_live.live,
    "lab speed": lab_commands.speed,
    "lab storm": lab_commands.storm,
    "lab soak": lab_commands.soak,
}
"""Every command without a row in the command table, and the rows that show a plan first or need no daemon."""
PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Getting started", ("demo", "init", "check", "run")),
    ("Looking", ("status", "once", "explain", "doctor")),
    ("Acting", ("rollback", "pause", "resume", "drill", "database")),
    ("In a pipeline", ("gate", "deploy-watch")),
    (
        "More",
        (
            *("incident", "service", "report", "announcement", "channel", "commit", "lab", "backup", "restore"),
            *("mcp", "docs", "schema", "completion"),
        ),
    ),
)
"""The top level as `watchdog --help` shows it."""
GROUPS: Mapping[str, str] = {
    "incident": "List and read incidents, answer them, and add to their records.",
    "service": "Show a service's deploys and silences, and silence or hold it.",
    "database": "Dump, migrate down and restore the database of a service, ordered by a person.",
    "report": "Show rollbacks, statistics, the weekly digest and open follow-ups.",
    "announcement": "Announce problems and maintenance on the public status pages.",
    "channel": "Prove that the channels to people work.",
    "commit": "Lift commits from the deny-list.",
    "lab": "Run experiments on decisions, on your own history and on the daemon itself.",
}
"""The help of each group."""


def shown_version() -> str:
    """Return the version; warn on stderr of another distribution that installs a package of the same name."""
    from watchdog.cli.namesake import conflict

    if warning := conflict():
        print_error(f"WARNING {warning}")
    return __version__


def build() -> App:
    """Return the command line with every command."""
    # The version is a function: `--version` alone searches the installed packages for a namesake.
    app = App(name=PROGRAM, help=HELP, version=shown_version, help_format="markdown")
    # cyclopts sorts by name: these keys keep the order of our tables instead.
    titles = [Group(title, sort_key=place) for place, (title, _) in enumerate(PANELS)]
    panels = {word: title for title, (_, words) in zip(titles, PANELS, strict=True) for word in words}
    order = {word: place for _, words in PANELS for place, word in enumerate(words)}
    groups = {
        word: App(name=word, help=says, group=panels[word], sort_key=order[word]) for word, says in GROUPS.items()
    }
    options = Group("Options", sort_key=len(PANELS))
    for group in groups.values():
        app.command(group)
    # cyclopts would list these flags under Commands.
    for each in (app, *groups.values()):
        for flag in ("--help", "--version"):
            each[flag].group = options
    for place, (name, words) in enumerate(PLACES.items()):
        above, _, word = words.rpartition(" ")
        function = FUNCTIONS.get(name) or command_function(COMMANDS[name])
        if above:
            groups[above].command(function, name=word, sort_key=place)
        else:
            # A row of the command table that names no group needs no line here: it acts, as `rollback` does.
            panel = panels.get(word, panels["rollback"])
            app.command(function, name=word, group=panel, sort_key=order.get(word, place))
    return app
