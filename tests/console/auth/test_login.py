"""Who may look, over real HTTP: the token, the session, and how often one may be wrong."""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from structlog.testing import capture_logs

from tests.console.scene import OPERATOR, TOKEN, TOKENS, access, bearer, town, visited
from tests.daemon.http.test_http_auth import strangers
from tests.support.clocks import FakeClock
from watchdog.console.auth.auth_middleware import AuthMiddleware
from watchdog.console.auth.roles import Role
from watchdog.console.auth.session import COOKIE, LIFE_SECONDS, Sessions
from watchdog.console.render.rendering import Renderer

STRANGE = ("/", "/services/web", "/services/none", "/incidents/web-1", "/nothing", "/status")


async def test_a_stranger_learns_nothing() -> None:
    """The same answers for what is there and what is not."""
    async with town() as one:
        for path in STRANGE:
            answer = await one.client.get(path)
            assert (answer.status_code, answer.content) == (303, b"") and answer.headers["location"].startswith(
                "/login"
            )
        for path in ("/api/v1/services", "/api/v1/nothing", "/api/v1/openapi.json", "/api/v2"):
            answer = await one.client.get(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        text = (await one.client.get("/login")).text
        assert (await one.client.get("/loginx")).headers["location"] == "/login?next=/loginx"
        assert (await one.client.get("/?tag=shop&x=1")).headers["location"] == "/login?next=/%3Ftag%3Dshop"
    assert "web" not in text.replace("watchdog", "")


async def test_the_token_opens_a_session() -> None:
    """In a cookie for us alone, out of reach of scripts and other sites; leaving ends it in this browser."""
    async with town() as one:
        answer = await one.login()
        cookie = answer.headers["set-cookie"].lower()
        assert answer.status_code == 303 and answer.headers["location"] == "/"
        assert "httponly" in cookie and "samesite=strict" in cookie and "; secure" not in cookie
        assert TOKEN not in cookie and (await one.client.get("/")).status_code == 200
        assert (await one.client.get("/api/v1/services")).status_code == 200
        await one.client.post("/logout")
        assert (await one.client.get("/")).status_code == 303


async def test_leaving_ends_the_session_and_not_only_its_cookie() -> None:
    """A copy of it opens nothing any more; another session of the same role goes on."""
    async with visited() as one:
        copy = one.client.cookies[COOKIE]
        await one.login()
        other = one.client.cookies[COOKIE]
        one.client.cookies.clear()
        assert (await one.client.post("/logout", headers={"cookie": f"{COOKIE}={copy}"})).status_code == 303
        assert (await one.client.get("/", headers={"cookie": f"{COOKIE}={copy}"})).status_code == 303
        assert (await one.client.get("/", headers={"cookie": f"{COOKIE}={other}"})).status_code == 200


async def test_who_comes_in_by_a_token_and_who_leaves_is_in_the_log() -> None:
    """And that wrong ones were shown, now and then; no token is."""
    async with town() as one:
        with capture_logs() as logs:
            await one.client.post("/login", data={"token": OPERATOR, "name": "Ann (oidc: approver)"})
            await one.client.post("/logout")
            for number in range(6):
                await one.login(f"wrong-{number}")
                await one.client.get("/api/v1/services", headers=bearer(f"{number}-wrong"))
    told = [{key: one[key] for key in one if key != "log_level"} for one in logs]
    assert [one["log_level"] for one in logs[:2]] == ["info"] * 2, "what is shown unless people ask for less"
    assert told[0] == {"event": "console login", "name": "Ann [oidc: approver]", "role": "operator", "way": "console"}
    assert told[1] == {"event": "console logout", "by": "token:Ann [oidc: approver] (operator)"}
    assert told[2:] == [{"event": "console token refused", "peer": "127.0.0.1"}] * 5


async def test_with_tls_no_other_host_can_set_the_cookie() -> None:
    """Its name says so to the browser; one without the prefix, as a neighbour's page may set it, counts for nothing."""
    async with town() as one:
        tls = {"x-forwarded-proto": "https"}
        cookie = (await one.login(**tls)).headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIE}=") and "; Path=/;" in cookie and "domain" not in cookie.lower()
        name, _, value = cookie.partition(";")[0].partition("=")
        assert (await one.client.get("/", headers={**tls, "cookie": f"{name}={value}"})).status_code == 200
        assert (await one.client.get("/", headers={**tls, "cookie": f"{COOKIE}={value}"})).status_code == 303
        # Of several that the proxies say, the first one is what the browser speaks with.
        for said, secure in (("https", True), ("https, http", True), ("http, https", False)):
            cookie = (await one.login(**{"x-forwarded-proto": said})).headers["set-cookie"].lower()
            assert ("; secure" in cookie) is secure, said


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/incidents/web-1", "/incidents/web-1"),
        ("/?tag=shop&b=c", "/?tag=shop"),
        ("//evil.example?tag=//evil.example", "/?tag=%2F%2Fevil.example"),
        *((odd, "/") for odd in ("//evil.example", "https://evil.example", "/?b=c", "/" + "a" * 1500 + "!")),
    ],
)
async def test_the_login_leads_where_one_wanted_to_go_and_never_elsewhere(wanted: str, given: str) -> None:
    """A page of ours, or the first one; at once, whatever a stranger thinks of (a pattern can take for ever)."""
    async with town() as one:
        answer = await one.client.post("/login", data={"token": TOKEN, "next": wanted})
    assert answer.headers["location"] == given


async def test_case_60_wrong_tokens_wait_and_keep_no_right_one_out() -> None:
    """By page and by API alike; one that begins otherwise is not held up by those either."""
    async with town() as one:
        for number in range(5):
            wrong = await one.login("wrong") if number % 2 else await one.client.get(
                "/api/v1/services", headers=bearer("wrong")
            )  # fmt: skip
            assert wrong.status_code == 401 and "wrong" not in wrong.text
        late = await one.login("wrong")
        assert late.status_code == 429 and 0 < int(late.headers["retry-after"]) <= 11
        assert (await one.client.get("/api/v1/services", headers=bearer("wrong"))).status_code == 429
        assert (await one.login("mistyped")).status_code == 401
        assert (await one.client.get("/api/v1/services", headers=bearer())).status_code == 200
        assert (await one.login()).status_code == 303 and (await one.client.get("/")).status_code == 200


@pytest.mark.parametrize("headers", strangers(TOKEN))
async def test_a_program_shows_one_token_and_nothing_else(headers: list[tuple[str, str | bytes]]) -> None:
    """The gate alone, before a page that is always there: what is not the token gets one answer, and never the page."""
    clock = FakeClock(auto=False)
    gate = AuthMiddleware(PlainTextResponse("the page"), access(clock), clock, Renderer("9.9"))
    wire = httpx.ASGITransport(gate)
    async with httpx.AsyncClient(transport=wire, base_url="http://x") as client:
        told = await client.get("/api/v1/services", headers=headers)
        assert (told.status_code, told.headers["www-authenticate"]) == (401, "Bearer")
        assert (await client.get("/api/v1/services", headers=bearer())).text == "the page"


async def test_strangers_keep_nobody_from_the_login_s_form() -> None:
    """Nor from the files it is drawn with, by wrong tokens; a form that is asked for too often is the plain one."""
    async with town(at_once=10.0) as one:
        wrong = [(await one.client.get("/api/v1/services", headers=bearer(f"{n}"))).status_code for n in range(15)]
        posted = [(await one.login(f"{number}")).status_code for number in range(15)]
        assert set(wrong) == {401, 429} and posted.count(429) == 15
        assert (await one.client.get("/static/console.css")).status_code == 200
        asked = [await one.client.get("/login", params={"next": "/audit"}) for _ in range(15)]
        assert {answer.status_code for answer in asked} == {200}
        assert ["/audit" in answer.text for answer in asked] == [True] * 10 + [False] * 5
        assert all('name="token"' in answer.text and "form-action" in str(answer.headers) for answer in asked)
        files = [(await one.client.get("/static/console.css")).status_code for _ in range(15)]
        assert files.count(200) == 9, "what is larger is bounded, in a measure of its own"


async def test_strangers_do_not_use_up_what_those_who_are_logged_in_need() -> None:
    """Behind a proxy all are one peer."""
    async with visited(at_once=10.0) as one:
        strangers = [(await one.client.get("/", headers={"cookie": ""})).status_code for _ in range(15)]
        assert strangers[0] == 303 and 429 in strangers and (await one.client.get("/")).status_code == 200
        told = await one.client.get("/api/v1/services", headers={**bearer(), "cookie": ""})
        assert told.status_code == 200, "nor what programs need"


async def test_strangers_keep_nobody_out_who_types_the_right_token() -> None:
    """Of their address, which behind a proxy is everybody's; they are slowed down, by wrong tokens and other sites."""
    async with town(at_once=10.0) as one:
        elsewhere = {"sec-fetch-site": "cross-site"}
        strangers = [(await one.login(f"{number}", **elsewhere)).status_code for number in range(15)]
        assert strangers.count(403) == 10 and (await one.login("wrong")).status_code == 429
        assert (await one.login()).status_code == 303 and (await one.client.get("/")).status_code == 200
        assert {(await one.login()).status_code for _ in range(15)} == {303, 429}, "they are bounded, too"


@pytest.mark.parametrize("path", ["/login", "/logout", "/pause", "/api/v1/pause"])
@pytest.mark.parametrize("origin", ["http://[", "null", "", "http://", "[", "://"])
async def test_a_strange_origin_is_another_site(path: str, origin: str) -> None:
    """It can neither log in nor out; what is not an origin is no fault either: not a line of the log."""
    async with visited() as one:
        elsewhere = {"sec-fetch-site": "cross-site"}
        assert (await one.login(**elsewhere)).status_code == 403
        await one.login(**{"sec-fetch-site": "same-origin"})
        await one.client.post("/logout", headers=elsewhere)
        assert (await one.client.get("/")).status_code == 200
        with capture_logs() as logs:
            answer = await one.client.post(path, headers={"origin": origin})
        assert answer.status_code == (303 if path == "/logout" else 403) and "set-cookie" not in answer.headers
    assert logs == []


async def test_a_strange_form_is_only_wrong_and_a_forged_session_is_none() -> None:
    async with town() as one:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        for body in (b"token=" + b"x" * 10_000, b"\xff\xfe", b"", b"a=1&" * 50):
            assert (await one.client.post("/login", content=body, headers=headers)).status_code == 401, body[:20]
        for cookie in ("", "x", "9999999999.n.deadbeef", "a.b.c.d", ";;=;", "é", "..", "1.2"):
            header = f"{COOKIE}={cookie}".encode()
            assert (await one.client.get("/", headers={b"cookie": header})).status_code == 303, cookie


QUOTED = b'"' + b"\\\\" * 6000 + b'"'
"""Quadratic in the standard library: half a second, and 11 s at 60 KB."""


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        (QUOTED, 303),
        (b";" * 12_000, 303),
        (b'"%s"', 303),
        *((b"%s; watchdog_console=" + other, 303) for other in (b"x", b"y", b"z", b"1", b"2")),
        (b"%s; watchdog_console=%s; other", 200),
        (b"%s;a=b;;c", 200),
        (b"%s; _oauth2_proxy_0=" + b"x" * 7000 + b"; _oauth2_proxy_1=" + b"x" * 7000, 200),
    ],
)
async def test_case_58_cookies_are_read_in_one_pass(cookie: bytes, status: int) -> None:
    """A value of ours needs no quotes, and stands there once; a proxy's own cookies may fill the head of a request."""
    async with visited() as one:
        ours = one.client.cookies[COOKIE].encode()
        one.client.cookies.clear()
        header = b"%s=%s" % (COOKIE.encode(), cookie.replace(b"%s", ours))
        assert (await one.client.get("/", headers={b"cookie": header})).status_code == status
        assert (await one.client.get("/healthz", headers={b"cookie": header})).status_code == 200


def test_a_session_ends_and_hangs_on_the_token() -> None:
    """After 12 h, and with another token; a changed end, role or name is forged."""
    ours = Sessions(TOKENS)
    value = ours.make(Role.OPERATOR, "Ann\x1b <b>", 1000.0)
    visitor = ours.read(value, 1000.0)
    assert visitor is not None and (visitor.role, visitor.name) == (Role.OPERATOR, "Ann <b>")
    assert visitor.by == "token:Ann <b> (operator)" and len(visitor.form_token) == 64
    assert ours.read(value, 999.0 + LIFE_SECONDS) == visitor and ours.read(value, 1001.0 + LIFE_SECONDS) is None
    assert Sessions({**TOKENS, Role.OPERATOR: "x"}).read(value, 1000.0) is None
    assert Sessions({**TOKENS, Role.APPROVER: "x"}).read(value, 1000.0) == visitor
    end, role, name, rest = value.split(".", 3)
    for forged in (
        f"{int(end) + 1}.{role}.{name}.{rest}",
        f"{end}.approver.{name}.{rest}",
        f"{end}.{role}.Qm9i.{rest}",
        value[:-1] + ("0" if value[-1] != "0" else "1"),
    ):
        assert ours.read(forged, 1000.0) is None, forged
    assert ours.read(ours.make(Role.VIEWER, "", 1e9), 1000.0) is None, "a clock that was set back by years"
