"""The command `schema`: the JSON Schema of the configuration, as shipped."""

import sys
from importlib.resources import files
from typing import Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import Context


async def schema(*, ctx: Annotated[Context, Parameter(parse=False)]) -> int:
    """Print the JSON Schema of watchdog.yaml, by which editors complete keys and mark mistakes.

    `watchdog init` writes it beside the configuration, for editors to find. To renew that copy after an upgrade:
    `watchdog schema > watchdog.schema.json`.
    """
    sys.stdout.write(
        files("watchdog").joinpath("settings", "schema", "watchdog.schema.json").read_text(encoding="utf-8")
    )
    return 0
