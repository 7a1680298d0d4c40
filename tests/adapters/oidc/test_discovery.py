"""The provider's discovery document, and the claims in it that are not believed."""

from typing import Any

import pytest

from watchdog.adapters.oidc.discovery import endpoints_of
from watchdog.domain.errors import Permanent

ISSUER = "https://login.acme.example"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.acme.example/authorize?tenant=7",
    "token_endpoint": "https://oauth.acme.example/token",
    "jwks_uri": "https://keys.acme.example/jwks",
}


def test_a_document_as_it_should_be() -> None:
    doors = endpoints_of(GOOD, ISSUER)
    assert doors.token == "https://oauth.acme.example/token" and not doors.by_form
    assert endpoints_of({**GOOD, "token_endpoint_auth_methods_supported": ["client_secret_post"]}, ISSUER).by_form
    both = ["client_secret_post", "client_secret_basic"]
    assert not endpoints_of({**GOOD, "token_endpoint_auth_methods_supported": both}, ISSUER).by_form
    here = {name: f"http://127.0.0.1:8080/{name}" for name in GOOD} | {"issuer": "http://127.0.0.1:8080"}
    assert endpoints_of(here, "http://127.0.0.1:8080").keys == "http://127.0.0.1:8080/jwks_uri"
    with pytest.raises(Permanent, match="not encrypted"):
        endpoints_of({**here, "jwks_uri": "http://keys.acme.example/jwks"}, "http://127.0.0.1:8080")


DISBELIEVED: list[tuple[str, str, list[Any]]] = [
    ("issuer", "of another issuer", ["https://login.other.example", f"{ISSUER}/", None]),
    ("token_endpoint", "no token_endpoint", [None, 7, "https://x.example/" + "a" * 2000]),
    ("token_endpoint", "no token_endpoint", ["https://x.example/a b", "https://x.example/\r\nhost: y"]),
    ("jwks_uri", "not encrypted", ["http://login.acme.example/jwks"]),
    ("jwks_uri", "no address|not encrypted", ["file:///etc/passwd"]),
    ("jwks_uri", "no address", ["https://me:secret@login.acme.example/jwks", "https://[zz]/"]),
    ("jwks_uri", "no address", ["https://login.acme.example:99999/"]),
    (
        "jwks_uri",
        "outside the issuer's host",
        ["https://10.0.0.5/jwks", "https://[fd00::5]/jwks", "https://10.0.0.5./jwks"],
    ),
    ("jwks_uri", "outside the issuer's host", ["https://2130706433/jwks", "https://LOCALHOST../jwks"]),
    ("jwks_uri", "outside the issuer's host", ["https://localhost/jwks", "https://localhost./jwks"]),
    ("jwks_uri", "outside the issuer's host", ["https://keys.localhost/jwks", "https://keys.localhost./jwks"]),
    ("authorization_endpoint", "no address|not encrypted", ["javascript:alert(1)"]),
    ("authorization_endpoint", "no address", ["https://x.example/#f"]),
    ("token_endpoint_auth_methods_supported", "no client secret", [["private_key_jwt"]]),
    ("code_challenge_methods_supported", "PKCE", [["plain"]]),
]


@pytest.mark.parametrize(
    ("field", "why", "said"), [(field, why, one) for field, why, said in DISBELIEVED for one in said]
)
def test_what_is_not_believed(field: str, why: str, said: Any) -> None:
    with pytest.raises(Permanent, match=why):
        endpoints_of({**GOOD, field: said}, ISSUER)


@pytest.mark.parametrize("document", [None, [], "x", 7, {}])
def test_what_is_no_document(document: object) -> None:
    with pytest.raises(Permanent):
        endpoints_of(document, ISSUER)
