"""Migrations: folding what a repository says of two commits into the state."""

from dataclasses import replace

from watchdog.domain.events import MigrationsRead
from watchdog.domain.incidents import ServiceState
from watchdog.domain.policy import Policy

KEPT_MAX = 50


def apply_migrations(service: ServiceState, event: MigrationsRead, policy: Policy) -> ServiceState:
    """Keep a reading, instead of an earlier one of the same commits; of others those of deploys that are listed."""
    found, key = event.found, policy.services[service.name].migrations.key
    listed = {deploy.code for deploy in service.deploys}
    others = (
        one
        for one in service.migrations
        if one.rules == key and one.head in listed and (one.base, one.head) != (found.base, found.head)
    )
    # By rules of a configuration that was replaced meanwhile: it is read again.
    kept = (*([found] if found.rules == key else []), *others)
    return replace(service, migrations=kept[:KEPT_MAX])
