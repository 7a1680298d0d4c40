"""The verdict on a deploy as GitHub shows it: a commit status and a pull-request comment. Pure.

Rule: the comment begins with a mark, by which the next run finds it; every foreign text in it is escaped.
"""

from collections.abc import Sequence

from watchdog.presentation.gate.deploy_course import Stage
from watchdog.presentation.markdown import code, plain, table
from watchdog.presentation.text import clean, moment

DESCRIPTION_MAX = 140
"""GitHub's limit for the text of a status."""
STATES = {Stage.GOOD: "success", Stage.BAD: "failure", Stage.UNCLEAR: "error"}
"""GitHub's state of each end."""
PENDING = "pending"
"""The state before it."""


def status_context(service: str) -> str:
    """Return the name of the status beside the commit."""
    return f"watchdog/{service}"


def status_state(stage: str) -> str:
    """Return GitHub's state of a stage."""
    return STATES.get(Stage(stage), PENDING)


def description(stage: str, why: str) -> str:
    """Return the text of the status."""
    return clean(f"{stage}: {why}", DESCRIPTION_MAX)


def mark(service: str) -> str:
    """Return the line by which the comment on a service is found again; Markdown shows nothing of it."""
    # No command is named: a comment must be found again after one was renamed.
    return f"<!-- verdict of the watchdog on {service} -->"


def comment_lines(service: str, commit: str, looks: Sequence[tuple[float, str, str]]) -> list[str]:
    """Return the comment: the newest verdict, and below it every look (UTC epoch seconds, stage, why) so far."""
    _, stage, why = looks[-1]
    rows = [(moment(at), one, plain(because)) for at, one, because in looks]
    return [
        mark(service),
        f"**{plain(service)}: {stage}** ({code(commit[:12])})",
        "",
        f"{plain(why)}.",
        "",
        *table(("looked at", "verdict", "why"), rows),
    ]
