"""Stakeholders: people outside engineering, with their addresses and the services they follow.

Like a contact's, their addresses make channels of their own (`board-email`), which get no other notice.
"""

from collections.abc import Mapping
from functools import partial

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.webhook import WebhookOptions
from watchdog.domain.policy import Stakeholders
from watchdog.domain.severity import Severity
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules.contacts import ADDRESSED, addressed, is_wrong
from watchdog.settings.schema.adapter_entries import check_name
from watchdog.settings.schema.schema import Shape, StakeholdersShape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document

Found = Mapping[str, Mapping[str, Adapter]]
REACHED = (*ADDRESSED, "webhook")
"""The channels that reach them. The webhook has one address: its receiver hands notices on to subscribers."""


def check_stakeholders(document: Document, shape: Shape, channels: Mapping[str, Adapter]) -> Found:
    """Return their channels by name; report contradictions."""
    found: dict[str, dict[str, Adapter]] = {}
    for name, those in shape.stakeholders.items():
        path = ("stakeholders", name)
        check_name(document, path)
        # Their channels are named after them, so these names must be unique.
        if name in NOTIFIERS or name in shape.contacts:
            taken = "channel" if name in NOTIFIERS else "contact"
            document.report(path, f"already the name of a {taken}", "give them another name")
        kinds = [kind for kind in REACHED if getattr(those, kind) not in (None, False)]
        # An address with a mistake was cut out and reported; a second report would only confuse.
        if not kinds and not is_wrong(document, path):
            document.report(path, "no way to reach them", f"add one of: {', '.join(REACHED)}")
        if those.webhook and _pages(channels):
            document.report((*path, "webhook"), "its preset opens alerts, and these notices are none", "write email")
        for place, service in enumerate(those.services or ()):
            if service not in shape.services:
                document.report(
                    (*path, "services", place), "names no service", partial(choose, service, shape.services)
                )
        found[name] = {}
        for kind in kinds:
            adapter = addressed(document, shape, (*path, kind), channels, getattr(those, kind))
            if adapter is not None:
                found[name][f"{name}-{kind}"] = adapter
    return found


def _pages(channels: Mapping[str, Adapter]) -> bool:
    """Return whether the webhook leads to a service that keeps alerts."""
    options = channels["webhook"].options if "webhook" in channels else None
    return isinstance(options, WebhookOptions) and options.keeps_alerts


def policies(shape: Shape, found: Found) -> tuple[Stakeholders, ...]:
    """Return each group's policy: its services, its least severity, its channels."""
    return tuple(_policy(name, those, tuple(found[name])) for name, those in shape.stakeholders.items())


def _policy(name: str, those: StakeholdersShape, channels: tuple[str, ...]) -> Stakeholders:
    return Stakeholders(name, channels, those.services or (), Severity(those.severity), those.zone)


def hears(one: Stakeholders) -> str:
    """Return the channels and the services of a group as text."""
    of = ", ".join(one.services) or "all services"
    return f"{', '.join(one.channels)}, of {of} from {one.severity} on, times in {one.zone}"
