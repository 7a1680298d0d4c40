"""Tokens that the sandbox's provider does not issue: kinds of keys, clocks, strange shapes."""

import base64
import json
import warnings
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from watchdog.adapters.oidc.tokens import LEEWAY_SECONDS, OLD_SECONDS, UnknownKey, keys_of, verified_name
from watchdog.domain.errors import Permanent

NOW = 1_800_000_000.0
NONCE = "n" * 64
MOMENTS, ANN = {"exp": NOW + 300, "iat": NOW}, {"email": "ann@acme.example", "email_verified": True}
CLAIMS = {"iss": "https://login.acme.example", "sub": "7", "aud": "watchdog", "nonce": NONCE, **MOMENTS, **ANN}
RSA = RSAKey.generate_key(2048, auto_kid=True)
EC = ECKey.generate_key("P-256", auto_kid=True)
ED = OKPKey.generate_key("Ed25519", auto_kid=True)


def shown(*keys: Any, **more: str) -> KeySet:
    return keys_of({"keys": [{**key.as_dict(private=False), **more} for key in keys]})


def signed(key: Any, algorithm: str, header: dict[str, Any] | None = None, **change: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": key.kid, **(header or {})}, claims, key, algorithms=[algorithm])


def name(token: str, keys: KeySet, now: float = NOW, claim: str = "email") -> str:
    """Return whom it proves."""
    return verified_name(token, keys, issuer=CLAIMS["iss"], client_id="watchdog", nonce=NONCE, claim=claim, now=now)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS512"), (EC, "ES256"), (ED, "Ed25519")])
def test_each_kind_of_key_that_providers_have(key: Any, algorithm: str) -> None:
    assert name(signed(key, algorithm), shown(RSA, EC, ED)) == "ann@acme.example"


def test_one_key_needs_no_name_and_several_do() -> None:
    """It would be tried which one fits."""
    token = jwt.encode({"alg": "RS256"}, CLAIMS, RSA, algorithms=["RS256"])
    assert name(token, shown(RSA)) == "ann@acme.example"
    with pytest.raises(UnknownKey):
        name(token, shown(RSA, EC))


def test_a_key_signs_only_what_it_is_for_and_a_password_or_a_weak_one_is_none() -> None:
    with pytest.raises(Permanent, match="no key"):
        shown(RSA, use="enc")
    with pytest.raises(Permanent, match="does not bear"):
        name(signed(RSA, "RS256"), shown(RSA, alg="PS256"))
    shared = OctKey.import_key("0" * 64, {"kid": RSA.kid})
    with pytest.raises(Permanent, match="no key"):
        keys_of({"keys": [{**shared.as_dict(private=True), "kid": RSA.kid}]})
    with pytest.raises(Permanent, match="is not signed with the provider's key"):
        name(signed(shared, "HS256"), shown(RSA))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc's: that this one is short
        weak = RSAKey.generate_key(1024, auto_kid=True)
        token = signed(weak, "RS256")
        with pytest.raises(Permanent, match="no key"):
            shown(weak)
        with pytest.raises(UnknownKey):
            name(token, shown(weak, RSA))


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": [None, 7, {}, {"kty": "RSA", "n": "!"}]}])
def test_keys_that_are_none(document: object) -> None:
    with pytest.raises(Permanent, match="no key"):
        keys_of(document)
    assert len(keys_of({"keys": [{"kty": "RSA", "n": "!"}, RSA.as_dict(private=False)]}).keys) == 1


@pytest.mark.parametrize(
    ("change", "now", "good"),
    [
        ({}, CLAIMS["exp"] + LEEWAY_SECONDS - 1, True),
        ({}, CLAIMS["exp"] + LEEWAY_SECONDS + 1, False),
        ({"exp": NOW + 9e9}, NOW + OLD_SECONDS + LEEWAY_SECONDS, True),
        ({"exp": NOW + 9e9}, NOW + OLD_SECONDS + LEEWAY_SECONDS + 1, False),
        ({}, NOW - LEEWAY_SECONDS, True),
        ({}, NOW - LEEWAY_SECONDS - 2, False),
        ({"nbf": NOW + LEEWAY_SECONDS}, NOW, True),
        ({"nbf": NOW + LEEWAY_SECONDS + 2}, NOW, False),
    ],
)
def test_two_clocks_may_differ_by_a_minute(change: dict[str, Any], now: float, good: bool) -> None:
    """No more; and no proof is of use for long, whatever it says."""
    token = signed(RSA, "RS256", **change)
    if good:
        assert name(token, shown(RSA), now) == "ann@acme.example"
        return
    with pytest.raises(Permanent):
        name(token, shown(RSA), now)


STRANGE: dict[str, list[Any]] = {
    "iss": [["https://login.acme.example"], None],
    "aud": [[], ["somebody", "else"], {"watchdog": 1}, "watchdog2"],
    "exp": ["2027", True],
    "iat": [None],
    "sub": [None],
    "nonce": [[NONCE], {"x": NONCE}],
    "email_verified": ["false", 1.5, ["true"]],
    "email": ["", "x" * 121],
    "azp": [["watchdog"]],
}


MANY = ({"aud": ["watchdog", "else"]}, {"azp": "else", "aud": ["watchdog", "else"]})


@pytest.mark.parametrize("change", [*({claim: one} for claim, said in STRANGE.items() for one in said), *MANY])
def test_strange_shapes_prove_nobody(change: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        name(signed(RSA, "RS256", **change), shown(RSA))


def test_half_a_letter_proves_nobody() -> None:
    """JSON can hold half a character, which no text can."""
    said = json.dumps({**CLAIMS, "nonce": "n\ud800"}).encode()
    token = jws.serialize_compact({"alg": "RS256", "kid": RSA.kid}, said, RSA, algorithms=["RS256"])
    with pytest.raises(Permanent, match="nonce"):
        name(token, shown(RSA))


@pytest.mark.parametrize("change", [{"aud": ["watchdog"]}, {"azp": "watchdog", "aud": ["x", "watchdog"]}])
def test_several_may_be_meant_if_it_was_made_for_us(change: dict[str, Any]) -> None:
    """And some providers say `true` in quotes; only an address must be verified."""
    assert name(signed(RSA, "RS256", email_verified=None), shown(RSA), claim="sub") == "7"
    assert name(signed(RSA, "RS256", email_verified="true", **change), shown(RSA)) == "ann@acme.example"


def headed(header: dict[str, Any]) -> str:
    """Return a token with this in its header."""
    parts = [json.dumps(one).encode() for one in ({"alg": "RS256", "kid": RSA.kid, **header}, CLAIMS)]
    return ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (*parts, b"signature"))


NOT_UNDERSTOOD = ({"crit": ["x"], "x": 1}, {"crit": "x"}, {"kid": 7}, {"kid": ["x"]})
NO_TOKEN = ("", ".", "..", "a.b.c", "a.b.c.d.e", "é.é.é", "e30.e30.e30", "x" * 200_000)


@pytest.mark.parametrize("token", [*map(headed, NOT_UNDERSTOOD), *NO_TOKEN])
def test_what_is_no_token_or_has_a_header_that_nobody_understands(token: str) -> None:
    """A critical header that we do not know is refused; another unknown one is ignored."""
    with pytest.raises(Permanent):
        name(token, shown(RSA))
