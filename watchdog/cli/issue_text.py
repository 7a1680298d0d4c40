"""The draft of a post-mortem as title and body of an issue. Pure: facts in, lines out.

Rule: what is too long for an issue is left out by whole sections, so that no block of it stays open.
"""

from collections.abc import Sequence

from watchdog.cli.postmortem import joined, parts
from watchdog.domain.commands.command_line import command_line
from watchdog.presentation.incident_facts import IncidentFacts
from watchdog.presentation.text import clean

TITLE_MAX = 250
BODY_MAX_BYTES = 60_000
"""GitHub takes 65,536 characters, the mark in front included."""


def issue_title(facts: IncidentFacts) -> str:
    """Return the title, one line; it is no Markdown."""
    incident = facts.incident
    return clean(f"Post-mortem of {incident.id}: {incident.service}, {incident.title}", TITLE_MAX)


def issue_lines(facts: IncidentFacts) -> list[str]:
    """Return the draft; of one that is too long the largest sections only name the command that shows them."""
    sections = parts(facts)
    shows = command_line("postmortem", facts.incident.id)
    for at in sorted(range(1, len(sections)), key=lambda at: -_bytes(sections[at])):
        if _bytes(joined(sections)) <= BODY_MAX_BYTES:
            break
        sections[at] = [sections[at][0], "", f"Too long for an issue: `{shows}` shows it."]
    return joined(sections)


def _bytes(lines: Sequence[str]) -> int:
    return len("\n".join(lines).encode("utf-8", "replace"))
