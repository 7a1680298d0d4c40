"""What a look at the world can say: good, bad, or that it could not be seen.

Rule 1: a broken ruler is never evidence. `Unknown` never rolls back and never looks healthy.
Rule 2: every answer carries the words that a human will read.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.prose import Prose


class FailureKind(StrEnum):
    """Why a probe failed; kept apart because only some kinds can be cured by a rollback."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS = "status"
    BODY = "body"
    HEADER = "header"
    SLOW = "slow"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    PROTOCOL = "protocol"
    CRASH = "crash"
    OUTAGE = "outage"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Good:
    """The signal answered as expected. `ahead` is what was announced for later, which may change that."""

    detail: Prose = ""
    ahead: Prose = ""


@dataclass(frozen=True, slots=True)
class Bad:
    """The signal answered, and not as expected."""

    why: Prose
    kind: FailureKind = FailureKind.OTHER


class Unread(StrEnum):
    """Why there is no evidence; kept apart because each has another cure."""

    TURNED_AWAY = "turned away"
    REFUSED = "refused"
    SHAPE = "unknown shape"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The signal could not be read: no evidence in either direction.

    TURNED_AWAY: the site limits or challenges whoever asks; REFUSED: the key is; SHAPE: the answer lacks what we rely
    on.
    """

    why: Prose
    cause: Unread = Unread.OTHER


Reading = Good | Bad | Unknown


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds spent in each part of one HTTP probe; None where the part was not reached."""

    dns_seconds: float | None = None
    connect_seconds: float | None = None
    tls_seconds: float | None = None
    first_byte_seconds: float | None = None
    total_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Events counted in one complete bucket of a feed.

    `start` is the bucket's begin (UTC epoch seconds), `seconds` its length, `count` the events in it,
    `total` the denominator (requests) where the source has one.
    """

    start: float
    seconds: float
    count: float
    total: float | None = None
