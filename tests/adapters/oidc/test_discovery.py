"""What a provider says of itself, and what of it is not believed."""

from typing import Any

import pytest

from watchdog.adapters.oidc.discovery import doors_of
from watchdog.domain.errors import Permanent

ISSUER = "https://login.acme.example"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.acme.example/authorize?tenant=7",
    "token_endpoint": "https://oauth.acme.example/token",
    "jwks_uri": "https://keys.acme.example/jwks",
}


def test_a_document_as_it_should_be() -> None:
    """Its doors may be on several hosts, as Google's are."""
    doors = doors_of(GOOD, ISSUER)
    assert doors.token == "https://oauth.acme.example/token" and not doors.by_form
    assert doors_of({**GOOD, "token_endpoint_auth_methods_supported": ["client_secret_post"]}, ISSUER).by_form
    both = ["client_secret_post", "client_secret_basic"]
    assert not doors_of({**GOOD, "token_endpoint_auth_methods_supported": both}, ISSUER).by_form


def test_plain_http_is_for_a_provider_on_this_machine() -> None:
    """On this machine, and the very same host."""
    here = {name: f"http://127.0.0.1:8080/{name}" for name in GOOD} | {"issuer": "http://127.0.0.1:8080"}
    assert doors_of(here, "http://127.0.0.1:8080").keys == "http://127.0.0.1:8080/jwks_uri"
    with pytest.raises(Permanent, match="not encrypted"):
        doors_of({**here, "jwks_uri": "http://keys.acme.example/jwks"}, "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": "https://login.other.example"}, "of another issuer"),
        ({"issuer": f"{ISSUER}/"}, "of another issuer"),
        ({"issuer": None}, "of another issuer"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"token_endpoint": 7}, "no token_endpoint"),
        ({"token_endpoint": "https://x.example/" + "a" * 2000}, "no token_endpoint"),
        ({"token_endpoint": "https://x.example/a b"}, "no token_endpoint"),
        ({"token_endpoint": "https://x.example/\r\nhost: y"}, "no token_endpoint"),
        ({"jwks_uri": "http://login.acme.example/jwks"}, "not encrypted"),
        ({"jwks_uri": "file:///etc/passwd"}, "no address|not encrypted"),
        ({"jwks_uri": "https://me:secret@login.acme.example/jwks"}, "no address"),
        ({"jwks_uri": "https://[zz]/"}, "no address"),
        ({"jwks_uri": "https://login.acme.example:99999/"}, "no address"),
        ({"jwks_uri": "https://10.0.0.5/jwks"}, "of its own choice"),
        ({"jwks_uri": "https://[fd00::5]/jwks"}, "of its own choice"),
        ({"jwks_uri": "https://localhost/jwks"}, "of its own choice"),
        ({"jwks_uri": "https://2130706433/jwks"}, "of its own choice"),
        ({"jwks_uri": "https://localhost./jwks"}, "of its own choice"),
        ({"jwks_uri": "https://LOCALHOST../jwks"}, "of its own choice"),
        ({"jwks_uri": "https://keys.localhost/jwks"}, "of its own choice"),
        ({"jwks_uri": "https://keys.localhost./jwks"}, "of its own choice"),
        ({"jwks_uri": "https://10.0.0.5./jwks"}, "of its own choice"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no address|not encrypted"),
        ({"authorization_endpoint": "https://x.example/#f"}, "no address"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "no client secret"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    ],
)
def test_what_is_not_believed(change: dict[str, Any], why: str) -> None:
    """Another issuer, doors without a lock, doors into this network."""
    with pytest.raises(Permanent, match=why):
        doors_of({**GOOD, **change}, ISSUER)


@pytest.mark.parametrize("document", [None, [], "x", 7, {}])
def test_what_is_no_document(document: object) -> None:
    """Says nothing."""
    with pytest.raises(Permanent):
        doors_of(document, ISSUER)
