"""The simulated provider is strict where a provider is, and its proofs are what it says they are."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.clocks import LOOPBACK
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.oidc_provider import TROUBLES, Issuer

BACK = "http://127.0.0.1:1/back"
VERIFIER = "v" * 64
ASKED = {
    "response_type": "code",
    "client_id": keys.OIDC_CLIENT_ID,
    "redirect_uri": BACK,
    "scope": "openid email",
    "state": "s" * 32,
    "nonce": "n" * 32,
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("="),
    "code_challenge_method": "S256",
}
WANTED = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}


async def ask(issuer: Issuer, method: str, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=issuer.url, **LOOPBACK) as client:
        return await client.request(method, path, **more)


async def code(issuer: Issuer) -> str:
    sent = await ask(issuer, "POST", "/authorize", params=ASKED, data={"user": "ann"})
    said = parse_qs(urlsplit(sent.headers["location"]).query)
    assert said["state"] == ["s" * 32] and said["iss"] == [issuer.url]
    return said["code"][0]


def basic(name: str = keys.OIDC_CLIENT_ID, secret: str = keys.OIDC_SECRET) -> httpx.BasicAuth:
    """Return our credentials, quoted as RFC 6749 has it."""
    from urllib.parse import quote_plus

    return httpx.BasicAuth(quote_plus(name), quote_plus(secret))


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "x"},
        {"redirect_uri": "https://evil.example/"},
        {"response_type": "token"},
        {"scope": "email"},
        {"code_challenge_method": "plain"},
        {"nonce": "short"},
    ],
)
async def test_whom_it_does_not_know_it_sends_nowhere(change: dict[str, str]) -> None:
    async with Issuer([BACK]) as issuer:
        answer = await ask(issuer, "POST", "/authorize", params={**ASKED, **change}, data={"user": "ann"})
        assert answer.status_code == 400 and next(iter(change)) in answer.text
        refused = await ask(issuer, "POST", "/authorize", params=ASKED, data={"user": "stranger"})
        assert "error=access_denied" in refused.headers["location"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_grant"),
        ({"grant_type": "password"}, "invalid_grant"),
        ({"code": "x"}, "invalid_grant"),
    ],
)
async def test_a_code_is_of_use_to_nobody_else(change: dict[str, str], error: str) -> None:
    """PKCE and the address are those of the question; the client shows its secret as it should."""
    async with Issuer([BACK]) as issuer:
        given = {**WANTED, "code": await code(issuer), **change}
        assert (await ask(issuer, "POST", "/token", data=given, auth=basic())).json() == {"error": error}
        for auth in (None, basic("x"), basic(secret="x")):
            assert (await ask(issuer, "POST", "/token", data=given, auth=auth)).status_code == 401
        in_form = {**given, "client_id": keys.OIDC_CLIENT_ID, "client_secret": keys.OIDC_SECRET}
        assert (await ask(issuer, "POST", "/token", data=in_form)).status_code == 401


async def test_a_new_key_takes_the_place_of_the_old() -> None:
    async with Issuer([BACK]) as issuer:
        said = (await ask(issuer, "GET", "/.well-known/openid-configuration")).json()
        assert said["issuer"] == issuer.url and said["jwks_uri"] == f"{issuer.url}/jwks"
        old = (await ask(issuer, "GET", "/jwks")).json()["keys"][-1]["kid"]
        await issuer.rotate()
        assert old not in [one["kid"] for one in (await ask(issuer, "GET", "/jwks")).json()["keys"]]


@pytest.mark.parametrize("trouble", [name for name in TROUBLES if name != "hang"])
async def test_each_trouble_is_at_its_door(trouble: str) -> None:
    async with Issuer([BACK]) as issuer:
        issuer.trouble["jwks"] = trouble
        answer = await ask(issuer, "GET", "/jwks")
        assert answer.status_code != 200 or len(answer.content) > 1_000_000 or "not JSON" in answer.text
        assert (await ask(issuer, "GET", "/.well-known/openid-configuration")).status_code == 200
