"""Facts beside each deploy of a service's page: its author, its page at Render, and whether people may go back to it.
Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState
from watchdog.presentation.text import clean


@dataclass(frozen=True, slots=True)
class DeployFacts:
    """What is known beside a deploy itself. `author` and `page` are empty where they are not known.

    `may_be_target`: a rollback by hand can be planned to it. The plan shows the answer of every guard.
    """

    id: str
    author: str
    page: str
    may_be_target: bool


def deploy_facts(service: ServiceState | None, deploys: Iterable[Deploy]) -> tuple[DeployFacts, ...]:
    """Return the facts of these deploys of a service, in their order."""
    dashboard = service.facts.dashboard_url if service is not None and service.facts is not None else None
    trial = service.trial if service is not None else None
    return tuple(
        DeployFacts(
            id=clean(one.id),
            # The repository is asked for the authors of a deploy in its watch window alone.
            author=clean(", ".join(trial.authors)) if trial is not None and trial.deploy == one.id else "",
            page=_page(dashboard, one.id),
            may_be_target=one.was_live and not one.is_live and one.code is not None,
        )
        for one in deploys
    )


def _page(dashboard: str | None, deploy: str) -> str:
    """Return the deploy's page at Render; only an address of the web becomes a link."""
    if not dashboard or not dashboard.startswith(("https://", "http://")):
        return ""
    return clean(f"{dashboard.rstrip('/')}/deploys/{deploy}")
