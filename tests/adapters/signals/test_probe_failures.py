"""Exceptions become our own words: each kind apart, and none of the library's text."""

import errno
import ssl

import httpx
import pytest

from watchdog.adapters.signals.probe_failures import Failure, explain
from watchdog.domain.readings import FailureKind


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def verification(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "canary")
    error.verify_message = message
    return error


def os_error(number: int) -> OSError:
    return OSError(number, "canary")


GROUP = ExceptionGroup("canary", [os_error(errno.ECONNREFUSED), os_error(errno.ETIMEDOUT)])
CONNECT, TLS, PROTOCOL, OTHER = FailureKind.CONNECT, FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.OTHER
BY_CAUSE = [
    (os_error(errno.ECONNREFUSED), "connect", CONNECT, "connection refused"),
    (GROUP, "connect", CONNECT, "connection refused"),
    (os_error(errno.ECONNRESET), "body", CONNECT, "connection reset (body)"),
    (os_error(errno.ECONNRESET), "tls", TLS, "TLS: connection reset during the handshake"),
    (verification("certificate has expired"), "tls", TLS, "TLS: certificate has expired"),
    (verification("Hostname mismatch, canary"), "tls", TLS, "TLS: the certificate is for another host name"),
    (ssl.SSLCertVerificationError(1, "canary"), "tls", TLS, "TLS: certificate not accepted"),
    (ssl.SSLError(1, "canary"), "tls", TLS, "TLS: handshake failed"),
]
BY_ITSELF = [
    (httpx.ReadError("canary"), "first byte", CONNECT, "connection broken (first byte)"),
    (httpx.ConnectError("canary"), "tls", TLS, "TLS: the server broke off the handshake"),
    (httpx.RemoteProtocolError("illegal status line: b'canary'"), "first byte", PROTOCOL, "not valid HTTP"),
    (httpx.LocalProtocolError("canary"), "dns", OTHER, "internal error while probing: LocalProtocolError"),
    (httpx.UnsupportedProtocol("canary"), "dns", OTHER, "internal error while probing: UnsupportedProtocol"),
]


@pytest.mark.parametrize(
    ("error", "step", "kind", "why"),
    [(caused(httpx.ConnectError("canary"), cause), *rest) for cause, *rest in BY_CAUSE] + BY_ITSELF,
)
def test_each_kind_of_failure_has_its_words(error: Exception, step: str, kind: FailureKind, why: str) -> None:
    """The texts of the exceptions hold URLs and foreign bytes: `canary` never comes through."""
    came = explain(error, step)
    assert (came.kind, came.why) == (kind, why) and came.ours is (kind is OTHER) and "canary" not in repr(came)


def test_a_circle_of_causes_ends() -> None:
    """Chains of exceptions may be circular."""
    first, second = httpx.ReadError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert explain(first, "body") == Failure(CONNECT, "connection broken (body)")
