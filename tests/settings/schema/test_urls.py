"""Web addresses as they are written."""

import pytest

from tests.settings.texts import SMALL, shown
from watchdog.adapters.options import travels_in_clear


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
    ("url", "alone", "with_hosts"),
    [
        ("https://app.example/x", False, False),
        ("HTTPS://app.example", False, False),
        ("http://127.8.8.8:9", False, False),
        ("http://[::1]", False, False),
        ("http://app:8080", True, False),
        ("http://10.0.0.1", True, False),
        ("http://[fd00::1]:80", True, False),
        ("http://other", True, True),
        ("http://app.example", True, True),
        ("http://1.1.1.1", True, True),
        ("http://169.254.169.254", True, True),
    ],
)
def test_one_rule_says_what_travels_in_clear(url: str, alone: bool, with_hosts: bool) -> None:
    """By itself only this machine is near; with the user's list also his network."""
    assert travels_in_clear(url) is alone and travels_in_clear(url, ("app",)) is with_hosts
    assert travels_in_clear(url, ()) is (with_hosts or url == "http://app:8080")


@pytest.mark.parametrize(
    ("url", "is_one"),
    [("https://w.acme.example", True), ("https://w.acme.example:8443/", True), ("http://127.0.0.1:9464", True)]
    + [(f"https://w.acme.example/{rest}", False) for rest in ("x", "?a=b", "#a")]
    + [("http://w.acme.example", False)],
)
def test_an_address_alone(url: str, is_one: bool) -> None:
    assert (shown(SMALL + f"console: {{url: '{url}'}}\n") == "") is is_one
