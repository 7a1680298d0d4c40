"""The watchdog's own vetoes for a rival: how much of the lead over it is information that it was not given.

Rule 1: it reads at once, at the moment of its alert, what the watchdog reads in its turn: never less, and never later.
Rule 2: a veto makes it page. It weighs nothing: one failed probe of another service is enough, as is one before the
deploy.
"""

from watchdog.core.guards.guards import NO_ROLLBACK_TRAILER
from watchdog.domain.readings import NOT_CURABLE, Bad
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_service import Service

ROUTES = ("home", "api")
BEFORE_SECONDS = (10.0, 30.0, 60.0)
"""So long before its first traffic a deploy's service is looked at: what failed then was not its doing."""


def vetoed(scene: EpisodeWorld, name: str, suspect: str, at: float) -> bool:
    """Return whether something acquits the suspect deploy of a service, or forbids its rollback, at a moment."""
    service = scene.services[name]
    release = next(one for one in service.releases if one.id == suspect)
    outages = [*scene.outside.control_down, *(span for spans in scene.outside.vendors_down.values() for span in spans)]
    return (
        any(begins <= at < ends for begins, ends in outages)
        or any(_fails(other, at) for other in scene.services.values() if other is not service)
        or any(_fails(service, release.serves_at - seconds) for seconds in BEFORE_SECONDS)
        or any(one.kind in NOT_CURABLE for one in _failures(service, at))
        or scene.pre_deploy_command is not None
        or NO_ROLLBACK_TRAILER in release.message.lower()
    )


def _fails(service: Service, at: float) -> bool:
    return bool(_failures(service, at))


def _failures(service: Service, at: float) -> list[Bad]:
    readings = [service.probe(route, at).reading for route in ROUTES]
    return [one for one in readings if isinstance(one, Bad)]
