"""The notes of an incident's story: the labels of those that the daemon writes, and the remarks that people add."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NoteLabel = Literal[
    "SUSPECT",  # failures began to look like an outage
    "CALM",  # the suspicion is over
    "CRITICAL",  # a decision of that severity, as the three below
    "HIGH",
    "MEDIUM",
    "LOW",
    "BLAME",  # how likely the suspect is to blame, and by which evidence
    "GUARDS",  # the answer of each guard
    "TARGET",  # where a rollback would lead
    "DECIDED",  # the course, and the rule it follows
    "WOULD",  # the action that only mode observe prevented
    "INTENT",  # the request that is about to be sent
    "ACT",  # the request that was sent, and its outcome
    "WAIT",  # why an action waits
    "ASKED",  # people were asked
    "DELIVERED",  # a channel showed the question
    "DEADLINE",  # no answer came in time
    "SKIPPED",  # a step of the escalation was skipped: outside its hours
    "SCHEDULED",  # an approved rollback waits for its window
    "LATE",  # a rollback is overdue
    "APPROVED",  # a person said yes
    "REJECTED",  # a person said no
    "STOPPED",  # a person stopped it
    "ACKNOWLEDGED",  # a person looks after it
    "BY HAND",  # a person ordered a rollback, or auto-deploy back
    "UNDO",  # a person undoes a rollback
    "TRUSTED",  # a person lifted a commit off the deny-list
    "REFUSED",  # a command was refused
    "HUMAN",  # a person is needed
    "RETURNED",  # the bad commit came back
    "MERGED",  # merges do not ship while auto-deploy is off
    "OFFER",  # auto-deploy can be given back
    "RESTORED",  # the rollback is live
    "HEALED",  # all was good again before the rollback could take traffic
    "VERIFIED",  # the recovery is proved
    "UNPROVED",  # a new deploy is not called fine
    "CLOSED",  # the incident ended
    "NOTIFIED",  # who was notified
    "INFORMED",  # which stakeholders were notified
    "REMINDED",  # follow-ups, or an overdue drill, were called to mind
    "UNATTENDED",  # acknowledged, and nothing changed since
    "SILENCED",  # a silence began, or kept a notice from people
    "HELD",  # an action hold began
    "UNSILENCED",  # a person ended a silence or hold
    "UNMUTED",  # a silence ended and its notices were sent
    "EXPIRED",  # a silence or hold ran out
    "DOWNTIME",  # the service is intentionally down, or no longer
    "FLAPPING",  # the service fails too often to be rolled back
    "STEADY",  # it no longer does
    "BLIND",  # our own sight is lost
    "SEEING",  # our sight is back
    "PAUSED",  # a person paused all actions
    "RESUMED",  # a person resumed them
    "DISARMED",  # an invariant was violated: actions are disabled
]
"""One short word in capitals, stored with each note and shown in front of it.

A closed set: mypy refuses any other. Labels of a newer version, in a store or a recording, are read unchanged.
"""

STORED_LABELS: Mapping[str, str] = MappingProxyType(
    {"NOTIFIED": "TOLD", "DELIVERED": "HEARD", "SCHEDULED": "KEPT", "SKIPPED": "PASSED"}
)
"""The name of each renamed label in stores, recordings and JSON, which earlier versions and scripts of users read."""
_LABELS_HERE: Mapping[str, str] = MappingProxyType({there: here for here, there in STORED_LABELS.items()})

TEXT_MAX = 1000
"""Characters of one remark: a paragraph. A longer report belongs elsewhere, with a link to it here."""
NAME_MAX = 80


def stored_label(label: str) -> str:
    """Return the stored name of a note's label."""
    return STORED_LABELS.get(label, label)


def label_here(label: str) -> str:
    """Return the label of a stored name; one that only a newer version knows is returned unchanged."""
    return _LABELS_HERE.get(label, label)


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark of a person."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who added it
    text: str  # their text
    root_cause: bool = False  # it names why the incident happened


def root_causes(remarks: Iterable[Remark]) -> Mapping[str, Remark]:
    """Return the latest root cause that people named, by incident id; the remarks come oldest first."""
    return {remark.incident: remark for remark in remarks if remark.root_cause}
