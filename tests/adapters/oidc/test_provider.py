"""The flow against a provider over real HTTP: users who get in, and every answer that proves no identity."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.adapters.oidc.scene import ATTEMPT, There, there
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.oidc.provider import AT_ONCE_MAX, KEPT_SECONDS, KEYS_AGAIN_SECONDS, SILENT_SECONDS
from watchdog.domain.errors import Permanent, Temporary
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.oidc_provider import FORGERIES, LIES


@pytest.fixture
async def t() -> AsyncIterator[There]:
    """A provider, and our client for it, which differs in nothing."""
    async with there() as opened:
        yield opened


@pytest.mark.parametrize("by_form", [False, True])
async def test_who_signs_in_there_is_who_they_are(by_form: bool) -> None:
    """By the claim that was chosen; our secret goes as the provider takes it, quoted as it must be."""
    async with there(by_form=by_form) as t:
        assert await t.name() == "ann@acme.example"
    async with there(claim="preferred_username") as t:
        assert await t.name("otto") == "otto"
    async with there(claim="sub") as t:
        assert await t.name("vera") == "id-vera"


WHY = {
    "nonce": ("wrong_nonce", "no_nonce"),
    "aud": ("wrong_aud",),
    "azp": ("aud_among_others", "other_azp"),
    "iss": ("other_issuer",),
    "exp": ("expired", "no_exp"),
    "nbf": ("not_yet",),
    "iat": ("from_the_future", "old"),
    "email_verified": ("unverified", "verified_unsaid"),
    "email": ("no_email", "odd_email"),
    "not signed with the provider's key": ("alg_none", "hs256_public_key", "hs256_secret"),
    "does not bear its signature": ("foreign_key", "changed_afterwards"),
    "a key that it does not show": ("unknown_kid",),
    "no proof": ("not_a_token", "no_proof"),
}
REFUSED = {lie: why for why, lies in WHY.items() for lie in lies}


@pytest.mark.parametrize(("lie", "why"), REFUSED.items())
async def test_a_proof_that_is_none_lets_nobody_in(t: There, lie: str, why: str) -> None:
    t.issuer.lies = lie
    with pytest.raises(Permanent, match=why) as caught:
        await t.name("vera")
    assert "vera" not in str(caught.value) and "eyJ" not in str(caught.value)
    t.issuer.lies = ""
    assert await t.name("vera") == "vera@acme.example", "the next one is judged by itself"


def test_every_lie_of_the_provider_is_in_the_table() -> None:
    assert {*LIES, *FORGERIES} - {"two_names"} == set(REFUSED)


async def test_a_new_key_is_read_when_a_proof_is_signed_with_it(t: There) -> None:
    """At most every 30 seconds, however many tokens come with unknown keys."""
    await t.name()
    await t.issuer.rotate()
    with pytest.raises(Permanent, match="does not show"):
        await t.name()
    assert t.issuer.asked["jwks"] == 1, "it was read a moment ago"
    t.clock.ahead += KEYS_AGAIN_SECONDS
    assert await t.name() == "ann@acme.example" and t.issuer.asked["jwks"] == 2
    t.issuer.lies = "unknown_kid"
    for _ in range(5):
        with pytest.raises(Permanent, match="does not show"):
            await t.name()
    assert t.issuer.asked["jwks"] == 2


async def test_a_key_that_was_withdrawn_is_no_longer_good_after_an_hour(t: There) -> None:
    """Whatever it says of itself is kept for no longer than that."""
    await t.name()
    t.clock.ahead += KEPT_SECONDS - 60
    await t.name()
    assert (t.issuer.asked["discovery"], t.issuer.asked["jwks"]) == (1, 1)
    t.clock.ahead += 120
    await t.name()
    assert (t.issuer.asked["discovery"], t.issuer.asked["jwks"]) == (2, 2)


@pytest.mark.parametrize("change", [{"verifier": "w" * 64}, {"nonce": "m" * 64}])
async def test_a_code_is_of_use_to_who_asked_for_it_alone(t: There, change: dict[str, str]) -> None:
    with pytest.raises(Permanent):
        await t.provider.identify(replace(ATTEMPT, **change), await t.code())
    code = await t.code()
    await t.provider.identify(ATTEMPT, code)
    with pytest.raises(Permanent, match=r"did not take the code \(invalid_grant\): log in again"):
        await t.provider.identify(ATTEMPT, code)


async def test_a_wrong_secret_is_told_as_such() -> None:
    async with there(secret="c4n4ry-secret-0123456789") as t:
        with pytest.raises(Permanent, match=r"invalid_client\): check console.oidc.client_id and its secret") as caught:
            await t.name()
        assert "c4n4ry" not in str(caught.value)
    async with there(client_id="somebody") as t:
        address = await t.provider.address(ATTEMPT)
        assert keys.OIDC_SECRET not in repr(t.provider._client) and "vvv" not in repr(ATTEMPT)
        assert "client_id=somebody" in address and keys.OIDC_SECRET not in address and ATTEMPT.verifier not in address


@pytest.mark.parametrize("door", ["discovery", "token", "jwks"])
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        *((trouble, Temporary) for trouble in ("hang", "error")),
        *((trouble, Permanent) for trouble in ("huge", "refused", "garbage", "elsewhere")),
    ],
)
async def test_a_provider_that_is_no_help_lets_nobody_in(door: str, trouble: str, kind: type[Exception]) -> None:
    """It hangs, fails, floods, refuses, speaks no JSON, or sends us elsewhere: an end within bounds, in our words."""
    async with there(timeout_seconds=0.5 if trouble == "hang" else PATIENCE_SECONDS) as t:
        t.issuer.trouble[door] = trouble
        with pytest.raises(kind) as caught:
            await t.name()
        assert "script" not in str(caught.value) and "169.254" not in str(caught.value)
        assert trouble != "huge" or "sent more than" in str(caught.value)


@pytest.mark.parametrize("by_form", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, Permanent), (400, Permanent), (429, Temporary), (408, Permanent), (451, Permanent), (500, Temporary)],
)
async def test_what_we_sent_is_in_no_message(status: int, kind: type[Exception], by_form: bool) -> None:
    """A door that sends everything back: code, verifier and secret stay out of it, the status does not."""
    async with there(by_form=by_form) as t:
        t.issuer.echoes = status
        code = await t.code()
        with pytest.raises(kind, match=str(status)) as caught:
            await t.provider.identify(ATTEMPT, code)
        pair = base64.b64encode(f"{keys.OIDC_CLIENT_ID}:{keys.OIDC_SECRET}".encode()).decode()
        assert not [one for one in (code, ATTEMPT.verifier, keys.OIDC_SECRET, pair) if one in str(caught.value)]


@pytest.mark.parametrize(("trouble", "kind"), [("error", Temporary), ("garbage", Permanent)])
async def test_a_silent_provider_is_left_alone_for_a_while(t: There, trouble: str, kind: type[Exception]) -> None:
    """Strangers can begin logins as they like: they get the error at once, and the provider a request only later.

    So does one whose answer is of no use.
    """
    t.issuer.trouble["discovery"] = trouble
    for raised in (kind, Temporary, Temporary):
        with pytest.raises(raised):
            await t.provider.address(ATTEMPT)
    assert t.issuer.asked["discovery"] == 1
    del t.issuer.trouble["discovery"]
    t.clock.ahead += SILENT_SECONDS
    assert (await t.provider.address(ATTEMPT)).startswith(f"{t.issuer.url}/authorize?")


async def test_only_some_are_served_at_once() -> None:
    async with there(timeout_seconds=1.0) as t:
        codes = [await t.code() for _ in range(AT_ONCE_MAX + 1)]
        t.issuer.trouble["token"] = "hang"
        waiting = [asyncio.create_task(t.provider.identify(ATTEMPT, code)) for code in codes[:AT_ONCE_MAX]]
        while t.issuer.asked["token"] < AT_ONCE_MAX:
            await asyncio.sleep(0.01)
        with pytest.raises(Temporary, match="too many"):
            await t.provider.identify(ATTEMPT, codes[-1])
        for one in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(one, Temporary)
        t.issuer.trouble.clear()
        assert await t.provider.identify(ATTEMPT, codes[-1]) == "ann@acme.example"


async def test_a_name_that_leads_into_a_private_network_is_not_connected_to(t: There) -> None:
    """A provider cannot send us there: its doors are judged like every address."""
    t.issuer.document = {"token_endpoint": "https://metadata.internal/token"}
    with pytest.raises((Permanent, Temporary)):
        await t.name()
    assert t.issuer.asked["token"] == 0
