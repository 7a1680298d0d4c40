"""The result of a reading: good, bad, or unknown.

Rule 1: a failed measurement is never evidence. `Unknown` never rolls back and never looks healthy.
Rule 2: every result carries the words that a human will read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.texts.prose import Prose


class FailureKind(StrEnum):
    """Why a probe failed; kept apart because a rollback can cure only some kinds."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS = "status"
    GATEWAY = "gateway"  # HTTP 502 or 504: a proxy answers, as the application did not
    BODY = "body"
    HEADER = "header"
    SLOW = "slow"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    PROTOCOL = "protocol"
    CRASH = "crash"
    OUTAGE = "outage"
    OTHER = "other"


NO_ANSWER = frozenset({FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.GATEWAY})
"""Failures in which the application itself gave no answer."""
OWN_ANSWER = frozenset(
    {FailureKind.STATUS, FailureKind.BODY, FailureKind.HEADER, FailureKind.TOO_LARGE, FailureKind.REDIRECT}
)
"""Failures in which it did answer. The others tell neither (DNS, TLS, a slow answer, which may be of a proxy)."""
NOT_CURABLE: Mapping[str, str] = MappingProxyType(
    {FailureKind.DNS: "name resolution fails", FailureKind.TLS: "the certificate or TLS fails"}
)
"""Failures that no code causes and no rollback cures, in words."""


@dataclass(frozen=True, slots=True)
class Good:
    """The signal answered as expected."""

    detail: Prose = ""  # the observation, in words
    ahead: Prose = ""  # an announcement for later that may change it


@dataclass(frozen=True, slots=True)
class Bad:
    """The signal answered, and not as expected."""

    why: Prose  # reason in words
    kind: FailureKind = FailureKind.OTHER  # kind of the failure


class Unread(StrEnum):
    """Why there is no evidence; kept apart because each cause has another cure."""

    TURNED_AWAY = "turned away"
    REFUSED = "refused"
    SHAPE = "unknown shape"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The signal could not be read: no evidence in either direction.

    TURNED_AWAY: the site limits or challenges every client like us; REFUSED: it refuses our key; SHAPE: the answer
    lacks a part we rely on.
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

    @property
    def per_minute(self) -> float:
        """Return its events per minute."""
        return self.count * 60 / self.seconds
