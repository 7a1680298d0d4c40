"""One rule for what looks like a secret, as a table: names of secrets, names that only look alike, and texts."""

import time

import pytest

from watchdog.domain.texts.secret_shapes import holds_secret, is_secret, names_secret

SECRETS = (
    *("pass", "pwd", "pw", "X-Pass", "X-Password", "dbPassword", "DB_PASSWD", "userPass", "passphrase", "pass_code"),
    *("Authorization", "X-Auth", "oauth2", "authenticated", "apikey", "X-API-KEY", "subscriptionKey", "accessToken"),
    *("session", "$.session_token", "[BODY].session_token", "PHPSESSID", "sid", "sig", "X-Hub-Signature-256", "hmac"),
    *("client_secret", "Cookie", "credentials", "creds", "jwt", "bearer", "X-CSRF-Token", "otp", "pin", "dsn"),
)
OTHERS = (
    *("status", "author", "authors", "authorName", "authority", "keyword", "keywords", "keyboard", "bypass", "compass"),
    *("passenger", "passed", "passport", "underpass", "side", "signal", "pinned", "opinion", "x-request-id", "Accept"),
)


@pytest.mark.parametrize("name", SECRETS)
def test_the_name_of_a_secret_in_any_spelling(name: str) -> None:
    assert names_secret(name) and names_secret(name.lower())


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_that_only_looks_alike(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("/health?pass=x", True),
        ("/health;pwd=x", True),
        ("user=me&password=hunter2", True),
        ('{"session_token": "abc"}', True),
        ("consent=yes; session=abc", True),
        ("token : abc", True),
        ("a1b2c3d4e5f6a7b8", True),
        ("5f0c7b1e-1111-2222-3333-444455556666", True),
        ("Password:", False),
        ("password=&user=me", False),
        ("/health?author=me&b=2", False),
        ("version: 1.2.3", False),
        ("abcdefghijklmnopqrstuvwxyz1", False),
    ],
)
def test_a_text_holds_a_secret_by_its_form_or_behind_its_name(text: str, holds: bool) -> None:
    assert holds_secret(text) is holds


def test_the_largest_text_takes_no_time() -> None:
    """The time is linear in the text: an expression that is tried from each letter to the end takes half a minute."""
    begun = time.process_time()
    for piece in ("a", "A1-", "a.", "key ", "a=", "pass ", "a: ", "deadbeef-", "aA"):
        text = piece * (65536 // len(piece))
        is_secret(text), holds_secret(text), names_secret(text)
    assert time.process_time() - begun < 5
