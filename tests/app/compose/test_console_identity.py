"""Who may use the console, from the settings to the real process."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.adapters.oidc.scene import signed_in
from tests.settings.texts import SMALL, loaded
from tests.support.clocks import LOOPBACK, FakeClock
from tests.support.daemon_processes import guarding, watching
from watchdog.app.compose.console_identity import access_of, form_key
from watchdog.console.auth.oidc_login import BACK, BEGIN
from watchdog.domain.commands.human_command import Role
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.oidc_provider import Issuer
from watchdog.settings.rules.console_access import OIDC_SECRET

TOKEN = "c4n4ry-console-0123456789"
SECRET = "canary-oidc-0123456789-0123456789"
PROXY = "proxy: {user_header: X-Forwarded-User, from: [127.0.0.1], approvers: [ann@acme.example]}"


@pytest.mark.long
def test_a_proxy_s_users_come_in_and_act_by_name(tmp_path: Path) -> None:
    """In the real process, without any token; what they click stands in the audit log under their name."""
    with watching(tmp_path, quirks=True, more=f"console: {{enabled: true, tokens: false, {PROXY}}}\n") as (_, daemon):
        ann = {"x-forwarded-user": "ann@acme.example"}
        base = f"http://127.0.0.1:{daemon.port}"
        with httpx.Client(base_url=base, **LOOPBACK, headers=ann) as client:
            page = client.get("/").text
            word = page.split('name="form" value="')[1].split('"')[0]
            assert client.post("/pause", data={"form": word}).status_code == 303
            assert "proxy:ann@acme.example (approver)" in client.get("/audit").text
        assert daemon.get("/").headers["location"] == "/login" and daemon.get("/healthz").status_code in (200, 503)


def test_workers_with_one_token_sign_forms_alike_and_one_that_is_left_behind_admits_nobody() -> None:
    """Without any, each process for itself; the token itself does not show in it."""
    text, given = SMALL + f"console: {{enabled: true, {PROXY}}}\n", {"WATCHDOG_CONSOLE_TOKEN": TOKEN}
    off = text.replace("true,", "true, tokens: false,")
    assert access_of(loaded(text, given), FakeClock()).tokens == {Role.APPROVER: TOKEN}
    assert access_of(loaded(off, given), FakeClock()).tokens == {}
    one, other = (form_key(loaded(text, given)) for _ in range(2))
    assert one == other and TOKEN.encode() not in one
    alone = [form_key(loaded(off)) for _ in range(2)]
    assert alone[0] != alone[1]


def test_workers_with_one_token_make_the_same_codes_and_an_assistant_none() -> None:
    """Of the approver's token, which an assistant does not have; with tokens switched off there is no assistant."""
    on, theirs = SMALL + "console: {enabled: true}\n", {"WATCHDOG_CONSOLE_ASSISTANT_TOKEN": f"{TOKEN}-assistant"}
    others = (
        {"WATCHDOG_CONSOLE_TOKEN": TOKEN},
        {"WATCHDOG_CONSOLE_TOKEN": TOKEN},
        {"WATCHDOG_CONSOLE_TOKEN": TOKEN * 2},
    )
    one, other, renewed = (access_of(loaded(on, theirs | given), FakeClock()).assistant for given in others)
    assert one is not None and one == other != renewed and one.owns(f"{TOKEN}-assistant".encode())
    assert access_of(loaded(on, others[0]), FakeClock()).assistant is None
    off = on.replace("true}", f"true, tokens: false, {PROXY}}}")
    assert access_of(loaded(off, theirs | others[0]), FakeClock()).assistant is None


def test_a_session_holds_for_its_provider_its_client_and_its_claim_alone() -> None:
    """With another of them the same name may be somebody else; with the same secret or not."""
    usual = {"issuer": "https://login.acme.example", "client_id": "w", "claim": "email"}
    others = ({}, {}, {"issuer": "https://login.other.example"}, {"client_id": "v"}, {"claim": "sub"})
    found = []
    for change in others:
        shown = ", ".join(f"{name}: '{value}'" for name, value in {**usual, **change}.items())
        doors = f"url: 'https://w.acme.example', oidc: {{{shown}, viewers: [vera]}}"
        settings = loaded(SMALL + f"console: {{enabled: true, tokens: false, {doors}}}\n", {OIDC_SECRET: SECRET})
        oidc = access_of(settings, FakeClock()).oidc
        assert oidc is not None
        found.append(oidc.key)
    assert found[0] == found[1] and len(set(found)) == 4 and SECRET.encode() not in found[0]


@pytest.mark.long
async def test_people_sign_in_elsewhere_and_act_by_name_in_the_real_process(tmp_path: Path) -> None:
    """From the settings to the audit log; no secret of it in any word of the daemon."""
    async with Issuer() as issuer:
        with guarding(tmp_path, quirks=True) as (cloud, daemon):
            people = f"issuer: '{issuer.url}', client_id: {keys.OIDC_CLIENT_ID}, approvers: [ann@acme.example]"
            issuer.redirect_uris.append(f"https://watchdog.acme.example{BACK}")
            doors = f"url: https://watchdog.acme.example, oidc: {{{people}}}"
            cloud.write(more=f"console: {{enabled: true, tokens: false, {doors}}}\n")
            daemon.variables = {**daemon.variables, "WATCHDOG_CONSOLE_OIDC_SECRET": keys.OIDC_SECRET}
            await asyncio.to_thread(daemon.start().until_watching)
            url = f"http://127.0.0.1:{daemon.port}"
            async with httpx.AsyncClient(base_url=url, **LOOPBACK) as client:
                said = await signed_in((await client.get(BEGIN)).headers["location"], "ann")
                assert (await client.get(BACK, params=said)).status_code == 200
                word = (await client.get("/")).text.split('name="form" value="')[1].split('"')[0]
                assert (await client.post("/pause", data={"form": word})).status_code == 303
                assert "oidc:ann@acme.example (approver)" in (await client.get("/audit")).text
            assert keys.OIDC_SECRET not in daemon.words() and said["code"] not in daemon.words()
            assert daemon.said("console login", name="ann@acme.example", role="approver")
