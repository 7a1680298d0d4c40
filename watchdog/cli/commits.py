"""Asks the repository which commits an incident's suspect brought: only if the configuration says so, within seconds.

Rule: a command never fails for this; why nothing is known is told instead.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from watchdog.cli.command_context import Context
    from watchdog.domain.code_comparison import Comparison
    from watchdog.domain.deploys import ServiceFacts
    from watchdog.domain.incidents import Incident
    from watchdog.settings import Settings


class Asked(NamedTuple):
    """What the repository said, or why it said nothing; neither, if it was not asked."""

    found: "Comparison | None" = None
    why: str = ""


async def compared(ctx: "Context", settings: "Settings", incident: "Incident", service: "ServiceFacts | None") -> Asked:
    """Return what lies between the incident's target and its suspect."""
    from watchdog.domain.errors import Permanent, Temporary

    if settings.repository is None or not incident.suspect_code:
        return Asked()
    if service is None or not service.repo:
        return Asked(why="the platform names no repository")
    if not incident.rollback.target_code:
        return Asked(why="no target was chosen to compare the suspect with")
    try:
        return Asked(
            await ctx.app().compare(settings, service.repo, incident.rollback.target_code, incident.suspect_code)
        )
    except (Temporary, Permanent) as error:
        return Asked(why=str(error))
