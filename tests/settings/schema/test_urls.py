"""Web addresses as they are written."""

import pytest

from tests.settings.texts import SMALL, shown
from watchdog.settings.schema.urls import is_loopback


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.com", ""),
        ("https://example.com:8443/path?x=1", ""),
        ("http://localhost:9", ""),
        ("http://[::1]:9/", ""),
        ("http://example.com", "not encrypted"),
        ("http://status-page", "not encrypted"),
        ("http://status-page:8080/api", "not encrypted"),
        ("http://10.0.0.1", "not encrypted"),
        ("http://[fd00::1]:8080", "not encrypted"),
        ("http://localhost.", "not encrypted"),
        ("http://127.0.0.1.example.com", "not encrypted"),
        ("https://me@example.com", "not a web address"),
        ("https://[zz]", "not a web address"),
        ("https://", "not a web address"),
        ("ftp://example.com", "not a web address"),
        ("example.com", "not a web address"),
        ("https://example.com/" + "x" * 2000, "not a web address"),
    ],
)
def test_web_addresses(url: str, says: str) -> None:
    text = shown(SMALL + f"vendor_status: {{x: '{url}'}}\n")
    assert says in text and bool(says) == bool(text)


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("[::1]", True), ("localhost", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("url", "is_one"),
    [("https://w.acme.example", True), ("https://w.acme.example:8443/", True), ("http://127.0.0.1:9464", True)]
    + [(f"https://w.acme.example/{rest}", False) for rest in ("x", "?a=b", "#a")]
    + [("http://w.acme.example", False)],
)
def test_an_address_alone(url: str, is_one: bool) -> None:
    assert (shown(SMALL + f"console: {{url: '{url}'}}\n") == "") is is_one
