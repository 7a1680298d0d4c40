"""Staging services for drills: what the configuration itself knows about production forbids one."""

from collections.abc import Mapping

from watchdog.domain.drills.staging import PRODUCTION_WORDS
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import Document


def staging_services(document: Document, shape: Shape) -> Mapping[str, str]:
    """Return the known-bad commit of each staging service; report what cannot be one."""
    found = {name: one.drill for name, one in shape.services.items() if one.drill is not None}
    staging = {name for name, drill in found.items() if drill.staging}
    for name, drill in found.items():
        path = ("services", name, "drill")
        if not drill.staging:
            what = "a drill breaks this service on purpose"
            document.report(path, what, "write staging: true if no user depends on it, or remove it")
        if drill.bad_commit is None:
            document.report(path, "no known-bad commit", "add bad_commit: the 40 characters of a commit that breaks it")
        for why in _production(shape, name, staging):
            document.report(path, why, "drills are for staging: remove it")
    return {name: drill.bad_commit or "" for name, drill in found.items() if name in staging}


def _production(shape: Shape, name: str, staging: set[str]) -> list[str]:
    """Return what the configuration says against a drill on a service."""
    words = set(name.lower().replace("_", "-").split("-"))
    pages = [page for page, one in shape.status_pages.items() if name in one.services]
    dependants = [
        other for other, one in shape.services.items() if name in one.depends_on and other not in staging | {name}
    ]
    return [
        *([f"its name says {', '.join(sorted(words & PRODUCTION_WORDS))}"] if words & PRODUCTION_WORDS else []),
        *(f"status_pages.{page} shows it to the public" for page in pages),
        *(f"{other}, which is no staging service, depends on it" for other in dependants),
        *(["it has no render: to deploy to"] if shape.services[name].render is None else []),
    ]
