"""Facts beside each deploy of a service's page: its author, its page at Render, and whether people may go back to it;
and the service's own pages there. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState
from watchdog.presentation.text import clean


@dataclass(frozen=True, slots=True)
class PagesView:
    """The pages of a service at Render; empty where one is not known."""

    dashboard: str = ""
    logs: str = ""


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
    return tuple(
        DeployFacts(
            id=clean(one.id),
            author=author_of(service, one.id),
            page=page_of(service, one.id),
            may_be_target=one.was_live and not one.is_live and one.code is not None,
        )
        for one in deploys
    )


def author_of(service: ServiceState | None, deploy: str) -> str:
    """Return the authors of a deploy as far as they are known: they are read during its watch window."""
    trial = service.trial if service is not None else None
    return clean(", ".join(trial.authors)) if trial is not None and trial.deploy == deploy else ""


def page_of(service: ServiceState | None, deploy: str) -> str:
    """Return the address of a deploy's page at Render; only an address of the web becomes a link."""
    page = pages_of(service).dashboard
    return clean(f"{page.rstrip('/')}/deploys/{deploy}") if page else ""


def pages_of(service: ServiceState | None) -> PagesView:
    """Return the addresses of a service's own pages at Render; only an address of the web becomes a link."""
    facts = service.facts if service is not None else None
    if facts is None or not (facts.dashboard_url or "").startswith("https://"):
        return PagesView()
    return PagesView(clean(facts.dashboard_url), clean(facts.logs_url or ""))
