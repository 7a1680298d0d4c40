"""Reads the commits of an incident's suspect from the repository: only if the configuration enables it, within
seconds.

Rule: a command never fails for this; it prints the reason instead.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from watchdog.cli.command_context import Context
    from watchdog.domain.code_comparison import Comparison
    from watchdog.domain.deploys import ServiceFacts
    from watchdog.domain.incidents import Incident
    from watchdog.settings import Settings


class CommitsRead(NamedTuple):
    """The repository's comparison, or the reason why there is none; neither, if no repository was asked."""

    found: "Comparison | None" = None
    why: str = ""


async def compared(
    ctx: "Context", settings: "Settings", incident: "Incident", service: "ServiceFacts | None"
) -> CommitsRead:
    """Return the comparison of the incident's target and its suspect."""
    from watchdog.domain.errors import Permanent, Temporary

    if settings.repository is None or not incident.suspect_code:
        return CommitsRead()
    if service is None or not service.repo:
        return CommitsRead(why="the platform names no repository")
    if not incident.rollback.target_code:
        return CommitsRead(why="no target was chosen to compare the suspect with")
    try:
        return CommitsRead(
            await ctx.app().compare(settings, service.repo, incident.rollback.target_code, incident.suspect_code)
        )
    except (Temporary, Permanent) as error:
        return CommitsRead(why=str(error))
