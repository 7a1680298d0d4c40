"""What people are told: one shape for every channel."""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.prose import Prose
from watchdog.domain.severity import Severity


class NoticeKind(StrEnum):
    """Why somebody is told; the same word stands in the log, the metric and the message."""

    OPENED = "opened"
    ASKED = "asked"
    ANNOUNCED = "announced"
    ACTED = "acted"
    UPDATED = "updated"
    HUMAN_NEEDED = "human_needed"
    RESOLVED = "resolved"
    SELF_ALERT = "self_alert"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Link:
    """Something to click."""

    text: Prose  # what it is called
    href: str  # its address


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one incident, or about the watchdog itself.

    `dedup_key` is one per incident and stable across restarts. Stakeholders have a thread of their own (see
    `plain_thread`).
    """

    at: float  # UTC epoch seconds
    incident: str  # its id, or the condition that it is about, as in `blind`
    service: str  # its name; `watchdog`: about the watchdog itself
    severity: Severity  # of the incident
    kind: NoticeKind  # why people are told
    title: Prose  # one line, the most important first
    lines: tuple[Prose, ...] = ()  # details, each on a line of its own
    links: tuple[Link, ...] = ()  # to the site, the dashboard, the diff
    wakes: bool = False  # a pager rings; else it is for information
    plain: bool = False  # for stakeholders, who see title and lines only; no other channel stands in
    todo: tuple[Prose, ...] = ()  # what is left to people when it is over, for channels that keep lists
    news: bool = False  # asks nothing: no other channel stands in, and it may be lost

    @property
    def dedup_key(self) -> str:
        """Return the key that makes many messages one page."""
        return f"watchdog/{self.service}/{self.incident}"

    @property
    def resolves(self) -> bool:
        """Nothing is left to do: a pager may close its incident."""
        return self.kind is NoticeKind.RESOLVED


def plain_thread(incident: str) -> str:
    """Return what plain notices of an incident name as theirs: no thread or pager of engineers is touched by them."""
    return f"{incident}/stakeholders"
