"""The notification rules: every section of a configuration about people, checked together."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.domain.policy import Policy
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules import contacts as people
from watchdog.settings.rules import stakeholder_contacts
from watchdog.settings.rules.info_notices import build_announcements, build_digest, build_good_news
from watchdog.settings.rules.severity_policy import audible_channels, build_matrix, warnings_of_pages
from watchdog.settings.rules.silences import build_quiets, endless
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import Document


@dataclass(frozen=True, slots=True)
class NotificationRules:
    """The part of the policy that is about people (no services yet), all channels, and the warnings.

    The channels are the configured ones, and those of contacts and stakeholders.
    """

    policy: Policy
    channels: Mapping[str, Adapter]
    warnings: tuple[str, ...]  # of settings that work, but probably not as meant


def check_notifications(document: Document, shape: Shape, channels: Mapping[str, Adapter]) -> NotificationRules:
    """Return the rules; report contradictions. `channels` are the configured ones."""
    contacts = people.check_contacts(document, shape, channels)
    steps = people.check_escalation(document, shape, contacts, channels)
    outside = stakeholder_contacts.check_stakeholders(document, shape, channels)
    # The document's order, not that of `channels`, which lacks channels with a mistake: they are named all the same.
    named = document.keys("channels") or tuple(channels)
    matrix = build_matrix(document, shape.policy, named, people.approvers(shape, contacts), shape.windows)
    policy = Policy(
        services={},
        matrix=MappingProxyType(dict(matrix)),
        alerts=audible_channels(tuple(channels)),
        escalation=steps,
        pagers=people.pagers(channels),
        ack_holds_seconds=shape.ack_holds,
        silences=build_quiets(document, "silences", shape.silences, shape.services),
        action_holds=build_quiets(document, "action_holds", shape.action_holds, shape.services),
        stakeholders=stakeholder_contacts.policies(shape, outside),
        good_news=build_good_news(document, shape, named),
        announcements=build_announcements(document, shape, named),
        digest=build_digest(document, shape, named),
    )
    theirs = {name: one for those in (*contacts.values(), *outside.values()) for name, one in those.items()}
    warnings = (
        *people.warnings_of_people(shape, steps, contacts, matrix),
        *people.warnings_of_approvers(matrix, channels),
        *warnings_of_pages(matrix),
        *endless(policy),
    )
    return NotificationRules(policy, {**channels, **theirs}, warnings)
