"""People: contacts with their addresses and hours, rotations, the order of escalation, and the approvers among them.

A contact's address makes a channel of its own (`lead-email`): the configured channel with another address. It receives
only the pages of the escalation, and the questions that its contact alone may approve.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.domain.follow_ups import DEVELOPERS, LEAD, ON_CALL, OWNER
from watchdog.domain.identities import SLACK, identity, meant
from watchdog.domain.policy import Approver, Rotation, Rule, Step, Weekly
from watchdog.domain.severity import Severity
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules.recurrence import ALWAYS, parse_turn, parse_weekly
from watchdog.settings.rules.required_secrets import answers_in_slack
from watchdog.settings.rules.severity_policy import WRITES_DOWN
from watchdog.settings.schema.adapter_entries import check_name
from watchdog.settings.schema.schema import ContactShape, Shape
from watchdog.settings.text.validation import choose, validate
from watchdog.settings.text.yaml_document import Document

PAGERDUTY, AGAIN = "pagerduty", "everyone again"
ADDRESSED: Mapping[str, str] = {"slack": "channel", "email": "to"}
"""Channels that know several addresses, and the option that holds theirs."""

ROLES_BY_NAME: Mapping[str, str] = {
    "on-call-engineer": ON_CALL,
    "on-call": ON_CALL,
    "oncall": ON_CALL,
    "team-lead": LEAD,
    "tech-lead": LEAD,
    "technical-lead": LEAD,
    "lead": LEAD,
    "development-team": DEVELOPERS,
    "dev-team": DEVELOPERS,
    "developers": DEVELOPERS,
    "product-owner": OWNER,
}
"""Names of contacts that state their role of the runbook."""
UNREACHABLE = ("no way to reach them", f"add one of: {', '.join(ADDRESSED)}")

Contacts = Mapping[str, Mapping[str, Adapter]]


def check_contacts(document: Document, shape: Shape, channels: Mapping[str, Adapter]) -> Contacts:
    """Return each contact's own channels by name; report contradictions."""
    found: dict[str, dict[str, Adapter]] = {}
    for name, contact in shape.contacts.items():
        path = ("contacts", name)
        check_name(document, path)
        # Steps of the escalation name contacts and channels alike; a shared name would be ambiguous.
        if name in NOTIFIERS:
            document.report(path, "already the name of a channel", "give them another name")
        kinds = [kind for kind in ADDRESSED if getattr(contact, kind) is not None]
        if not kinds and not contact.answers_as and not is_wrong(document, path):
            document.report(path, *UNREACHABLE)
        found[name] = {}
        for kind in kinds:
            adapter = addressed(document, shape, (*path, kind), channels, getattr(contact, kind), zone=contact.zone)
            if adapter is not None:
                found[name][f"{name}-{kind}"] = adapter
    return found


def addressed(
    document: Document,
    shape: Shape,
    path: tuple[str, ...],
    channels: Mapping[str, Adapter],
    address: str | Sequence[str],
    zone: str | None = None,
) -> Adapter | None:
    """Return the configured channel with this address, and zone, in place of its own; a kind that knows one address
    keeps it."""
    kind = path[-1]
    if kind not in shape.channels:
        document.report(path, "names no configured channel", f"add {kind}: under channels:")
        return None
    # The channel itself has a mistake, which is reported already; a second report would repeat it.
    if kind not in channels:
        return None
    one = kind == "email" and isinstance(address, str)
    # The rest of the channel stays: a contact has the same server and token, and another address.
    own = {ADDRESSED[kind]: [address] if one else address} if kind in ADDRESSED else {}
    written = {**shape.channels[kind], **own, **({"zone": zone} if zone is not None else {})}
    written.pop("approvals", None)  # one socket serves the workspace; the channel has its own place of answers
    options = validate(NOTIFIERS[kind].options, written, document, path)
    return Adapter(kind, options) if options is not None and not is_wrong(document, path) else None


def is_wrong(document: Document, path: tuple[str, ...]) -> bool:
    """Return whether a mistake was reported there, or below."""
    return any(place[: len(path)] == path for place in document.reported)


def check_rotations(
    document: Document, shape: Shape, people: Mapping[str, Step], channels: Mapping[str, Adapter]
) -> Mapping[str, Step]:
    """Return each rotation as a step; report contradictions. `people` are the contacts, as steps.

    The contacts of a rotation are on call in turn, a week each.
    """
    found = {}
    for name, written in shape.rotations.items():
        path = ("rotations", name)
        check_name(document, path)
        if name in people or name in channels:
            document.report(path, "already the name of a contact or a channel", "give it another name")
        for place, one in enumerate(written.of):
            if one not in people:
                document.report((*path, "of", place), "names no contact", partial(choose, one, set(people)))
        # Unknown names are reported; the known ones still make a step, so that further mistakes are found.
        known = tuple(people[one] for one in written.of if one in people)
        if known:
            found[name] = Step(name, (), rotation=Rotation(known, *parse_turn(written.begins)))
    return found


def pagers(channels: Collection[str]) -> tuple[str, ...]:
    """Return the channels that escalate by themselves."""
    return tuple(one for one in channels if one == PAGERDUTY)


def check_escalation(
    document: Document, shape: Shape, contacts: Contacts, channels: Mapping[str, Adapter]
) -> tuple[Step, ...]:
    """Return the steps of the escalation.

    Where none is written, those who were called are called again, unless PagerDuty has the incident and escalates it.
    """
    people = {name: Step(name, tuple(own), hours=_hours(shape.contacts[name])) for name, own in contacts.items()}
    known = {**people, **check_rotations(document, shape, people, channels)}
    # A channel may be a step, but a contact or rotation of its name goes first.
    known |= {name: Step(name, (name,)) for name in channels if name not in known}
    written = document.at(("escalation",))
    if written == PAGERDUTY and PAGERDUTY not in channels:
        document.report(("escalation",), "names no configured channel", "add pagerduty: under channels:, or a list")
    steps: list[Step] = []
    for place, step in enumerate(shape.escalation or ()):
        path: tuple[str | int, ...] = ("escalation", place)
        if step.tell in [one.name for one in steps]:
            document.report(path, "called twice", "keep one; who acknowledges and does not end it is called again")
        elif step.tell in known:
            contact = shape.contacts.get(step.tell)
            # A contact without an address may approve, yet a page to them would reach no device.
            if contact is not None and contact.answers_as and not any(getattr(contact, kind) for kind in ADDRESSED):
                document.report(path, *UNREACHABLE)
            steps.append(replace(known[step.tell], after_seconds=step.after))
        else:
            document.report(path, "names no contact, rotation or channel", choose(step.tell, set(known)))
    pages = any(channel not in WRITES_DOWN for channel in channels)
    if (shape.escalation is None or written == PAGERDUTY) and pages:
        return (Step(AGAIN, (), after_seconds=shape.ack_holds),)
    return tuple(steps)


def owners(shape: Shape) -> Mapping[str, str]:
    """Return the contact for each role of the runbook: the first with that `role:`, else the first named after it."""
    by_name = [(ROLES_BY_NAME.get(name.lower().replace("_", "-")), name) for name in shape.contacts]
    written = [(contact.role, name) for name, contact in shape.contacts.items()]
    found: dict[str, str] = {}
    # Written roles first: a name such as `lead` only counts where no contact claims the role.
    for role, name in (*written, *by_name):
        if role is not None and (shape.contacts[name].role or role) == role:
            found.setdefault(role, name)
    return found


def approvers(shape: Shape, contacts: Contacts) -> Mapping[str, Approver]:
    """Return every contact as an approver; one without identities cannot approve."""
    proven = shape.console.names_are_proven

    def answers_as(contact: ContactShape) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for text in contact.answers_as for one in meant(text, names_are_proven=proven)))

    return {
        name: Approver(name, answers_as(contact), tuple(contacts[name])) for name, contact in shape.contacts.items()
    }


def _hours(contact: ContactShape) -> Weekly | None:
    return None if contact.hours == ALWAYS else parse_weekly(contact.hours)


def warnings_of_people(
    shape: Shape, steps: tuple[Step, ...], contacts: Contacts, matrix: Mapping[Severity, Rule]
) -> list[str]:
    """Return warnings of settings that work, but probably not as meant."""
    found = []
    # The shipped step leaves PagerDuty what PagerDuty has, and calls no contact.
    steps = tuple(step for step in steps if not step.calls_everyone)
    # All steps have hours, so there may be a night in which the escalation reaches no further person.
    if steps and all(any(one.hours is not None for one in _members(step)) for step in steps):
        found.append("escalation: outside all hours no further step is called: give one step no hours")
    if steps and PAGERDUTY in shape.channels:
        found.append("escalation: PagerDuty has an escalation policy too: let only one of them climb")
    busy = {rule.approver.name for rule in matrix.values() if rule.approver is not None}
    busy |= {one.name for step in steps for one in _members(step)}
    idle = [name for name in contacts if name not in busy]
    # A contact that neither a step nor an approval names is most likely forgotten.
    if steps and idle:
        found.append(f"contacts: {', '.join(idle)} is never called: name them under escalation:")
    return found


def _members(step: Step) -> tuple[Step, ...]:
    return step.rotation.of if step.rotation is not None else (step,)


def warnings_of_approvers(matrix: Mapping[Severity, Rule], channels: Mapping[str, Adapter]) -> list[str]:
    """Return a warning for each member id that Slack's list of approvers lacks."""
    options = answers_in_slack(channels)
    known = {identity(SLACK, user) for user in options.users} if options is not None else set()
    named = {rule.approver for rule in matrix.values() if rule.approver is not None}
    missing = {
        one: approver.name
        for approver in sorted(named, key=lambda approver: approver.name)
        for one in approver.answers_as
        if one.startswith(f"{SLACK}:") and one not in known
    }
    how = "list the member id under channels.slack.approvals.users"
    return [f"contacts.{name} answers as {one}, who may not answer in Slack: {how}" for one, name in missing.items()]
