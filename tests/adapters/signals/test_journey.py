"""Journeys over real HTTP: a shop with a login form, and a table of the ways in which it breaks."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import context_at, site
from tests.adapters.vendor import REQUEST_END, Script
from watchdog.adapters.signals.journeys.journey import build, policy_of
from watchdog.adapters.signals.journeys.session import Cookie
from watchdog.adapters.signals.journeys.steps import JourneyOptions
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown, Unread
from watchdog.ports import Sample

PASSWORD = "canary-password"
TOKEN = "canary+token/(.*)=="
SESSION = "canary-session-41"
LOGIN = f"""<!doctype html><form action="/search"><input name="q"></form>
<FORM method=post action='/login?next=%2Fcart'>
<input type=hidden name=csrf value="{TOKEN}"><input name=user value=old><input type="password" name="password">
<input type=checkbox name=stay><select name=lang><option>de<option value=en selected>English</select>
<textarea name=note>
a &amp; b</textarea><input type=submit name=go value=Enter><button name=other>Other</button></form></html>"""
STEPS: list[dict[str, Any]] = [
    {"path": "/", "contains": "</html>"},
    {"path": "/login", "take": {"csrf": {"field": "csrf"}}},
    {"name": "log in", "submit": {"user": "probe", "password": "${WATCHDOG_PROBE_SHOP}"}, "contains": "Your cart"},
    {
        "path": "/api/cart",
        "method": "POST",
        "body": {"item": "${csrf}"},
        "headers": {"x-csrf-token": "${csrf}"},
        "json": {"$.count": 1},
        "take": {"cart": {"json": "$.id"}},
    },
    {"path": "/cart/${cart}", "contains": "1 item"},
]

Answer = tuple[str, Mapping[str, str], str]
Route = Callable[[dict[str, str], str], Answer]


def html(text: str, status: str = "200 OK", **headers: str) -> Answer:
    return status, {"Content-Type": "text/html", **{name.replace("_", "-"): one for name, one in headers.items()}}, text


def log_in(head: dict[str, str], body: str) -> Answer:
    """Let in who sends the form as a browser does: its token, its cookie, and where it comes from."""
    sent = dict(parse_qsl(body, keep_blank_values=True))
    wanted = {"csrf": TOKEN, "user": "probe", "password": PASSWORD, "lang": "en", "note": "a & b", "go": "Enter"}
    from_here = head["origin"] == f"http://{head['host']}" and head["referer"] == f"{head['origin']}/login"
    if sent != wanted or "visit=1" not in head.get("cookie", "") or not from_here:
        return html("no", "403 Forbidden")
    return html("", "303 See Other", Location="/cart", Set_Cookie=f"session={SESSION}; Path=/; HttpOnly")


def members(answer: Answer) -> Route:
    return lambda head, body: answer if f"session={SESSION}" in head.get("cookie", "") else html("no", "403 Forbidden")


def add(head: dict[str, str], body: str) -> Answer:
    good = head.get("x-csrf-token") == TOKEN and body == f'{{"item":"{TOKEN}"}}'
    return members(("200 OK", {}, '{"count": 1, "id": "41/2"}' if good else '{"count": 0}'))(head, body)


SHOP: Mapping[str, Route] = {
    "GET /": lambda head, body: html("<html></html>", Set_Cookie="visit=1"),
    "GET /login": lambda head, body: html(LOGIN),
    "POST /login?next=%2Fcart": log_in,
    "GET /cart": members(html("Your cart")),
    "POST /api/cart": add,
    "GET /cart/41%2F2": members(html("1 item")),
}


def shop(seen: list[tuple[str, dict[str, str]]] | None = None, **changed: Route | None) -> Script:
    """Return the shop with some routes changed: by the place of the route in the table (a0 is the first)."""
    table = {line: changed.get(f"a{place}", route) for place, (line, route) in enumerate(SHOP.items())}

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(REQUEST_END)).decode().strip().split("\r\n")
        head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = (await reader.readexactly(int(head.get("content-length", "0")))).decode()
        line = first.removesuffix(" HTTP/1.1")
        if seen is not None:
            seen.append((line, head))
        route = table[line] if line in table else lambda *_: html("not found", "404 Not Found")
        if route is None:  # it never answers
            await reader.read()
            return
        status, headers, text = route(head, body)
        given = {"Content-Length": str(len(text.encode())), **headers}
        shown = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        writer.write(f"HTTP/1.1 {status}\r\n{shown}\r\n{text}".encode())
        await writer.drain()

    return script


async def walk(url: str, steps: list[dict[str, Any]] | None = None, **options: Any) -> Sample:
    given = JourneyOptions.model_validate({"journey": url, "steps": steps or STEPS, **options})
    source = build("order", given, context_at(secrets={"WATCHDOG_PROBE_SHOP": PASSWORD}))
    (sample,) = await source.read()
    await source.close()
    return sample


async def walked(script: Script, steps: list[dict[str, Any]] | None = None, **options: Any) -> Reading:
    async with site(script) as base:
        return (await walk(base, steps, **options)).reading


async def test_a_visitor_orders() -> None:
    """Six requests of five steps, each on its own connection; the next visitor begins without a cookie."""
    seen: list[tuple[str, dict[str, str]]] = []
    async with site(shop(seen)) as base:
        first, second = await walk(base), await walk(base)
    assert first.reading == second.reading == Good("5 of 5 steps passed")
    assert first.latency_seconds is not None and first.status_code == 200
    assert [line for line, _ in seen] == list(SHOP) * 2
    assert all(head["connection"] == "close" for _, head in seen)
    assert "cookie" not in seen[6][1]


def again(head: dict[str, str], body: str) -> Answer:
    return html("", "302 Found", Location="/cart")


def page(text: str, **headers: str) -> Route:
    return lambda head, body: html(text, **headers)


FAILURES: list[tuple[str, dict[str, Route | None], dict[str, Any], str, FailureKind]] = [
    ("a page is broken", {"a0": page("oops")}, {}, 'step 1 of 5 (/): body lacks "</html>"', FailureKind.BODY),
    ("the hidden field is missing", {"a1": page(LOGIN.replace("name=csrf", ""))}, {},
     "step 2 of 5 (/login): csrf cannot be taken: field csrf is not there", FailureKind.BODY),
    ("the form lost a field", {"a1": page(LOGIN.replace("name=user", ""))}, {},
     "step 3 of 5 (log in): the page has no form with user, password (it has 2 forms)", FailureKind.BODY),
    ("the site sets no cookie", {"a0": page("</html>")}, {},
     "step 3 of 5 (log in): HTTP 403", FailureKind.STATUS),
    ("the cookie is refused", {"a0": page("</html>", Set_Cookie="visit=1; Domain=other.example")}, {},
     "step 3 of 5 (log in): HTTP 403 (a cookie was refused: its Domain is another host)", FailureKind.STATUS),
    ("the cookie is removed", {"a1": page(LOGIN, Set_Cookie="visit=1; Path=/; Max-Age=0")}, {},
     "step 3 of 5 (log in): HTTP 403", FailureKind.STATUS),
    ("the login leads round and round", {"a3": again}, {},
     "step 3 of 5 (log in): more than 5 redirects, the last to ", FailureKind.REDIRECT),
    ("the cart fails", {"a4": lambda *_: html("no", "500 Internal Server Error")}, {},
     "step 4 of 5 (/api/cart): HTTP 500", FailureKind.STATUS),
    ("the cart is wrong", {"a4": lambda *_: ("200 OK", {}, '{"count": 2}')}, {},
     "step 4 of 5 (/api/cart): $.count is 2, expected 1", FailureKind.BODY),
    ("the cart has no name", {"a4": lambda *_: ("200 OK", {}, '{"count": 1, "id": {}}')}, {},
     "step 4 of 5 (/api/cart): cart cannot be taken: json $.id is not there", FailureKind.BODY),
    ("the last page hangs", {"a5": None}, {"timeout": "1s"},
     "s (first byte), all steps have 1 s", FailureKind.TIMEOUT),
    ("a page is huge", {"a0": page("x" * 1_100_000)}, {},
     "step 1 of 5 (/): body larger than 1,024 KiB (limit max_body)", FailureKind.TOO_LARGE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "options", "why", "kind"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
async def test_the_first_step_that_fails_is_named(
    changed: dict[str, Route | None], options: dict[str, Any], why: str, kind: FailureKind
) -> None:
    reading = await walked(shop(**changed), **options)
    assert isinstance(reading, Bad) and reading.kind is kind
    assert reading.why.startswith(why) or (kind is FailureKind.TIMEOUT and why in reading.why)
    assert not any(word in reading.why for word in (PASSWORD, TOKEN, SESSION))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            {"a1": page(LOGIN.replace("action='/login?next=%2Fcart'", "action='https://evil.example/'"))},
            "to another site",
        ),
        ({"a1": page(LOGIN.replace("action='/", "action='//evil.example/"))}, "to another site"),
        ({"a1": page(LOGIN.replace("action='/login?next=%2Fcart'", "action='javascript:x()'"))}, "to another site"),
        ({"a1": page("<base href='http://127.0.0.1:1/'>" + LOGIN)}, "to another site"),
        ({"a1": page(LOGIN.replace("method=post", "method=post enctype=multipart/form-data"))}, "another encoding"),
        ({"a1": page(LOGIN.replace("method=post", "").replace("a &amp; b", "x" * 70_000))}, "becomes too long"),
        ({"a1": page(LOGIN + "<form>" * 60 + "</form><form>" * 60)}, "more than 50 forms"),
        ({"a1": page(LOGIN + "<form>" + "<input name=a>" * 2000)}, "more than 50 forms or 1000 fields"),
        ({"a1": page(LOGIN, Content_Encoding="br")}, "cannot be read"),
    ],
)
async def test_what_we_do_not_dare_to_send_or_cannot_read_is_no_evidence(changed: dict[str, Route], why: str) -> None:
    """And no password leaves: the login is never asked for."""
    seen: list[tuple[str, dict[str, str]]] = []
    reading = await walked(shop(seen, **changed))
    assert isinstance(reading, Unknown) and why in reading.why
    assert not any(line.startswith("POST") for line, _ in seen)


async def test_half_a_character_is_not_sent() -> None:
    """JSON can name one; no request can hold it."""
    reading = await walked(shop(a4=lambda *_: ("200 OK", {}, '{"count": 1, "id": "\\ud800"}')))
    assert reading == Unknown("step 4 of 5 (/api/cart): cart cannot be sent: json $.id holds half a character")


async def test_a_site_that_limits_us_is_unknown() -> None:
    reading = await walked(shop(a4=lambda *_: html("", "429 Too Many Requests")))
    assert isinstance(reading, Unknown) and reading.cause is Unread.TURNED_AWAY


async def test_hostile_html_is_read_within_limits() -> None:
    """A page that opens what it never closes: the forms are not read, and the site is not blamed for it."""
    for text in ("<a " * 300_000, "<form><input name='" + "x" * 900_000, "<!--" * 200_000, "<textarea>" * 90_000):
        reading = await walked(shop(a1=page(LOGIN[:40] + text)))
        assert isinstance(reading, (Bad, Unknown)) and reading.why.startswith("step 2 of 5 (/login): ")


async def test_a_value_of_the_site_is_never_the_place_of_a_secret() -> None:
    """A token that looks like the place of a secret is sent as it came."""
    seen: list[tuple[str, dict[str, str]]] = []
    place = "${WATCHDOG_PROBE_SHOP}"
    steps = [
        {"path": "/", "take": {"token": {"header": "x-token"}}, "auth": {"bearer": place}},
        {"path": "/${token}", "headers": {"x-token": "${token}"}, "status": 404},
    ]
    assert isinstance(await walked(shop(seen, a0=page("", X_Token=place)), steps), Good)
    line, head = seen[1]
    assert line == "GET /%24%7BWATCHDOG_PROBE_SHOP%7D" and head["x-token"] == place and "authorization" not in head


async def test_words_of_the_site_and_secrets_are_hidden_from_the_reason() -> None:
    """Cookies, taken values and hidden fields; also where they are patterns, or stand in an address."""
    for word in (SESSION, TOKEN, quote(TOKEN, safe=""), PASSWORD, base64.b64encode(PASSWORD.encode()).decode()):
        steps = [*STEPS[:3], {"path": "/cart", "expect": {"headers": {"x-said": "nothing"}}}]
        cart = members(html("Your cart", X_Said=word))
        reading = await walked(shop(a3=cart), steps)
        assert reading == Bad('step 4 of 4 (/cart): header x-said is "***", expected /nothing/', FailureKind.HEADER)


async def test_a_value_that_no_field_of_a_form_holds_is_hidden_too() -> None:
    """A taken value stands in no cookie and in no hidden field: the taking itself hides it."""
    word = "canary-cart-8841"
    added = members(("200 OK", {}, f'{{"count": 1, "id": "{word}"}}'))
    steps = [*STEPS[:4], {"path": "/cart", "expect": {"headers": {"x-said": "nothing"}}}]
    reading = await walked(shop(a3=members(html("Your cart", X_Said=word)), a4=added), steps)
    assert reading == Bad('step 5 of 5 (/cart): header x-said is "***", expected /nothing/', FailureKind.HEADER)


SECURE = Cookie("session", SESSION, "acme.example", True, "/cart", True)


@pytest.mark.parametrize(
    ("cookie", "url", "goes"),
    [
        (SECURE, "https://acme.example/cart", True),
        (SECURE, "https://shop.acme.example/cart/1", True),
        (SECURE, "http://acme.example/cart", False),
        (replace(SECURE, secure=False), "http://acme.example/cart", True),
        (replace(SECURE, below=False), "https://shop.acme.example/cart", False),
        (SECURE, "https://notacme.example/cart", False),
        (SECURE, "https://acme.example/carts", False),
        (SECURE, "https://acme.example/", False),
        (replace(SECURE, host="localhost"), "http://localhost/cart", True),
    ],
)
def test_a_cookie_goes_where_browsers_send_it(cookie: Cookie, url: str, goes: bool) -> None:
    """RFC 6265, 5.4: by host, path, and whether the way is safe; a downgrade to http must not show a session."""
    assert cookie.goes_to(httpx.URL(url)) is goes


@pytest.mark.parametrize("age", ["--5", "\N{SUPERSCRIPT TWO}", "9" * 5000])
async def test_an_age_of_a_cookie_that_is_no_number_is_left_out(age: str) -> None:
    first = html("<html></html>", Set_Cookie=f"visit=1; Max-Age={age}")
    assert isinstance(await walked(shop(a0=lambda *_: first)), Good)


async def test_another_server_that_a_redirect_names_gets_nothing_of_the_form() -> None:
    """Another port is another server; cookies alone are of the host, as RFC 6265 has it."""
    other: list[tuple[str, dict[str, str]]] = []
    async with (
        site(shop(other)) as there,
        site(shop(a2=lambda *_: html("", "302 Found", Location=f"{there}/"))) as base,
    ):
        reading = (await walk(base, [*STEPS[:2], {**STEPS[2], "contains": "</html>"}])).reading
    assert isinstance(reading, Good)
    ((line, head),) = other
    assert line == "GET /" and not {"origin", "referer", "content-length"} & set(head)


async def test_it_connects_to_addresses_of_one_version_alone() -> None:
    why = "step 1 of 5 (/): DNS: the name has no IPv6 address"
    assert await walked(shop(), ip=6) == Bad(why, FailureKind.DNS)


async def test_another_host_gets_no_cookie() -> None:
    other: list[tuple[str, dict[str, str]]] = []
    async with site(shop(other)) as there:
        moved = there.replace("127.0.0.1", "localhost")
        steps = [{"path": "/"}, {"path": "/login", "contains": "</html>"}]
        reading = await walked(shop(a1=lambda *_: html("", "302 Found", Location=f"{moved}/")), steps)
    why = "step 2 of 2 (/login): redirected into a private network: not followed"
    assert reading == Bad(why, FailureKind.REDIRECT) and other == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"steps": []}, "at least 1 item"),
        ({"steps": [{"path": "/"}] * 21}, "at most 20 items"),
        ({"steps": [{"submit": {"a": "b"}}]}, "no page before it"),
        ({"steps": [{"path": "/", "submit": {"a": "b"}}]}, "not both"),
        ({"steps": [{"contains": "a"}]}, "write path, or submit"),
        ({"steps": [{"path": "/"}, {"submit": {"a": "b"}, "method": "POST"}]}, "remove method and body"),
        ({"steps": [{"path": "//evil.example/"}]}, "not a path of the site"),
        ({"steps": [{"path": "https://evil.example/"}]}, "not a path of the site"),
        ({"steps": [{"path": "/${WATCHDOG_PROBE_SHOP}"}]}, "ends up in logs"),
        ({"steps": [{"path": "/${token}"}]}, "no step before has taken"),
        ({"steps": [{"path": "/", "headers": {"cookie": "a=b"}}]}, "the site's cookies itself"),
        ({"steps": [{"path": "/"}, {"submit": {"password": "canary"}}]}, "a key never stands in this file"),
        ({"steps": [{"path": "/", "headers": {"x-token": "canary"}}]}, "a key never stands in this file"),
        ({"steps": [{"path": "/"}, {"submit": {"a": "${WATCHDOG_RENDER_API_KEY}"}}]}, "no probe may send"),
        ({"steps": [{"path": "/", "take": {"Token": {"json": "$.a"}}}]}, "not a name for a value"),
        ({"steps": [{"path": "/", "take": {"token": {"json": "a"}}}]}, "not a JSON path"),
        ({"steps": [{"path": "/", "take": {"token": {"json": "$.a", "field": "b"}}}]}, "one of these, please"),
        ({"steps": STEPS, "ip": 4, "proxy": {"url": "http://127.0.0.1:3128"}}, "the proxy chooses the address"),
    ],
)
def test_a_journey_that_cannot_be_meant_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        JourneyOptions.model_validate({"journey": "https://www.acme.example", **change})
    assert why in str(refused.value) and "canary" not in str(refused.value)


def test_it_counts_as_a_probe_of_the_site() -> None:
    """Its severity is that of `http`: critical where it is called so."""
    options = JourneyOptions.model_validate({"journey": "https://www.acme.example", "steps": STEPS, "critical": True})
    policy = policy_of("order", options)
    assert policy.asks_the_site and policy.critical and policy.severity is None
    assert (policy.kind, policy.source, policy.every_seconds) == ("http", "journey", 30.0)
    assert options.variables_by_key == {"steps": ("WATCHDOG_PROBE_SHOP",)}
