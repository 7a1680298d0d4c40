"""The one HTTP client's reaction to every kind of answer, and to none; over real sockets."""

import asyncio
import functools
import gzip
import logging
import socket
import traceback
import tracemalloc

import httpx
import pytest

from tests.adapters.signals.sites import (
    NOW,
    answering,
    client_tls,
    flood,
    hang,
    hang_up,
    reset,
    server_tls,
    site,
    trickle,
)
from tests.adapters.vendor import Seen, Vendor
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.ssrf_transport import GuardedTransport
from watchdog.domain.errors import Forbidden, OutcomeUnknown, Permanent, Refused, Temporary

CANARY = "rnd_canary0123456789"


def client(url: str, clock: FakeClock | None = None, **options) -> ApiClient:
    headers = {"authorization": f"Bearer {CANARY}"}
    return ApiClient("Acme", url, headers=headers, clock=clock or FakeClock(), **{"timeout_seconds": 5.0, **options})


@pytest.fixture
def api(vendor: Vendor, clock: FakeClock, closing) -> ApiClient:
    return closing(client(vendor.url, clock))


SLOW_BODY = trickle(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" ")
SLOW_HEADERS = trickle(b"HTTP/1.1 200 OK\r\n", b"X-Slow: loris\r\n")
ENDLESS = flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
CUT = {"Content-Length": "100"}
"""More than a body that is shorter."""


async def test_get_reads_json_with_repeated_parameters_and_our_key(vendor: Vendor, monkeypatch, closing):
    """From the vendor itself, whatever proxy the environment names."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    vendor.say("GET", "/v1/deploys", [{"id": "dep-1"}])
    api = closing(client(vendor.url + "/v1/"))
    came = await api.get("/deploys", [("status", "live"), ("status", "deactivated")])
    assert (came.status, came.json) == (200, [{"id": "dep-1"}])
    assert vendor.seen[0].query == (("status", "live"), ("status", "deactivated"))
    assert vendor.seen[0].headers["authorization"] == f"Bearer {CANARY}"
    assert vendor.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff\xfe", b"null"])
async def test_what_is_not_json_is_none(vendor: Vendor, body, api):
    """Empty, HTML, absurdly deep and undecodable bodies are answers without JSON."""
    vendor.say("GET", "/x", (200, body))
    came = await api.get("/x")
    assert came.json is None and len(came.text) <= 64 * 1024


async def test_get_is_tried_again_and_then_given_up(vendor: Vendor, api):
    """Two failures then success is a success; three failures are Temporary, and no message holds a URL."""
    vendor.say("GET", "/a", 503, 500, {"fine": True})
    vendor.say("GET", "/b", 503)
    assert (await api.get("/a")).json == {"fine": True}
    with pytest.raises(Temporary, match=r"^Acme answered 503$"):
        await api.get("/b")
    assert [request.path for request in vendor.seen] == ["/a"] * 3 + ["/b"] * 3


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "Unauthorized"}, "Acme refused our key (401): make a new one"),
        (404, {"message": "not found: srv-1"}, 'Acme answered 404: "not found: srv-1"'),
        (403, "plain\x1b[31m words", 'Acme answered 403: "plain [31m words": ask the owner'),
        (400, {"error": {"message": "bad range"}}, 'Acme answered 400: "bad range"'),
        (302, "", "Acme answered 302: a redirect, which is not followed; check the base URL"),
        (404, "<html>long</html>", "Acme answered 404"),
        (422, "x" * 5000, f'Acme answered 422: "{"x" * 299}…"'),
    ],
)
async def test_get_is_refused_for_good(vendor: Vendor, status, body, words, closing):
    vendor.say("GET", "/x", (status, body, {"location": "/elsewhere"}))
    api = closing(client(vendor.url, hints={401: "make a new one", 403: "ask the owner"}))
    with pytest.raises(PermanentAnswer) as caught:
        await api.get("/x")
    assert str(caught.value) == words and caught.value.status == status and len(vendor.seen) == 1
    assert isinstance(caught.value, Forbidden) == (status in (401, 403))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_page_of_a_firewall_is_no_refusal_of_the_key(vendor: Vendor, status: int, closing):
    """It may pass, but not in a second; a new key would not help. A change that it stopped has not happened."""
    page = "\n<!DOCTYPE html><h1>Request blocked</h1>"
    vendor.say("GET", "/x", (status, page))
    vendor.say("POST", "/x", *[(status, page)] * 2, (200, page))
    api = closing(client(vendor.url, hints={401: "make a new key", 403: "make a new key"}))
    told = (
        "a page, not its own answer: a firewall or a proxy refused the call, not the key; let this machine reach Acme"
    )
    asked = (
        (api.get("/x"), Temporary),
        (api.deliver("/x", {}), Temporary),
        (api.change("POST", "/x", {}), PermanentAnswer),
    )
    for ask, error in asked:
        with pytest.raises(error, match=f"^Acme answered {status}: {told}$") as caught:
            await ask
        assert getattr(caught.value, "retry_after_seconds", 60) == 60
    with pytest.raises(Temporary, match=f"^Acme answered 200: {told}$"):
        await api.deliver("/x", {})
    await api.deliver("/x", {}, pages=True)
    assert vendor.count("GET") == 1


@pytest.mark.parametrize("seconds", [4, 5])
async def test_case_13_get_honours_a_short_retry_after(vendor: Vendor, clock: FakeClock, api, seconds: int):
    """A 429 that asks for 4 s is waited out, and one that asks for the longest we wait."""
    vendor.say("GET", "/x", (429, {"message": "rate limit exceeded"}, {"Retry-After": str(seconds)}), {"ok": 1})
    assert (await api.get("/x")).json == {"ok": 1} and clock.elapsed >= seconds


@pytest.mark.parametrize("before", [0, 280, 1190, 1199])
async def test_no_part_of_a_key_is_shown_where_a_text_is_cut(closing, before: int):
    """The key is hidden first and the text shortened after: a half of it would not be found any more."""
    key = "c4n4ry-0123456789"
    api = closing(ApiClient("V", "https://v.example", headers={"authorization": f"Bearer {key}"}, clock=FakeClock()))
    assert "c4n" not in api.redact(" " * before + key + " and more " * 50)
    assert "c4n" not in api.redact("x" * before + key + " and more " * 50)


async def test_case_13_get_does_not_wait_for_a_long_retry_after_nor_ask_again_before_it(
    vendor: Vendor, clock: FakeClock, api
):
    """A 429 that asks for 60 s is Temporary at once; until then nothing is sent."""
    vendor.say("GET", "/x", (429, {"message": "rate limit exceeded"}, {"Retry-After": "60"}), {"ok": 1})
    for _ in range(2):
        with pytest.raises(Temporary) as caught:
            await api.get("/x")
        assert 59 <= caught.value.retry_after_seconds <= 60
    assert len(vendor.seen) == 1
    clock.freeze(61)
    assert (await api.get("/x")).json == {"ok": 1}


async def test_get_stops_before_the_rate_limit_is_broken(vendor: Vendor, clock: FakeClock, api):
    """The last request of a window closes the gate until the window ends: long is Temporary, short is waited for.

    It may be a refused one: GitHub says 403 where its limit is used up.
    """
    used_up = {"Ratelimit-Limit": "400", "Ratelimit-Remaining": "0"}
    long, short = (200, {}, {**used_up, "Ratelimit-Reset": "40"}), (200, {}, {**used_up, "Ratelimit-Reset": "3"})
    vendor.say("GET", "/x", long, short, {"ok": 1})
    await api.get("/x")
    with pytest.raises(Temporary, match=r"takes no more requests for 40 s") as caught:
        await api.get("/x")
    assert caught.value.retry_after_seconds == pytest.approx(40)
    clock.freeze(41)
    await api.get("/x")
    before = clock.elapsed
    assert (await api.get("/x")).json == {"ok": 1} and clock.elapsed - before == pytest.approx(3)
    vendor.say("GET", "/x", (403, *long[1:]))
    for error in (PermanentAnswer, Temporary):
        with pytest.raises(error):
            await api.get("/x")
    assert len(vendor.seen) == 4


@pytest.mark.parametrize("script", [SLOW_BODY, SLOW_HEADERS], ids=["body", "headers"])
async def test_case_29_a_trickling_answer_is_cut_by_the_total_deadline(raw, closing, script):
    """Each byte resets httpx's read timeout; the total deadline does not care."""
    server = await raw(script)
    api = closing(client(server.url, timeout_seconds=0.4, attempts=1))
    with pytest.raises(Temporary, match=r"^Acme did not answer in 0\.4 s \(TimeoutError\)$"):
        await api.get("/x")
    await asyncio.wait_for(server.ended.wait(), PATIENCE_SECONDS)


async def test_case_30_an_endless_answer_is_cut_by_the_size_limit(raw, closing):
    server = await raw(ENDLESS)
    api = closing(client(server.url, max_body_bytes=1_000_000))
    with pytest.raises(Permanent, match=r"^Acme sent more than 1000000 bytes$"):
        await api.get("/x")
    await asyncio.wait_for(server.ended.wait(), PATIENCE_SECONDS)
    assert server.connections == 1


async def test_case_28_a_port_that_accepts_and_never_reads_is_a_timeout(closing):
    """Half-open: the backlog takes the connection, and no process accepts it.

    The outcome of a change is not known then.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        api = closing(client(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_seconds=0.3, attempts=1))
        with pytest.raises(Temporary, match=r"^Acme did not answer in 0\.3 s"):
            await api.get("/x")
        with pytest.raises(OutcomeUnknown, match=r"^Acme did not answer in 0\.3 s"):
            await api.change("POST", "/x", None)


async def test_case_32_a_header_of_five_megabytes_is_refused(raw, closing):
    """At 100 KB; a change that was answered so may have happened."""
    server = await raw(answering(headers={"X-Big": "x" * 5_000_000}))
    api = closing(client(server.url, attempts=1))
    with pytest.raises(Temporary, match=r"^Acme broke the connection off \(RemoteProtocolError\)$"):
        await api.get("/x")
    with pytest.raises(OutcomeUnknown):
        await api.change("POST", "/x", None)
    before = len(server.requests)
    with pytest.raises(Temporary, match=r"^Acme broke the connection off \(RemoteProtocolError\)$"):
        await api.post("/x", {})
    assert len(server.requests) == before + 1, "the outbox repeats it, not the client"


async def test_case_34_an_expired_certificate_of_a_vendor_sends_nothing(closing):
    for names, ends_at in ((("127.0.0.1",), NOW.replace(year=2020)), (("other.example",), None)):
        seen: list[str] = []
        async with site(answering(b"{}", seen=seen), server_tls(*names, ends_at=ends_at)) as base:
            api = closing(client(base, attempts=1, transport=GuardedTransport(context=client_tls())))
            with pytest.raises(Temporary, match=r"^Acme could not be reached \(ConnectError\): nothing was sent$"):
                await api.change("POST", "/x", None)
        assert seen == []


@pytest.mark.parametrize(("size", "fits"), [(10_000, True), (50_000_000, False)])
async def test_case_31_a_compressed_answer_is_inflated_within_the_limit(vendor: Vendor, size, fits, closing):
    """We ask for identity; an answer that is compressed all the same is inflated, a bomb is cut."""
    body = gzip.compress(b'"' + b"a" * size + b'"')
    vendor.say("GET", "/x", (200, body, {"content-encoding": "gzip"}))
    api = closing(client(vendor.url, max_body_bytes=1_000_000))
    if fits:
        assert (await api.get("/x")).json == "a" * size
    else:
        tracemalloc.start()
        with pytest.raises(Permanent, match="sent more than 1000000 bytes"):
            await api.get("/x")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10_000_000


async def test_a_dead_kept_connection_does_not_fail_a_read(raw, closing):
    """The server closes a kept connection as we reuse it: the read goes on with a new one."""

    async def answer_then_hang_up(reader, writer):
        await answering(b"{}")(reader, writer)
        await server.request(reader)

    server = await raw(answer_then_hang_up, answering(b'{"second": 1}'))
    api = closing(client(server.url))
    await api.get("/x")
    assert (await api.get("/x")).json == {"second": 1} and (server.connections, len(server.requests)) == (2, 3)


async def test_cancelling_a_read_cancels_it(raw, closing):
    server = await raw(hang)
    api = closing(client(server.url))
    reading = asyncio.create_task(api.get("/x"))
    while not server.requests:
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_change_is_accepted(vendor: Vendor, status, api):
    vendor.say("POST", "/services/srv-1/rollback", (status, b"" if status in (202, 204) else {"id": "dep-9"}))
    came = await api.change("POST", "/services/srv-1/rollback", {"deployId": "dep-1"})
    assert came.status == status and came.json == (None if status in (202, 204) else {"id": "dep-9"})
    assert [(request.method, request.body) for request in vendor.seen] == [("POST", {"deployId": "dep-1"})]


@pytest.mark.parametrize(
    ("status", "error"),
    [(code, PermanentAnswer) for code in (400, 401, 402, 403, 404, 406, 409, 410, 422)]
    + [(429, Temporary)]
    + [(code, OutcomeUnknown) for code in (302, 304, 408, 500, 502, 503, 504)],
)
async def test_change_is_one_request_whatever_the_status(vendor: Vendor, status, error, api):
    """A refusal is Permanent, 429 is Temporary with its wait, all else is unknown; always exactly one request."""
    vendor.say("PATCH", "/services/srv-1", (status, b"", {"Retry-After": "7", "location": "/services/srv-1"}))
    with pytest.raises(error) as caught:
        await api.change("PATCH", "/services/srv-1", {"autoDeployTrigger": "off"})
    assert type(caught.value) is error and len(vendor.seen) == 1
    if isinstance(caught.value, Temporary):
        assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (hang, OutcomeUnknown),
        (hang_up, OutcomeUnknown),
        (reset, OutcomeUnknown),
        (SLOW_BODY, OutcomeUnknown),
        (answering(b'{"id', "201 Created", CUT), OutcomeUnknown),
        (answering(b"", "503 Unavailable", CUT), OutcomeUnknown),
        (answering(b"", "not HTTP at all"), OutcomeUnknown),
        (answering(b"{", "404 Not Found", CUT), PermanentAnswer),
        (answering(b"{", "429 Too Many", CUT), Temporary),
    ],
)
async def test_a_lost_answer_to_a_change_is_never_asked_for_again(raw, script, error, closing):
    """Timeout, hang-up, half an answer: the outcome is unknown (unless the status was heard); one request is seen."""
    server = await raw(script)
    api = closing(client(server.url, timeout_seconds=2.0))
    with pytest.raises(error) as caught:
        await api.change("POST", "/services/srv-1/rollback", {"deployId": "dep-1"})
    assert type(caught.value) is error and (server.connections, len(server.requests)) == (1, 1)


async def test_each_change_has_a_fresh_connection(raw, closing):
    """A kept connection that died would make a change look lost: none is kept, though the server would; reads keep."""

    async def answer_for_ever(reader, writer):
        while True:
            await answering(b"{}")(reader, writer)

    server = await raw(answer_for_ever)
    api = closing(client(server.url))
    for _ in range(3):
        await api.get("/x")
    assert server.connections == 1
    for _ in range(2):
        await api.change("POST", "/x", {})
    assert server.connections == 3


async def test_a_read_only_client_cannot_write(raw, closing):
    """Neither its methods nor the client within can do anything but GET; no socket is touched."""
    server = await raw(answering(b"{}"))
    api = closing(client(server.url, read_only=True))
    for attempt in (
        api.change("POST", "/x", {}),
        api.change("GET", "/x", None),
        api.post("/x", {}),
        api.post_form("/x", {}),
        api._reads.post(server.url + "/x"),
        api._reads.request("PATCH", server.url + "/x"),
        api._reads.delete(server.url + "/x"),
    ):
        with pytest.raises(Refused):
            await attempt
    assert server.connections == 0
    inner = [value for value in vars(api).values() if isinstance(value, httpx.AsyncClient)]
    assert inner == [api._reads] and (await api.get("/x")).json == {}


async def test_what_is_not_allowed_is_not_sent(vendor: Vendor, closing):
    vendor.say("POST", "/ok", {})
    vendor.say("GET", "/any", {})
    api = closing(
        client(vendor.url, allow=lambda method, path, body: (method, path, body) == ("POST", "/ok", {"a": 1}))
    )
    await api.change("POST", "/ok", {"a": 1})
    await api.get("/any")
    for attempt in (
        api.change("POST", "/ok", {"a": 2}),
        api.change("DELETE", "/ok", {"a": 1}),
        api.post("/other", {"a": 1}),
    ):
        with pytest.raises(Refused):
            await attempt
    assert [request.path for request in vendor.seen] == ["/ok", "/any"]


@pytest.mark.parametrize(
    ("status", "error", "wait"),
    [
        (429, Temporary, 9.0),
        (503, Temporary, 9.0),
        (500, Temporary, 9.0),
        (400, PermanentAnswer, 0),
        (302, Permanent, 0),
    ],
)
async def test_telling_is_one_attempt(vendor: Vendor, status, error, wait, api):
    """The outbox repeats a page, not the client; the wait asked for is passed on."""
    vendor.say("POST", "/hook", (status, {"message": "no"}, {"Retry-After": "9"}))
    with pytest.raises(error) as caught:
        await api.post("/hook", {"text": "down"})
    assert getattr(caught.value, "retry_after_seconds", 0) == wait
    assert [request.body for request in vendor.seen] == [{"text": "down"}]


def everything_said(error: BaseException) -> str:
    """Return all that a log or an error tracker would print of an error, its causes and contexts included."""
    parts = ["".join(traceback.format_exception(error))]
    linked: BaseException | None = error
    while linked is not None:
        parts += [str(linked), repr(linked), repr(linked.args)]
        linked = linked.__cause__ or linked.__context__
    return "\n".join(parts)


def echo(status: int, seen: Seen):
    said = {"message": f"no: {seen.headers['authorization']} at {seen.path}"}
    return status, said, {"location": f"http://127.0.0.1:1/{CANARY}"}


async def test_no_secret_is_ever_told(vendor: Vendor, raw, caplog, closing):
    """A key in the header or in the URL is in no error, no cause of it, no log record; even if the vendor echoes it."""
    caplog.set_level(logging.DEBUG)
    statuses = (302, 400, 401, 404, 429, 500)
    for status in statuses:
        for method in ("GET", "POST"):
            vendor.say(method, f"/{status}/{CANARY}/x", functools.partial(echo, status))
    answered = [f"{vendor.url}/{status}" for status in statuses]
    urls = [*answered, "http://127.0.0.1:1", "http://127.0.0.1:99999", "nonsense://host"]
    urls += [(await raw(script)).url for script in (hang_up, SLOW_BODY, ENDLESS, answering(b"", "garbage"))]
    said = []
    for url in urls:
        seconds = PATIENCE_SECONDS if url in answered else 0.3
        api = closing(client(f"{url}/{CANARY}", timeout_seconds=seconds, max_body_bytes=1000, attempts=1))
        said.append(repr(api))
        for make in (api.get, api.post, lambda path, body=None, api=api: api.change("POST", path, body)):
            with pytest.raises((Temporary, Permanent, OutcomeUnknown)) as caught:
                await (make("/x") if make == api.get else make("/x", {}))
            said.append(everything_said(caught.value))
    assert len(vendor.seen) == 3 * len(statuses)
    text = "\n".join([*said, caplog.text, *(repr(vars(record)) for record in caplog.records)])
    assert text.count("Acme") >= 3 * len(urls) and CANARY not in text


@pytest.mark.parametrize("key", [f"{CANARY}\n", f"{CANARY}é", f"{CANARY}\x00", ""])
def test_a_key_that_cannot_be_sent_is_refused_without_printing_it(key):
    """A pasted line end or sign would make the HTTP library print the whole header: it is refused before."""
    with pytest.raises(Permanent) as caught:
        ApiClient("Acme", "http://127.0.0.1:1", headers={"authorization": f"Bearer {key}"}, clock=FakeClock())
    assert "copy the key again" in str(caught.value) and CANARY not in everything_said(caught.value)


class Frozen(FakeClock):
    """A clock under which every look is ten seconds later: the process was frozen in between."""

    def monotonic(self) -> float:
        self.freeze(10.0)
        return super().monotonic()


async def test_case_06_a_change_is_not_sent_after_its_deadline(vendor: Vendor, closing):
    """Frozen while it connects, it wakes too late: no byte leaves, so nothing happened. A read may go late."""
    vendor.say("POST", "/x", {"id": "1"})
    vendor.say("GET", "/x", {"id": "1"})
    api = closing(client(vendor.url, Frozen()))
    with pytest.raises(Temporary, match="nothing was sent"):
        await api.change("POST", "/x", None)
    assert vendor.count("POST") == 0
    await api.get("/x")
    assert vendor.count("GET") == 1


@pytest.mark.parametrize(("status", "ok"), [("400 Bad Request", True), ("401 No", True), ("429 Busy", False)])
async def test_a_form_is_asked_once_and_a_refusal_is_an_answer(raw, status: str, ok: bool, closing) -> None:
    """As a browser sends one; a vendor that is broken or busy has not answered."""
    server = await raw(answering(b'{"error": "invalid_grant"}', status))
    api = closing(client(server.url, read_only=False))
    if ok:
        came = await api.post_form("/token", {"code": "a b&c"})
        assert came.json == {"error": "invalid_grant"}
    else:
        with pytest.raises(Temporary):
            await api.post_form("/token", {"code": "a b&c"})
    (request,) = server.requests
    assert request.endswith(b"\r\n\r\ncode=a+b%26c")
    assert b"content-type: application/x-www-form-urlencoded" in request.lower()


async def test_a_header_of_a_form_that_cannot_be_sent_is_reported_without_its_value(vendor: Vendor, api) -> None:
    with pytest.raises(Permanent, match="copy the key again") as caught:
        await api.post_form("/token", {}, {"authorization": f"Basic {CANARY}\n"})
    assert CANARY not in str(caught.value) and vendor.seen == []
