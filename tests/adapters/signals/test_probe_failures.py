"""Exceptions become our own words: each kind apart, and none of the library's text."""

import errno
import socket
import ssl

import h11
import pytest

from watchdog.adapters.signals.probe_failures import explain, explain_dns
from watchdog.domain.readings import FailureKind


def verification(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "canary")
    error.verify_message = message
    return error


def os_error(number: int) -> OSError:
    return OSError(number, "canary")


CONNECT, TLS, PROTOCOL, OTHER = FailureKind.CONNECT, FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.OTHER
EXHAUSTED = "this machine has no socket or memory left to probe with"
WORDS = [
    (os_error(errno.ECONNREFUSED), "connect", CONNECT, "connection refused"),
    (os_error(errno.ECONNRESET), "body", CONNECT, "connection reset (body)"),
    (os_error(errno.ECONNRESET), "tls", TLS, "TLS: connection reset during the handshake"),
    (verification("certificate has expired"), "tls", TLS, "TLS: certificate has expired"),
    (verification("Hostname mismatch, canary"), "tls", TLS, "TLS: the certificate is for another host name"),
    (ssl.SSLCertVerificationError(1, "canary"), "tls", TLS, "TLS: certificate not accepted"),
    (ssl.SSLError(1, "canary"), "tls", TLS, "TLS: handshake failed"),
    (ssl.SSLError(errno.ECONNREFUSED, "canary"), "tls", TLS, "TLS: handshake failed"),  # a number of OpenSSL's
    (ssl.SSLEOFError(8, "canary"), "tls", TLS, "TLS: the server broke off the handshake"),
    (ConnectionError("canary"), "tls", TLS, "TLS: the server broke off the handshake"),
    (ssl.SSLEOFError(8, "canary"), "body", CONNECT, "connection broken (body)"),
    (os_error(errno.EMFILE), "connect", OTHER, EXHAUSTED),
    (OSError("canary"), "first byte", CONNECT, "connection broken (first byte)"),
    (EOFError("canary"), "first byte", PROTOCOL, "connection closed without an answer"),
    (EOFError("canary"), "body", PROTOCOL, "connection closed in the middle of the body"),
    (h11.RemoteProtocolError("illegal status line: b'canary'"), "first byte", PROTOCOL, "not valid HTTP"),
    (h11.RemoteProtocolError("canary", 431), "first byte", PROTOCOL, "headers larger than 100 KB"),
    (h11.LocalProtocolError("canary"), "first byte", OTHER, "internal error while probing: LocalProtocolError"),
]


@pytest.mark.parametrize(("error", "step", "kind", "why"), WORDS)
def test_each_kind_of_failure_has_its_words(error: Exception, step: str, kind: FailureKind, why: str) -> None:
    """The texts of the exceptions hold bytes that the server chose: `canary` never comes through."""
    came = explain(error, step)
    assert (came.kind, came.why) == (kind, why) and came.ours is (kind is OTHER) and "canary" not in repr(came)


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (socket.gaierror(socket.EAI_NONAME, "canary"), FailureKind.DNS, "DNS: the name does not resolve"),
        (socket.gaierror(socket.EAI_AGAIN, "canary"), FailureKind.DNS, "DNS: the resolver has no answer for now"),
        (socket.gaierror(socket.EAI_FAIL, "canary"), FailureKind.DNS, "DNS: the name cannot be resolved"),
        (UnicodeError("canary"), FailureKind.DNS, "DNS: the name cannot be resolved"),
        (socket.gaierror(socket.EAI_MEMORY, "canary"), OTHER, EXHAUSTED),
        (os_error(errno.EMFILE), OTHER, EXHAUSTED),
    ],
)
def test_each_kind_of_lookup_that_failed_has_its_words(error: Exception, kind: FailureKind, why: str) -> None:
    """What this machine lacks is no evidence against the site."""
    came = explain_dns(error)
    assert (came.kind, came.why) == (kind, why) and came.ours is (kind is OTHER)


def test_a_machine_whose_local_ports_are_all_in_use_says_nothing_about_the_site() -> None:
    came = explain(os_error(errno.EADDRNOTAVAIL), "connect")
    assert came.ours and came.no_route and came.why == "no local address to connect from"
