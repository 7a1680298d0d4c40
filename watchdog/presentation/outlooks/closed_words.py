"""The sentences about an incident that is over: how it ended, and what follows. Pure."""

from watchdog.domain.incidents import Incident, Outcome
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.text import clean


def closed(case: Case) -> str:
    """Return how it ended, with or without a rollback, and why the daemon had left it to people."""
    left_for = clean(case.incident.human_needed).rstrip(".")
    return f"{_ended(case.incident)}{f' ({left_for})' if left_for else ''}."


def _ended(incident: Incident) -> str:
    rollback, outcome = incident.rollback, clean(incident.outcome)
    if incident.outcome in (Outcome.RECOVERED, Outcome.WITH_A_HUMAN):
        if rollback.restored_at is not None:
            return "Recovered after a rollback that is not proved to have helped"
        return "Recovered, no rollback is known to be live" if rollback.tried else "Recovered without a rollback"
    return f"{outcome[:1].upper()}{outcome[1:]}"


def follows(case: Case) -> str:
    """Return what follows once it is over: whether merges deploy, or what the daemon does."""
    # What is left to people follows; and what a person continued by hand goes on.
    if case.state.auto_deploy_was or case.incident.outcome is Outcome.CONTINUED:
        return ""
    if case.state.auto_deploy and case.incident.pin.off:
        return "Auto-deploy is on again: the next merge deploys."
    # Removed from the configuration, it is watched no more: how it stands now is not known.
    if not case.state.watched:
        return ""
    if case.incident.pin.off and case.incident.pin.previous == "off":
        # People may have meant that; or a restored record forgot that the daemon had switched it off.
        return "Auto-deploy is off, as it was before the rollback."
    if case.incident.outcome is Outcome.NEW_BASELINE:
        return f"The errors of {case.service} did not stop: only what is far above them is reported from now on."
    return f"The daemon watches {case.service} as before."
