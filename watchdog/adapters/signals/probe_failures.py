"""The reasons why a probe got no answer, in our own words.

Rule: the text of an exception is never shown: it may hold the URL, or bytes that the server chose.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

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
_PROTOCOL_WORDS = (
    ("disconnected without sending", "connection closed without an answer"),
    ("without sending complete message", "connection closed in the middle of the body"),
    ("too long", "headers larger than 100 KB"),
)
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


def explain(error: Exception, step: str) -> Failure:
    """Return the failure that an exception of the HTTP library or below stands for; `step` is the probe's phase."""
    # A cause names the fault: httpx wraps it, and its own classes only say "ConnectError".
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure(FailureKind.TLS, f"TLS: {_certificate_words(cause)}")
        if isinstance(cause, ssl.SSLError):
            return Failure(FailureKind.TLS, f"TLS: {_ssl_words(cause)}")
        if isinstance(cause, OSError) and cause.errno in _OS_WORDS:
            return _explain_os(cause.errno, step)
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(FailureKind.PROTOCOL, _protocol_words(error))
    if isinstance(error, httpx.TransportError) and not isinstance(
        error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
    ):
        # A server that closes during the handshake leaves no SSLError, only an end of the stream.
        if step == "tls":
            return Failure(FailureKind.TLS, "TLS: the server broke off the handshake")
        return Failure(FailureKind.CONNECT, f"connection broken ({step})")
    return Failure(FailureKind.OTHER, f"internal error while probing: {type(error).__name__}", ours=True)


def explain_dns(error: Exception) -> Failure:
    """Return the failure that an exception of a name lookup stands for."""
    if isinstance(error, socket.gaierror):
        # The resolver failed, and says nothing about the name; the control targets show whether it fails for all.
        if error.errno == socket.EAI_AGAIN:
            return Failure(FailureKind.DNS, "DNS: the resolver has no answer for now")
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            return Failure(FailureKind.DNS, "DNS: the name does not resolve")
    return Failure(FailureKind.DNS, "DNS: the name cannot be resolved")


def _explain_os(number: int, step: str) -> Failure:
    words = _OS_WORDS[number]
    if step == "tls":
        return Failure(FailureKind.TLS, f"TLS: {words} during the handshake")
    suffix = "" if step == "connect" else f" ({step})"
    return Failure(FailureKind.CONNECT, f"{words}{suffix}", no_route=number in NO_ROUTE)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and its causes, outermost first; limited, since chains may be circular."""
    todo: list[BaseException] = [error]
    for _ in range(20):
        if not todo:
            return
        current = todo.pop(0)
        yield current
        # Happy-eyeballs connects raise one error for each address, as a group;
        # the first few are enough to name the cause.
        if isinstance(current, BaseExceptionGroup):
            todo.extend(current.exceptions[:4])
        cause = current.__cause__ or current.__context__
        if cause is not None:
            todo.append(cause)


def _certificate_words(error: ssl.SSLCertVerificationError) -> str:
    words = (getattr(error, "verify_message", None) or "certificate not accepted").lower()
    if "mismatch" in words:
        return "the certificate is for another host name"
    return words.rstrip(".")


def _ssl_words(error: ssl.SSLError) -> str:
    return (getattr(error, "reason", None) or "handshake failed").replace("_", " ").lower()


def _protocol_words(error: httpx.RemoteProtocolError) -> str:
    text = str(error).lower()
    return next((words for sign, words in _PROTOCOL_WORDS if sign in text), "not valid HTTP")
