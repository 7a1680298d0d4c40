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
    """The signal answered as expected."""

    detail: Prose = ""  # what was seen, in words
    ahead: Prose = ""  # what was announced for later, which may change that


@dataclass(frozen=True, slots=True)
class Bad:
    """The signal answered, and not as expected."""

    why: Prose  # reason in words
    kind: FailureKind = FailureKind.OTHER  # what failed


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

    why: Prose  # reason in words
    cause: Unread = Unread.OTHER  # which kind of reason


Reading = Good | Bad | Unknown


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds spent in each part of one HTTP probe; None where the part was not reached."""

    dns_seconds: float | None = None  # name resolution
    connect_seconds: float | None = None  # TCP connection
    tls_seconds: float | None = None  # TLS handshake
    first_byte_seconds: float | None = None  # from the request to the headers of the answer
    total_seconds: float | None = None  # the whole probe


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Events counted in one complete bucket of a feed."""

    start: float  # begin of the bucket (UTC epoch seconds)
    seconds: float  # its length
    count: float  # events in it
    total: float | None = None  # denominator: requests in it; None: not counted
