"""Run by test_one_row.py in a copy of the package that has one more row: print where its command appears."""

import json

from fastapi import FastAPI

from watchdog.app.compose.chat import HELP
from watchdog.cli.main import app
from watchdog.console.auth.roles import Visitor
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.api_commands import add_commands
from watchdog.console.routes.form_routes import PATHS
from watchdog.daemon.approvals.chat_commands import typed_arguments
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Role
from watchdog.domain.store_records import Command


class Noon:
    """A clock that stands."""

    def now(self) -> float:
        return 43200.0


NAME = "calm"
row, api, none = COMMANDS[NAME], FastAPI(), None
add_commands(api)
document = api.openapi()
words = typed_arguments(row, ("web-1", "so", "it", "was"))
poller = CommandPoller(none, none, Noon())  # type: ignore[arg-type]  the event is made without store and engine
event = poller._event(Command(1, NAME, words, "ann"))
me = Visitor(Role.OPERATOR, form_token="word")
parts = Renderer("1")._environment.get_template("parts.html").make_module({"me": me})
print(
    json.dumps(
        {
            "terminal": app[NAME].help_print is not None and app[NAME].help,
            "api": {path: list(one["post"]) for path, one in document["paths"].items() if path.endswith(NAME)},
            "body": document["components"]["schemas"]["CalmBody"]["properties"],
            "form": str(parts.plain_forms("incident", "/incidents/web-1")),
            "form_path": PATHS[row.subject].format(command=NAME),
            "chat": next(line for line in HELP if line.startswith(NAME)),
            "words": words,
            "roles": [role for role in Role if Visitor(role).may(NAME)],
            "event": [type(event).__name__, event.by if event is not None else ""],
        }
    )
)
