"""What a probe sends, over real sockets: method, headers, body, credentials; and to whom it does not send them."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import answering, context_at, site
from tests.adapters.vendor import REQUEST_END, Script
from watchdog.adapters.signals import http
from watchdog.domain.readings import Bad, FailureKind, Good
from watchdog.ports import Sample

KEY, PASSWORD = "c4n4ry-probe-key", 'c4n4ry p4ss"word\\'
SECRETS = {"WATCHDOG_PROBE_KEY": KEY, "WATCHDOG_PROBE_PASSWORD": PASSWORD, "WATCHDOG_RENDER_API_KEY": "rnd"}
KEY_PLACE, PASSWORD_PLACE = "${WATCHDOG_PROBE_KEY}", "${WATCHDOG_PROBE_PASSWORD}"
BASIC = {"basic": {"user": "probe", "password": PASSWORD_PLACE}}


def hearing(seen: list[str], answer: Script | None = None) -> Script:
    """Return a script that keeps a request whole, with its body, and answers."""

    async def script(reader: Any, writer: Any) -> None:
        head = (await reader.readuntil(REQUEST_END)).decode()
        size = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
        seen.append(head + (await reader.readexactly(size)).decode())
        again = type(reader)()
        again.feed_data(head.encode())
        await (answer or answering())(again, writer)

    return script


def redirecting(status: str, onward: str) -> Script:
    return answering(b"", status, {"Location": onward})


async def probed(url: str, **options: Any) -> tuple[Sample, http.Probe]:
    written = http.HttpOptions.model_validate({"http": url, "timeout": "10s", **options})
    source = http.build("home", written, context_at(secrets=SECRETS))
    (sample,) = await source.read()
    return sample, source


@pytest.mark.parametrize(
    ("options", "first", "wanted"),
    [
        ({}, "GET / HTTP/1.1", []),
        ({"method": "head"}, "HEAD / HTTP/1.1", []),
        ({"headers": {"user-agent": "ours", "X-Api-Key": KEY_PLACE}}, "GET", ["user-agent: ours", f"x-api-key: {KEY}"]),
        ({"headers": {"authorization": f"Token {KEY_PLACE}"}}, "GET", [f"authorization: token {KEY}"]),
        ({"auth": {"bearer": KEY_PLACE}}, "GET", [f"authorization: bearer {KEY}"]),
        ({"auth": BASIC}, "GET", ["authorization: basic chjvymu6yzrunhj5iha0c3mid29yzfw="]),
        (
            {"method": "POST", "body": f"a={KEY_PLACE}&b=${{x}}"},
            "POST",
            ["content-length: 25", f"\r\n\r\na={KEY}&b=${{x}}"],
        ),
        (
            {"method": "PUT", "body": {"id": 1, "keys": [PASSWORD_PLACE]}},
            "PUT",
            ["content-type: application/json", '\r\n\r\n{"id":1,"keys":["c4n4ry p4ss\\"word\\\\"]}'],
        ),
    ],
)
async def test_what_is_written_is_what_the_site_is_sent(options: dict[str, Any], first: str, wanted: list[str]) -> None:
    """Nothing of it stands in the repr of what sends it; our own headers stay unless they are replaced."""
    seen: list[str] = []
    async with site(hearing(seen)) as base:
        sample, source = await probed(base, **options)
    assert sample.reading == Good("HTTP 200") and seen[0].startswith(first)
    assert [text for text in wanted if text not in seen[0].lower()] == []
    assert seen[0].lower().count("user-agent:") == 1 and "\r\nConnection: close\r\n" in seen[0]
    assert "c4n4ry" not in f"{source!r} {source._request!r} {source._redactor!r} {source._expected!r}"


@pytest.mark.parametrize(
    ("status", "method", "second", "away"),
    [
        ("302 Found", "GET", "GET", "GET"),
        ("301 Moved", "HEAD", "HEAD", "HEAD"),
        ("303 See", "POST", "GET", "GET"),
        ("307 Again", "POST", "POST", None),
    ],
)
async def test_a_redirect_to_another_server_carries_neither_headers_nor_body(
    status: str, method: str, second: str, away: str | None
) -> None:
    """On the same server it carries all. Another one, here another port, is sent the bare request, and so is the first
    one once it is left: another server chose what would be sent there.
    """
    home: list[str] = []
    theirs: list[str] = []
    options: dict[str, Any] = {"method": method, "redirects": 3, "auth": BASIC, "headers": {"x-api-key": KEY_PLACE}}
    options |= {"body": KEY_PLACE} if method == "POST" else {}
    ends: dict[str, str] = {}

    async def first(reader: Any, writer: Any) -> None:
        onward = ["/again", ends["other"], ""][len(home)]
        await hearing(home, redirecting(status, onward) if onward else answering())(reader, writer)

    async def other(reader: Any, writer: Any) -> None:
        await hearing(theirs, redirecting("302 Found", ends["first"]))(reader, writer)

    async with site(first) as ends["first"], site(other) as ends["other"]:
        sample, _ = await probed(ends["first"], **options)
    methods = [hop.partition(" ")[0] for hop in home]
    assert methods[:2] == [method, second] and all(KEY in hop and "Authorization" in hop for hop in home[:2])
    assert (KEY in home[1].partition("\r\n\r\n")[2]) == (second == "POST")
    if away is None:
        why = "HTTP 307: redirected to another host, where a POST is not sent"
        assert sample.reading == Bad(why, FailureKind.REDIRECT) and (theirs, len(home)) == ([], 2)
    else:
        assert sample.reading == Good("HTTP 200") and [one.partition(" ")[0] for one in theirs] == [away]
        bare = (theirs[0] + home[2]).lower()
        assert "c4n4ry" not in bare and "authorization" not in bare and "x-api-key" not in bare


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (f'{{"v": "{KEY}"}}', {"json": {"$.v": "ok"}}),
        (f'{{"v": "{"x" * 30}{KEY}"}}', {"json": {"$.v": "ok"}}),  # cut at 60 characters, in the middle of the key
        ("{}", {"header": {"x-back": "other"}}),
        ("{}", {"status": 204, "version": {"header": "x-version"}}),
    ],
)
async def test_a_site_that_sends_a_secret_back_does_not_show_it(body: str, options: dict[str, Any]) -> None:
    """Neither in the reason that people read, nor as a version."""
    back = {"X-Back": f"{'y' * 35} {KEY}", "X-Version": KEY}
    async with site(answering(body.encode(), headers=back)) as base:
        sample, _ = await probed(base, headers={"x-api-key": KEY_PLACE}, auth=BASIC, **options)
    assert isinstance(sample.reading, Bad) and "c4n4ry" not in repr(sample) and sample.version == ""
    async with site(redirecting("302 Found", f"/{KEY}")) as base:
        sample, _ = await probed(base, auth={"bearer": KEY_PLACE})
    assert isinstance(sample.reading, Bad) and "/*** (" in sample.reading.why


ACME: dict[str, Any] = {"http": "https://acme.example"}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"method": "DELETE"}, "Input should be"),
        ({"body": "x"}, "a GET has no body: write method: POST"),
        ({"method": "POST", "body": 5}, "neither text nor JSON: write a text"),
        ({"method": "POST", "body": {"at": float("nan")}}, "not JSON: write texts, numbers"),
        ({"method": "POST", "body": "x" * 65537}, "write 64 KiB at most"),
        ({"method": "HEAD", "contains": "x"}, "the answer to a HEAD has no body: write method: GET"),
        ({"method": "HEAD", "version": {"json_path": "$.v"}}, "has no body"),
        ({"headers": {"x y": "1"}}, "write it as in x-api-key"),
        ({"headers": {"x-y": "canary\r\nx: 1"}}, "write printable ASCII on one line"),
        ({"headers": {"x-y": ""}}, "write printable ASCII on one line"),
        ({"headers": {"Host": "other.example"}}, "that the connection itself needs"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "the same header twice"),
        ({"headers": {"x-api-key": "canary"}}, 'write "${WATCHDOG_PROBE_KEY}"'),
        ({"headers": {"X-Pass": "canary"}}, "a key never stands in this file"),
        ({"headers": {"cookie": "seen=1; sid=canary"}}, "a key never stands in this file"),
        ({"headers": {"x-y": "${WATCHDOG_RENDER_API_KEY}"}}, "names a variable that no probe may send"),
        ({"method": "POST", "body": [{"k": "${HOME}"}]}, "names a variable that no probe may send"),
        ({"auth": {}}, "one of the two"),
        ({"auth": {**BASIC, "bearer": KEY_PLACE}}, "one of the two"),
        ({"auth": {"bearer": "canary"}}, "a key never stands in this file"),
        ({"auth": {"basic": {"user": "a:b", "password": PASSWORD_PLACE}}}, "without a colon"),
        ({"auth": BASIC, "headers": {"Authorization": KEY_PLACE}}, "the credentials twice"),
    ],
)
def test_what_is_refused_says_what_to_write(written: dict[str, Any], says: str) -> None:
    """And repeats nothing that was written: it may be a key."""
    with pytest.raises(ValidationError) as caught:
        http.HttpOptions.model_validate({**ACME, **written})
    assert says in str(caught.value) and "canary" not in str(caught.value)
