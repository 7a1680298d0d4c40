"""Who a proxy in front of us says it is, over real HTTP: from whom that counts, and what binds their forms to them."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from structlog.testing import capture_logs

from tests.console.desk_scene import asking
from tests.console.scene import SAME, TOKEN, Town, bearer, town, visited
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.console.auth.proxy_auth import COOKIE, Proxied, Proxy, Untrusted, proven_name
from watchdog.console.auth.roles import People, Role, Visitor, Way
from watchdog.console.auth.session import LIFE_SECONDS
from watchdog.console.routes.live import STREAM
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Approver
from watchdog.domain.severity import Severity

HEADER = "X-Forwarded-User"
PEOPLE = People(frozenset({"ann@acme.example"}), frozenset({"otto"}), frozenset({"vera"}))
KEY = b"k" * 32
INCIDENT = "/incidents/web-1"


def proxy(*sources: str, people: People = PEOPLE, header: str = HEADER) -> Proxy:
    return Proxy(header, tuple(map(ipaddress.ip_network, sources or ("127.0.0.1",))), people, KEY)


def as_(*names: str) -> list[tuple[str, str]]:
    return [(HEADER, name) for name in names]


@asynccontextmanager
async def from_address(one: Town, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client whose end of the connection is that address of this machine."""
    wire = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{one.port}", transport=wire, timeout=PATIENCE_SECONDS
    ) as client:
        yield client


async def test_who_is_logged_in_at_the_proxy_needs_no_login_here() -> None:
    async with town(proxy=proxy()) as one:
        page = await one.client.get("/", headers=as_("ann@acme.example"))
        assert page.status_code == 200 and "ann@acme.example <small>approver</small>" in page.text
        assert "Log out" not in page.text and "/pause" in page.text
        assert "/pause" not in (await one.client.get("/", headers=as_("vera"))).text
        assert (await one.client.get("/login", headers=as_("vera"))).headers["location"] == "/"
        assert (await one.client.get("/api/v1/services", headers=as_("vera"))).status_code == 200
        for nobody in ({"cookie": ""}, {HEADER: "", "cookie": ""}):
            assert (await one.client.get("/", headers=nobody)).headers["location"] == "/login"
        its_own = "; ".join(f"_oauth2_proxy_{number}={'A' * 3900}" for number in range(3))
        assert (await one.client.get("/", headers=[*as_("vera"), ("cookie", its_own)])).status_code == 200


async def test_a_logout_without_a_session_ends_nothing() -> None:
    """Else one request would end the event streams of all who come through the proxy, for good."""
    async with town(proxy=proxy()) as one, asyncio.timeout(PATIENCE_SECONDS):
        for cookie in ("", "watchdog_console=no-session-of-ours"):
            await one.client.post("/logout", headers=[*as_("vera"), *SAME.items(), ("cookie", cookie)])
            wanted = [*as_("otto"), ("accept", STREAM), ("cookie", cookie)]
            async with one.client.stream("GET", "/live", headers=wanted) as answer:
                assert "data: " in await anext(answer.aiter_lines(), "")


@pytest.mark.parametrize("header", ["X-Forwarded-Email", "x-forwarded-email"])
async def test_the_header_is_the_one_that_was_chosen(header: str) -> None:
    async with town(proxy=proxy(header=header)) as one:
        assert (await one.client.get("/", headers={"X-FORWARDED-EMAIL": "otto"})).status_code == 200
        assert (await one.client.get("/", headers={HEADER: "otto", "cookie": ""})).status_code == 303


STRANGER = {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "forwarded": "for=127.0.0.1"}


async def test_only_the_proxy_s_own_address_counts() -> None:
    """The other end of the connection, whatever a header says of it; on every path, the login and the static too."""
    async with town(proxy=proxy("127.0.0.2", "10.0.0.0/8")) as one:
        async with from_address(one, "127.0.0.2") as believed:
            assert (await believed.get("/", headers=as_("vera"))).status_code == 200
        with capture_logs() as logs:
            for path in ("/", "/nothing", "/login", "/static/console.css", "/api/v1/services", "/api/v1/nothing"):
                told = await one.client.get(path, headers=[*as_("ann@acme.example"), *STRANGER.items()])
                assert told.status_code == 403 and "the proxy alone" in told.text, path
                assert "set-cookie" not in told.headers and "ann" not in told.text
        (said, *_) = logs
        assert said["log_level"] == "warning" and said["peer"] == "127.0.0.1" and "ann" not in str(logs)
        assert len(logs) == 5, "the first ones are told; nobody fills the log"


async def test_from_elsewhere_the_header_spoils_even_what_would_be_let_in() -> None:
    """A session, the right token: who claims a name in vain is up to something. Without it, each works as ever."""
    async with visited(proxy=proxy("10.0.0.0/8")) as one:
        assert (await one.client.get("/", headers=as_("x"))).status_code == 403
        assert (await one.client.get("/api/v1/services", headers={**bearer(), HEADER: ""})).status_code == 403
        assert (await one.client.get("/")).status_code == 200
        told = await one.client.get("/api/v1/services", headers={**bearer(), "cookie": ""})
        assert told.status_code == 200


NAMES = [
    (("ann@acme.example", "vera"), "came 2 times"),
    (("ann@acme.example", "ann@acme.example"), "came 2 times"),
    (("", "ann@acme.example"), "came 2 times"),
    (("vera, ann@acme.example",), "comma"),
    (("ann@acme.example\t\tx",), "invisible letter"),
    (("x" * 121,), "more than 120"),
]


@pytest.mark.parametrize(("names", "why"), NAMES)
async def test_a_name_that_could_be_read_in_two_ways_is_refused(names: tuple[str, ...], why: str) -> None:
    """A proxy that adds its header to a stranger's, instead of replacing it, lets nobody in."""
    async with town(proxy=proxy()) as one:
        told = await one.client.get("/", headers=as_(*names))
        assert told.status_code == 403 and why in told.text
        assert (await one.client.get("/", headers=as_("vera"))).status_code == 200, "others are not held up"


INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u180b\u180f\u200b\u200d\u2060\u2800\u3164\ufe0f\ufeff\uffa0\U000e0100\U000e0001"
)


UNSEEN = ("ann\u200b@acme.example", "ann\u202e", "an\x7fn", "a\x00b", *(f"ann{one}@acme.example" for one in INVISIBLE))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        *((given.encode(), "invisible letter") for given in UNSEEN),
        *((given.encode(), "two names") for given in (" ann", "ann ", "\tann", "ann\u00a0", " ")),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_could_be_taken_for_another_name_is_none(given: bytes, why: str) -> None:
    """By a letter that cannot be seen, or a blank beside it: a provider knows two people so; no role of the other."""
    with pytest.raises(Untrusted, match=why):
        proven_name(given, "it")
    assert proven_name("jürgen".encode(), "it") == "jürgen", "letters of other alphabets are letters"


@pytest.mark.parametrize("way", [Way.PROXY, Way.OIDC, Way.TOKEN])
@pytest.mark.parametrize("pair", ["()", "（）", "﹙﹚", "⁽⁾", "₍₎", "❨❩", "❪❫", "⟮⟯"])
def test_brackets_in_the_record_are_ours_alone(way: Way, pair: str) -> None:
    """Whoever may choose their name elsewhere cannot write there how they came in."""
    forged = f"ann@acme.example {pair[0]}approver{pair[1]}"
    assert Visitor(Role.VIEWER, forged, way=way).by == f"{way}:ann@acme.example [approver] (viewer)"


async def test_somebody_without_a_role_is_told_so_and_sees_nothing() -> None:
    """With their name, to be listed by; whatever token comes along; letter by letter; the log stays short."""
    async with town(proxy=proxy()) as one:
        with capture_logs() as logs:
            for number in range(12):
                assert (await one.client.get("/", headers=as_(f"somebody-{number}"))).status_code == 403
        assert len(logs) == 5
        for name in ("Ann@acme.example", "nobody", "<b>x</b>", "*"):
            told = await one.client.get("/services/web", headers={HEADER: name})
            assert told.status_code == 403 and "that name has no role here" in told.text
            assert "<b>x" not in told.text and "set-cookie" not in told.headers
            api = await one.client.get("/api/v1/services", headers={HEADER: name, **bearer()})
            assert api.status_code == 403
        assert (await one.client.get("/static/console.css", headers=as_("nobody"))).status_code == 200


async def test_without_tokens_there_is_no_other_way_in() -> None:
    async with town(tokens={}, proxy=proxy()) as one:
        page = await one.client.get("/login")
        assert "The proxy in front of this console says who may enter" in page.text and "<form" not in page.text
        assert (await one.login(TOKEN)).status_code == 401
        assert (await one.client.get("/api/v1/services", headers=bearer())).status_code == 401
        assert (await one.client.get("/", headers=as_("vera"))).status_code == 200


async def test_many_who_come_through_one_proxy_do_not_hold_each_other_up() -> None:
    """Each name has its own measure, and strangers have theirs."""
    async with town(at_once=10.0, proxy=proxy()) as one:
        otto = [(await one.client.get("/audit", headers=as_("otto"))).status_code for _ in range(12)]
        assert otto[:10] == [200] * 10 and otto[-1] == 429
        assert (await one.client.get("/audit", headers=as_("vera"))).status_code == 200
        assert (await one.client.get("/login")).status_code == 200


async def test_a_click_stands_in_the_record_under_the_name_that_the_proxy_proved() -> None:
    """And not under one that could have been typed in; what the role does not allow is refused, and recorded, too."""
    async with asking(proxy=proxy()) as o:
        o.client.headers[HEADER] = "ann@acme.example"
        data = await o.form(INCIDENT, f"{INCIDENT}/approve")
        o.client.headers[HEADER] = "otto"
        data["form"] = (await o.form(INCIDENT, f"{INCIDENT}/reject"))["form"]
        told = await o.client.post(f"{INCIDENT}/approve", data=data, headers=SAME)
        assert told.status_code == 403 and "needs the role approver" in told.text
        assert (await o.asked()).by == "proxy:otto (operator)"
        o.client.headers[HEADER] = "ann@acme.example"
        sent = await o.send(INCIDENT, f"{INCIDENT}/approve")
        command = await o.asked()
        assert sent.status_code == 303 and command.by == "proxy:ann@acme.example (approver)"
        assert "proxy:ann@acme.example (approver)" in await o.page("/audit")
        del o.client.headers[HEADER]
        await o.login(name="proxy:ann@acme.example (approver)")
        await o.send("/", "/pause")
        assert (await o.asked()).by == "token:proxy:ann@acme.example [approver] (approver)"


async def test_a_typed_name_is_not_the_approver_whom_the_proxy_proves() -> None:
    """The bearer of the approvers' token may type any name; the yes of the one who is named needs the proxy's word."""
    async with asking(proxy=proxy()) as o:
        lead = Approver("lead", ("proxy:ann@acme.example",))
        high = replace(o.s.engine.policy.matrix[Severity.HIGH], approver=lead)
        o.s.engine.policy = replace(o.s.engine.policy, matrix={**o.s.engine.policy.matrix, Severity.HIGH: high})
        await o.login(name="ann@acme.example")
        told = await o.page((await o.send(INCIDENT, f"{INCIDENT}/approve")).headers["location"])
        assert "you are token:ann@acme.example" in told and o.s.web.phase is Phase.ASKING
        o.client.cookies.clear()
        o.client.headers[HEADER] = "ann@acme.example"
        await o.send(INCIDENT, f"{INCIDENT}/approve")
        assert (await o.asked()).ok and o.s.web.phase is not Phase.ASKING


FORGERIES = {
    "cross-site": ({"sec-fetch-site": "cross-site"}, {}),
    "no word": ({}, {"form": ""}),
    "other word": ({}, {"form": "0" * 64}),
    "no cookie": ({"cookie": ""}, {}),
    "other person": ({HEADER: "bob@acme.example"}, {}),
}
"""The headers and the fields of a form that are not as the page and the proxy make them."""


@pytest.mark.parametrize(("headers", "fields"), FORGERIES.values(), ids=FORGERIES)
async def test_each_bar_against_other_sites_holds_alone(headers: dict[str, str], fields: dict[str, str]) -> None:
    """The proxy adds the name whoever made the browser send it; so word, cookie and origin are asked for."""
    both = People(frozenset({"ann@acme.example", "bob@acme.example"}))
    async with asking(proxy=proxy(people=both)) as o:
        o.client.headers[HEADER] = "ann@acme.example"
        data = {**await o.form(INCIDENT, f"{INCIDENT}/approve"), **fields}
        told = await o.client.post(f"{INCIDENT}/approve", data=data, headers={**SAME, **headers})
        assert told.status_code == 403 and "Nothing was done" in told.text
        assert o.s.web.phase is Phase.ASKING and not await o.s.store.asked(1)


async def test_the_api_asks_a_browser_for_the_word_as_well() -> None:
    """Else another site could use it; a program shows a token and comes without a name."""
    async with asking(proxy=proxy()) as o:
        o.client.headers[HEADER] = "ann@acme.example"
        assert (await o.client.post("/api/v1/pause")).status_code == 403
        word = (await o.form("/", "/pause"))["form"]
        assert (await o.client.post("/api/v1/pause", headers={"x-form-token": word})).status_code == 200
        o.client.cookies.clear()
        assert (await o.client.post("/api/v1/resume", headers={"x-form-token": word})).status_code == 403
        del o.client.headers[HEADER]
        assert (await o.api("/resume")).status_code == 200


async def test_the_cookie_is_for_us_alone_comes_with_pages_and_opens_nothing() -> None:
    """Out of reach of scripts and other sites; the same for a second tab, so the first one's forms stay good."""
    async with town(proxy=proxy()) as one:
        tls = {"x-forwarded-proto": "https"}
        first = await one.client.get("/", headers={**dict(as_("ann@acme.example")), **tls})
        cookie = first.headers["set-cookie"].lower()
        assert all(flag in cookie for flag in ("httponly", "samesite=strict", "; secure", "path=/"))
        assert "ann" not in cookie
        value = first.headers["set-cookie"].split(";")[0]
        assert value.startswith("__Host-")
        mine = {**dict(as_("ann@acme.example")), **tls, "cookie": value}
        assert "set-cookie" not in (await one.client.get("/", headers=mine)).headers
        second = await one.client.get("/audit", headers={**dict(as_("ann@acme.example")), **tls})
        assert second.headers["set-cookie"].split(";")[0] == value
        assert (await one.client.get("/", headers={"cookie": value, **tls})).status_code == 303
        for path in ("/api/v1/services", "/static/console.css"):
            assert "set-cookie" not in (await one.client.get(path, headers=as_("vera"))).headers


def test_what_binds_forms_lasts_for_a_while_and_is_each_person_s_own() -> None:
    """Through the turn of its window, not past the next; a change never brings a cookie of its own."""
    ours, begin = Proxied(proxy()), 100 * LIFE_SECONDS
    made = ours.bind("ann", "", begin, asks_for_a_page=True)
    assert made.cookie and made.word and made.cookie != made.word
    for now in (begin, begin + 1.9 * LIFE_SECONDS):
        again = ours.bind("ann", made.cookie, now, asks_for_a_page=True)
        assert (again.word, again.cookie) == (made.word, "")
    assert ours.bind("ann", made.cookie, begin + 2 * LIFE_SECONDS, asks_for_a_page=True).cookie not in ("", made.cookie)
    assert ours.bind("bob", made.cookie, begin, asks_for_a_page=False).word != made.word
    lost = [ours.bind("ann", "é", begin, asks_for_a_page=False) for _ in range(2)]
    assert lost[0].word != lost[1].word and {one.cookie for one in lost} == {""} and COOKIE != "watchdog_console"
    assert "kkk" not in repr(proxy()), "the key is not shown"


OURS = ("127.0.0.1", "::ffff:127.0.0.1", "10.9.8.7", "fd00::5")
FOREIGN = ("fd01::5", "11.0.0.1", "::ffff:11.0.0.1", "/run/x.sock", "")


@pytest.mark.parametrize(
    ("client", "trusted"),
    [*(((host, 5), True) for host in OURS), *(((host, 0), False) for host in FOREIGN), (None, False)],
)
def test_which_addresses_are_the_proxy_s(client: object, trusted: bool) -> None:
    """IPv4 also as it shows on an IPv6 socket; what is no address never."""
    from starlette.datastructures import Headers

    ours = Proxied(proxy("127.0.0.1", "10.0.0.0/8", "fd00::/16"))
    headers = Headers({HEADER: "vera"})
    if trusted:
        assert ours.name_of({"client": client}, headers) == "vera"
        return
    with pytest.raises(Untrusted):
        ours.name_of({"client": client}, headers)


def test_the_highest_role_counts_and_nobody_has_none() -> None:
    people = People(frozenset({"a"}), frozenset({"a", "b"}), frozenset({"b", "c"}))
    assert [people.role_of(name) for name in "abcd"] == [Role.APPROVER, Role.OPERATOR, Role.VIEWER, None]
    assert People(everybody=True).role_of("") is None and People(frozenset({""})).role_of("") is None
    everybody = People(operators=frozenset({"otto"}), everybody=True)
    assert [everybody.role_of(name) for name in ("whoever", "otto")] == [Role.VIEWER, Role.OPERATOR]
