"""The words of an order to deploy a commit: the lines of the record, the answer of the command. Pure."""

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.remedies.git_steps import Deployed
from watchdog.presentation.text import clean, section, short

__all__ = ["intent", "not_sent", "outcome", "plan_lines", "requested", "short"]


def intent(service: str, commit: str) -> str:
    """Return the line of the record before the request."""
    return f"deploy of {commit} on {clean(service)}, about to be requested"


def requested(commit: str, deploy: str, *, found: bool = False) -> str:
    """Return the line of the record once Render has the order."""
    how = "found in Render's list" if found else "requested"
    return f"deploy of {short(commit)}, {how}: {clean(deploy)}"


def not_sent(commit: str, why: str) -> str:
    """Return the line of the record for an order of which nothing came."""
    return f"deploy of {short(commit)}, not made: {clean(why)}"


def plan_lines(commit: str, service: str, incident: str, why: str) -> list[str]:
    """Return what an order would do; `why`: what forbids it now."""
    lines = section("DEPLOY", f"{commit} on {clean(service)}: Render builds it anew, and one request is sent")
    do = command_line("git-deploy", clean(incident), "--commit", commit)
    end = f"It would be refused: {clean(why)}" if why else f"To do it: {do}"
    return [*lines, "", f"Nothing was changed. {end}"]


def outcome(done: Deployed, service: str) -> str:
    """Return the answer of the command."""
    state = f" ({clean(done.status)})" if done.status else ""
    how = "is brought by" if done.found else "is being deployed by"
    said = f"{short(done.commit)} {how} {clean(done.deploy)}{state}"
    if done.failed:
        return f"{said}, which ended without going live: nothing was sent now. See its log at Render."
    before = ", so nothing was sent now" if done.found else ""
    follow = command_line("deploy-watch", clean(service), "--commit", done.commit, "--wait")
    return f"{said}{before}. Follow it: {follow}"
