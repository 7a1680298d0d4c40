"""`watchdog gate`, for a pipeline: may this commit go to production now?

Exit codes: 0 it may, 1 it may not (a reason refuses, or is not known), 2 a mistake on the command line or in a file.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.command_context import Context, known_service, usage_error
from watchdog.cli.options import AsJson, It
from watchdog.domain.errors import Permanent, Temporary

if TYPE_CHECKING:
    from watchdog.console.queries.gate_queries import GateQueries
    from watchdog.console.views.gate_views import GateView
    from watchdog.presentation.gate.gate_rules import GateRules
    from watchdog.settings import Settings

PASSED, CLOSED = 0, 1


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

    settings, commit = settings_of(ctx), commit_of(commit)
    known_service(settings, service)
    chosen = _rules(settings, service, rules)
    view = await _asked(ctx, settings, service, commit, chosen)
    if as_json:
        output.show_json(view)
    else:
        reasons = [GateReason(one.name, GateVerdict(one.verdict), one.why) for one in view.reasons]
        output.show_lines(gate_lines(service, commit, reasons))
    return PASSED if view.passed else CLOSED


def settings_of(ctx: Context) -> "Settings":
    """Return the configuration, in which a service that is named at Render counts as one that is there."""
    from watchdog.settings import remember_names

    # Its id is not looked up: without one it would be judged by its own answers, as a service that is elsewhere.
    return remember_names(ctx.settings(), {})


def commit_of(text: str) -> str:
    """Return the id of a commit, or its first letters, in small ones. Raises ConfigurationError for another text."""
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
async def gate_queries(ctx: Context, settings: "Settings") -> "AsyncIterator[GateQueries]":
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
        async with gate_queries(ctx, settings) as gates:
            view = await gates.gate(service, commit, rules)
    except (Temporary, Permanent) as error:
        unread = GateReason("record", GateVerdict.UNKNOWN, str(error))
        return gate_view(service, commit, (unread,), ctx.clock().now())
    assert view is not None, "its service is known"
    return view
