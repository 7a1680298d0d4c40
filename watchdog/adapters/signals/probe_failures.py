"""The reasons why a probe got no answer, in our own words.

Rule: the text of an exception is never shown: it may hold the URL, or bytes that the server chose.
"""

import errno
import socket
import ssl
from dataclasses import dataclass

import h11

from watchdog.adapters.signals.phase_timer import BODY, CONNECT, TLS
from watchdog.domain.readings import FailureKind

_OS_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EADDRNOTAVAIL: "no local address to connect from",
}
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
HEAD_TOO_LARGE = 431
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""Errors of a host that cannot reach this address family: try the next address before blaming the site.

EHOSTUNREACH: it has an IPv6 address, but its router has no way out. A browser takes the next address as well.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable answer came. `ours` means that our own machine is to blame: no evidence against the site."""

    kind: FailureKind
    why: str
    ours: bool = False
    no_route: bool = False


_EXHAUSTED = Failure(FailureKind.OTHER, "this machine has no socket or memory left to probe with", ours=True)


def explain(error: Exception, step: str) -> Failure:
    """Return the failure that an exception of a connection stands for; `step` is the probe's phase."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(FailureKind.TLS, f"TLS: {_certificate_words(error)}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Failure(FailureKind.TLS, f"TLS: {_ssl_words(error)}")
    if isinstance(error, OSError) and error.errno in _OS_WORDS and not isinstance(error, ssl.SSLError):
        return _explain_os(error.errno, step)
    if isinstance(error, OSError) and error.errno in _OURS and not isinstance(error, ssl.SSLError):
        return _EXHAUSTED
    if isinstance(error, OSError):
        # A server that closes during the handshake leaves no reason, only an end of the stream.
        if step == TLS:
            return Failure(FailureKind.TLS, "TLS: the server broke off the handshake")
        return Failure(FailureKind.CONNECT, f"connection broken ({step})")
    if isinstance(error, EOFError):
        where = "in the middle of the body" if step == BODY else "without an answer"
        return Failure(FailureKind.PROTOCOL, f"connection closed {where}")
    if isinstance(error, h11.RemoteProtocolError):
        # The status by which h11 would have a server answer: 431 is for what it gave up to hold.
        too_long = error.error_status_hint == HEAD_TOO_LARGE
        return Failure(FailureKind.PROTOCOL, "headers larger than 100 KB" if too_long else "not valid HTTP")
    return Failure(FailureKind.OTHER, f"internal error while probing: {type(error).__name__}", ours=True)


def explain_dns(error: Exception) -> Failure:
    """Return the failure that an exception of a name lookup stands for."""
    if isinstance(error, socket.gaierror):
        # The resolver failed, and says nothing about the name; the control targets show whether it fails for all.
        if error.errno == socket.EAI_AGAIN:
            return Failure(FailureKind.DNS, "DNS: the resolver has no answer for now")
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            return Failure(FailureKind.DNS, "DNS: the name does not resolve")
        if error.errno == socket.EAI_MEMORY:
            return _EXHAUSTED
    elif isinstance(error, OSError) and error.errno in _OURS:
        return _EXHAUSTED
    return Failure(FailureKind.DNS, "DNS: the name cannot be resolved")


def _explain_os(number: int, step: str) -> Failure:
    words = _OS_WORDS[number]
    if step == TLS:
        return Failure(FailureKind.TLS, f"TLS: {words} during the handshake")
    suffix = "" if step == CONNECT else f" ({step})"
    # Every local port is in use, or this machine has no address of that family.
    ours = number == errno.EADDRNOTAVAIL
    return Failure(FailureKind.CONNECT, f"{words}{suffix}", ours=ours, no_route=number in NO_ROUTE)


def _certificate_words(error: ssl.SSLCertVerificationError) -> str:
    words = (getattr(error, "verify_message", None) or "certificate not accepted").lower()
    if "mismatch" in words:
        return "the certificate is for another host name"
    return words.rstrip(".")


def _ssl_words(error: ssl.SSLError) -> str:
    return (getattr(error, "reason", None) or "handshake failed").replace("_", " ").lower()
