"""Notices: one type for every channel.

A notice about an incident carries the facts of the moment at which the core decided to send it: the incident as it
was then. `presentation/notices/notice_text.py` makes title and lines of them when the notice is sent, so that a late
delivery states the time of its facts.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import Incident
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose


class NoticeKind(StrEnum):
    """The reason of a notice; the same word is in the log, the metric and the message."""

    OPENED = "opened"
    ASKED = "asked"
    ANNOUNCED = "announced"
    ACTED = "acted"
    UPDATED = "updated"
    HUMAN_NEEDED = "human_needed"
    RESOLVED = "resolved"
    SELF_ALERT = "self_alert"
    TEST = "test"


class Topic(StrEnum):
    """The topic of an incident's notice. Stores and the incident's story hold the values."""

    FOUND = "found"
    LEFT_TO_HUMAN = "left to a human"
    UNMUTED = "sent after a silence"
    FLAPPING = "flapping"
    ANNOUNCED = "rollback announced"
    SCHEDULED = "rollback kept for its window"
    ASKED = "approval asked"
    REMINDED = "approval reminded"
    UNANSWERED = "no answer in time"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    STILL_OPEN = "still open"
    OVERDUE = "rollback overdue"
    FLAG_OFF = "feature flag switched off"
    REMEDY_DONE = "remedy done"
    ROLLING_BACK = "rolling back"
    STOPPED_SHORT = "human needed"
    NOT_LIVE_YET = "rollback not live yet"
    AUTO_DEPLOY_ON_AGAIN = "auto-deploy switched on"
    AUTO_DEPLOY_NOT_OFF = "auto-deploy not switched off again"
    AUTO_DEPLOY_NOT_RESTORED = "auto-deploy not given back"
    RETURNED = "bad commit returned"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AnswerTerms:
    """The policy's terms of an answer: who may give it, and when an approval is carried out."""

    approver: str = ""  # the contact who alone may say yes; empty: everyone may
    window: str = ""  # name of the window that a yes is kept for; empty: it acts at once
    opens: Prose = ""  # when that begins, in its own zone
    opens_at: float | None = None  # the same in UTC epoch seconds


@dataclass(frozen=True, slots=True)
class IncidentNews:
    """The facts of one notice about an incident. Times are UTC epoch seconds."""

    topic: Topic  # its topic
    incident: Incident  # as it stood at the decision to send
    auto_deploy_off: str = ""  # value of auto-deploy to give back; empty: it is not off because of us
    why: Prose = ""  # the event, in words
    by: str = ""  # the contact or step that it is about
    since: float | None = None  # since when that lasts
    code: str = ""  # commit or image digest that it is about
    also: tuple[Prose, ...] = ()  # further failures
    under_way: bool = False  # a rollback is being made or proved; of a bad commit: it is not live yet
    escalates: bool = False  # other contacts are called until a person acknowledges it
    readings: tuple[Evidence, ...] = ()  # the newest of the service, if the decision is older; then its evidence is old
    terms: AnswerTerms | None = None  # terms of the question, or of the approval; None: neither
    denied: bool = False  # the suspect's code is on the deny-list
    stopped: Prose = ""  # why the daemon changes nothing at all, for people neither; empty: it may
    disarmed: bool = False  # because an invariant was violated: its log is read before it is resumed


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a notice."""

    text: Prose  # its caption
    href: str  # its address


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one incident, or about the watchdog itself.

    `dedup_key` is one for each incident and stable across restarts. A notice about an incident has its facts in
    `about`, and gets its texts when it is sent (presentation/notices/notice_text.py); any other has its text here.
    Stakeholders have a thread of their own (see `plain_thread`).
    """

    at: float  # UTC epoch seconds
    incident: str  # its id, or the condition that it is about, as in `blind`
    service: str  # its name; `watchdog`: about the watchdog itself
    severity: Severity  # of the incident
    kind: NoticeKind  # the reason of the notice
    title: Prose = ""  # one line, the most important first; empty: made of `about`
    lines: tuple[Prose, ...] = ()  # the news: cause and plan, then the reader's task; each on a line of its own
    links: tuple[Link, ...] = ()  # to the site, the dashboard, the diff
    wakes: bool = False  # a pager rings; else it is for information
    plain: bool = False  # for stakeholders, who see title and lines only; no other channel stands in
    todo: tuple[Prose, ...] = ()  # tasks left when it is over, for channels that keep lists
    news: bool = False  # asks nothing: no other channel stands in, and it may be lost
    about: IncidentNews | None = None  # the facts of a notice about an incident; None: its words are all there is
    progress: Prose = ""  # of the incident in a few words, for a badge: `rolling back`, `needs you`
    details: tuple[Prose, ...] = ()  # evidence and arithmetic, below all else; folded where the channel can

    @property
    def dedup_key(self) -> str:
        """Return the key by which many messages make one page."""
        return f"watchdog/{self.service}/{self.incident}"

    @property
    def identity(self) -> tuple[str, str, str, float, str]:
        """Return the identity of the notice, independent of its text."""
        # The text of a notice about an incident is made when it is sent, so it may differ between two sends of one.
        about = self.about
        what = f"{about.topic}/{about.by}/{about.code}" if about is not None else self.title
        return self.service, self.incident, self.kind.value, self.at, what

    @property
    def resolves(self) -> bool:
        """Return whether nothing is left to do, so that a pager may close its incident."""
        return self.kind is NoticeKind.RESOLVED


def plain_thread(incident: str) -> str:
    """Return the thread of an incident's notices to stakeholders, apart from the threads and pages of engineers."""
    return f"{incident}/stakeholders"
