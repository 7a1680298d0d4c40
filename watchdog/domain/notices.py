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

    text: Prose
    href: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one incident (or about the watchdog itself, then `incident` names the condition).

    `wakes` tells a pager to ring; otherwise it is for information. `dedup_key` is one per incident and
    stable across restarts. `at` is UTC epoch seconds. `plain`: it is for people who know no engineering, who see its
    title and its lines and nothing else; they have a thread of their own (see `plain_thread`), and nobody stands in.
    `todo` is what is left to people when it is over, for channels that keep lists. `news` is good to know and asks
    nothing of anybody: no other channel stands in for one that does not take it, and nobody has to hear it.
    """

    at: float
    incident: str
    service: str
    severity: Severity
    kind: NoticeKind
    title: Prose
    lines: tuple[Prose, ...] = ()
    links: tuple[Link, ...] = ()
    wakes: bool = False
    plain: bool = False
    todo: tuple[Prose, ...] = ()
    news: bool = False

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
