"""Signing in elsewhere, over real HTTP: there and back, and every way of coming back that lets nobody in."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from tests.console.oidc_scene import KEY, PEOPLE, Doorway, doorway
from tests.console.scene import SAME, TOKEN, TOKENS, bearer, town
from watchdog.console.auth import session
from watchdog.console.auth.oidc_login import BACK, BEGIN, COOKIE, LIFE_SECONDS, PendingLogins
from watchdog.console.auth.roles import People, Role, Way
from watchdog.console.auth.session import Oidc, Sessions


async def test_there_and_back_opens_a_session_under_the_proven_name() -> None:
    """It leads to a page of ours, and never elsewhere."""
    async with doorway() as d:
        for odd in ("//evil.example", "https://evil.example", "/?b=c", '/"><script>', "javascript:x"):
            assert 'content="0; url=/"' in (await d.log_in("vera", odd)).text
        await d.client.post("/logout", headers=SAME)
        page = await d.client.get("/login", params={"next": "/incidents/web-1"})
        assert f'href="{BEGIN}?next=/incidents/web-1"' in page.text and 'name="token"' in page.text
        answer = await d.log_in("ann", "/incidents/web-1")
        assert answer.status_code == 200 and 'content="0; url=/incidents/web-1"' in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
        assert "ann@acme.example <small>approver</small>" in (await d.client.get("/")).text
        await d.client.post("/logout", headers=SAME)
        assert (await d.client.get("/")).headers["location"] == "/login"


async def test_the_cookies_are_for_us_alone_and_what_is_sent_there_says_nothing() -> None:
    """That of an attempt is sent where it is of use, by a link from there; that of the session by no other site."""

    def asked_of(begun: httpx.Response) -> dict[str, str]:
        return dict(httpx.QueryParams(urlsplit(begun.headers["location"]).query))

    async with doorway() as d:
        begun = await d.client.get(BEGIN, headers={"x-forwarded-proto": "https"})
        cookie = begun.headers["set-cookie"].lower()
        assert all(flag in cookie for flag in ("httponly", "samesite=lax", "path=/;", "max-age=600", "; secure"))
        assert cookie.startswith(f"__host-{COOKIE}=")
        asked, again = asked_of(begun), asked_of(await d.client.get(BEGIN))
        assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
        assert asked["scope"] == "openid email"
        secret = ("state", "nonce", "code_challenge")
        assert not [name for name in secret if asked[name] in begun.headers["set-cookie"]]
        assert len({said[name] for said in (asked, again) for name in secret}) == 6
        answer = await d.log_in()
        made = {one.split("=")[0]: one.lower() for one in answer.headers.get_list("set-cookie")}
        assert all(flag in made[session.COOKIE] for flag in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
        assert "max-age=0" in made[COOKIE], "an attempt ends with its answer"


async def changed(d: Doorway, **change: str | None) -> httpx.Response:
    """Come back with something changed, or left out."""
    said = await d.there("ann")
    return await d.back({name: value for name, value in {**said, **change}.items() if value is not None})


BROKEN = [
    ({"state": "0" * 64}, 400, "not begun in this browser"),
    ({"state": None}, 400, "not begun in this browser"),
    ({"code": None}, 400, "sent no code"),
    ({"code": "x" * 3001}, 400, "sent no code"),
    ({"code": "made-up"}, 403, "did not take the code"),
    ({"iss": "https://login.other.example"}, 400, "was not sent by"),
    ({"error": "access_denied"}, 403, "refused the login (access_denied)"),
    ({"error": "<script>alert(1)</script>"}, 403, "refused the login (an error)"),
]


@pytest.mark.parametrize(("change", "status", "why"), BROKEN)
async def test_who_comes_back_otherwise_is_not_let_in(change: dict[str, str | None], status: int, why: str) -> None:
    async with doorway() as d:
        answer = await changed(d, **change)
        assert answer.status_code == status and why in answer.text and "<script>alert" not in answer.text
        assert session.COOKIE not in {one.split("=")[0] for one in answer.headers.get_list("set-cookie")}
        assert (await d.client.get("/")).status_code == 303 and (await d.log_in()).status_code == 200


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
async def test_what_is_said_twice_counts_for_nothing(name: str) -> None:
    """One of the two is read by one, the other by another."""
    async with doorway() as d:
        said = await d.there()
        query = "&".join(f"{key}={value}" for key, value in said.items())
        answer = await d.back(f"{query}&{name}={said.get(name, 'a')}&{name}=b")
        assert answer.status_code == 400 and "repeats a parameter" in answer.text


async def test_an_answer_of_another_s_login_is_not_taken() -> None:
    """Neither without the cookie of the attempt, nor with that of another: nobody is logged in as somebody else."""
    async with doorway() as d:
        said = await d.there("vera")
        mine = httpx.Cookies(d.client.cookies)
        d.client.cookies.clear()
        assert (await d.back(said)).status_code == 400
        await d.client.get(BEGIN)
        assert (await d.back(said)).status_code == 400
        d.client.cookies = mine
        assert (await d.back(said)).status_code == 200
        assert (await d.back(said)).status_code == 400, "once: the cookie is gone"


@pytest.mark.parametrize(
    "lie", ["wrong_nonce", "expired", "alg_none", "hs256_public_key", "other_issuer", "unverified"]
)
async def test_a_proof_that_is_none_opens_nothing(lie: str) -> None:
    """The whole table is in the provider's own test; here: the page says why, and the log."""
    async with doorway() as d:
        d.issuer.lies = lie
        with capture_logs() as logs:
            answer = await d.log_in()
        assert answer.status_code == 403 and "proves no identity" in answer.text
        assert [one["event"] for one in logs] == ["console login refused"] and "eyJ" not in str(logs) + answer.text
        assert (await d.client.get("/")).status_code == 303


async def test_a_name_that_could_be_two_is_nobody_s() -> None:
    async with doorway(People(everybody=True)) as d:
        d.issuer.lies = "two_names"
        assert "comma" in (await d.log_in()).text
        d.issuer.lies, d.issuer.users["ann"]["email"] = "", "ann\u200b@acme.example"
        assert "invisible letter" in (await d.log_in()).text
        d.issuer.users["ann"]["email"] = "ann\ud800@acme.example"
        assert "not UTF-8" in (await d.log_in()).text


async def test_somebody_without_a_role_is_told_so() -> None:
    """By name; nothing is opened, and one can log in as somebody else; the first ones are in the log."""
    async with doorway() as d:
        with capture_logs() as logs:
            for _ in range(8):
                assert (await d.log_in("nobody")).status_code == 403
        assert len([one for one in logs if one["event"] == "console login refused, no role"]) == 5
        answer = await d.log_in("nobody")
        assert answer.status_code == 403 and "nobody@acme.example" in answer.text and 'href="/login"' in answer.text
        assert (await d.client.get("/")).status_code == 303
    async with doorway(People(everybody=True)) as d:
        await d.log_in("nobody")
        assert "<small>viewer</small>" in (await d.client.get("/")).text


@pytest.mark.parametrize(("door", "trouble"), [("discovery", "error"), ("discovery", "hang"), ("token", "hang")])
async def test_a_provider_that_does_not_answer_is_told_of(door: str, trouble: str) -> None:
    async with doorway(timeout_seconds=0.5) as d:
        d.issuer.trouble[door] = trouble
        if door == "discovery":
            answer = await d.client.get(BEGIN)
        else:
            answer = await d.back(await d.there())
        assert answer.status_code == 503 and "does not answer as it should" in answer.text
        assert (await d.town.login(TOKEN)).status_code == 303


@pytest.mark.parametrize(
    ("change", "trouble"),
    [({"error": "access_denied"}, {}), ({"code": "made-up"}, {}), ({"state": "x"}, {}), ({}, {"token": "error"})],
)
async def test_strangers_who_are_refused_hold_nobody_up_and_fill_no_log(
    change: dict[str, str], trouble: dict[str, str]
) -> None:
    """Behind a proxy all are one peer: whatever a stranger comes back with, ann logs in; the first ones are told.

    So are those who come while the provider is away, however many; nor does it hold up who comes when it is back.
    """
    async with doorway() as d:
        d.issuer.trouble.update(trouble)
        with capture_logs() as logs:
            for _ in range(12):
                assert (await changed(d, **change)).status_code in ((503,) if trouble else (400, 403))
        assert len(logs) <= 5
        assert not trouble or {one["event"] for one in logs} == {"login provider unavailable"}
        d.issuer.trouble.clear()
        assert (await d.log_in()).status_code == 200
        assert (await d.town.login(TOKEN)).status_code == 303


async def test_the_provider_is_asked_for_one_code_of_an_attempt() -> None:
    """Who has the cookie of one attempt cannot send a thousand codes there, with our secret."""
    async with doorway() as d:
        said, cookie = await d.there(), f"{COOKIE}={d.client.cookies[COOKIE]}"
        for number in range(5):
            answer = await d.back({**said, "code": f"made-up-{number}"}, cookie=cookie)
            assert answer.status_code == (400 if number else 403)
            assert ("was used already" in answer.text) is bool(number)
        assert d.issuer.asked["token"] == 1 and (await d.log_in()).status_code == 200


@pytest.mark.long
async def test_codes_that_are_none_are_taken_there_so_often_and_no_more() -> None:
    """Begun anew for each of them; a letter that no code has goes nowhere, and who waits does so for seconds."""
    async with doorway() as d:
        assert (await changed(d, code="é")).status_code == 400
        statuses = [(await changed(d, code="made-up")).status_code for _ in range(40)]
        assert set(statuses) == {403, 429} and d.issuer.asked["token"] == statuses.count(403) < 40
        while (await d.log_in()).status_code == 429:
            await asyncio.sleep(0.05)
        assert (await d.client.get("/")).status_code == 200


async def test_tokens_work_beside_it_or_not_at_all() -> None:
    """Without a provider there is no such way."""
    async with town() as one:
        for path in (BEGIN, BACK):
            assert (await one.client.get(path)).headers["location"].startswith("/login?next=")
    async with doorway() as d:
        assert (await d.client.get("/api/v1/services", headers=bearer())).status_code == 200
    async with doorway(tokens={}) as d:
        page = (await d.client.get("/login")).text
        assert "Log in with localhost" in page and "token" not in page
        assert (await d.client.get("/api/v1/services", headers=bearer())).status_code == 401
        await d.log_in("vera")
        assert (await d.client.get("/api/v1/services")).status_code == 200


def test_a_session_hangs_on_the_secret_and_on_the_role_of_now() -> None:
    """A new secret ends it, and so does the end of the role; it lasts for 12 h; a token's holder cannot make one."""
    ours = Sessions(TOKENS, oidc())
    value = ours.prove("ann@acme.example", 1000.0)
    visitor = ours.read(value, 1000.0)
    assert visitor is not None and (visitor.role, visitor.way) == (Role.APPROVER, Way.OIDC)
    assert visitor.by == "oidc:ann@acme.example (approver)" and len(visitor.form_token) == 64
    assert ours.read(value, 1001.0 + session.LIFE_SECONDS) is None
    assert Sessions(TOKENS, oidc(key=b"x" * 32)).read(value, 1000.0) is None
    assert Sessions(TOKENS).read(value, 1000.0) is None
    fewer = Sessions(TOKENS, oidc(People(operators=frozenset({"ann@acme.example"})))).read(value, 1000.0)
    assert fewer is not None and fewer.role is Role.OPERATOR
    assert Sessions(TOKENS, oidc(People())).read(value, 1000.0) is None
    end, _, name, rest = value.split(".", 3)
    for forged in (f"{end}.approver.{name}.{rest}", f"{end}.oidc.Ym9i.{rest}", f"{int(end) + 1}.oidc.{name}.{rest}"):
        assert ours.read(forged, 1000.0) is None
    token = ours.make(Role.VIEWER, "ann@acme.example", 1000.0)
    assert ours.read(token.replace("viewer", "oidc"), 1000.0) is None and "ooo" not in repr(oidc())


def oidc(people: People = PEOPLE, key: bytes = KEY) -> Oidc:
    return Oidc(None, people, key)  # type: ignore[arg-type]


@pytest.mark.parametrize("cookie", ["", "x", "..", "9999999999.seed.Lw", "é", "9999999999.seed.Lw." + "0" * 64])
def test_an_attempt_s_cookie_is_ours_and_lives_for_ten_minutes(cookie: str) -> None:
    ours = PendingLogins(KEY)
    assert ours.read(cookie, 1000.0) is None
    attempt, value = ours.begin("/incidents", 1000.0)
    assert ours.read(value, 999.0 + LIFE_SECONDS) == (attempt, "/incidents")
    assert ours.read(value, 1001.0 + LIFE_SECONDS) is None and ours.read(value, -5000.0) is None
    assert PendingLogins(b"x" * 32).read(value, 1000.0) is None
    assert len(attempt.verifier) == 64 and len({attempt.state, attempt.nonce, attempt.verifier}) == 3
