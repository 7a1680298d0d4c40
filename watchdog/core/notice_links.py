"""The links of a notice, in the order of use: the incident, the status page that acquits the deploy, what changed,
the deploy, the service and its logs, the site."""

from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import Link

GITHUB = "https://github.com/"
RENDERS_STATUS = "https://status.render.com"


def links(facts: ServiceFacts | None, incident: Incident | None, console_url: str) -> tuple[Link, ...]:
    """Return those that are known: a link that leads nowhere is worse than none."""
    found: list[tuple[str, str | None]] = []
    if incident is not None:
        found.append(("incident", f"{console_url}/incidents/{incident.id}" if console_url else None))
        found.append(("status", status_page(incident)))
    if facts is not None and incident is not None:
        found += [("diff", _diff(facts, incident)), ("deploy", _deploy(facts, incident))]
    if facts is not None:
        found += [("dashboard", facts.dashboard_url), ("logs", facts.logs_url), ("site", facts.url)]
    return tuple(Link(text, href) for text, href in found if href)


def _diff(facts: ServiceFacts, incident: Incident) -> str | None:
    """Return the comparison of the target with the suspect; other hosts than GitHub have other addresses for it."""
    target, suspect = incident.rollback.target_code, incident.suspect_code
    if not (facts.repo and facts.repo.startswith(GITHUB) and target and suspect):
        return None
    return f"{facts.repo.removesuffix('.git')}/compare/{target}...{suspect}"


def _deploy(facts: ServiceFacts, incident: Incident) -> str | None:
    """Return the suspect's page at the platform, with its logs."""
    return f"{facts.dashboard_url}/deploys/{incident.suspect}" if facts.dashboard_url and incident.suspect else None


def status_page(incident: Incident) -> str:
    """Return the address of the status page that acquits the deploy: Render's, or a likely upstream's; else nothing."""
    blame = incident.decision.blame if incident.decision is not None else None
    if blame is None:
        return ""
    if any(veto.name == "platform status" for veto in blame.vetoed):
        return RENDERS_STATUS
    return blame.other_cause.page if blame.other_cause is not None else ""
