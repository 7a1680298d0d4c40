"""Options that several commands share, each with its one spelling."""

from typing import Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import Context

It = Annotated[Context, Parameter(parse=False)]
AsJson = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]
Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Limit = Annotated[int, Parameter(name=["--limit", "-n"])]
As = Annotated[str | None, Parameter(name="--as")]
