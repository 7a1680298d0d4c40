"""Redirects, counted; and the modules that a first probe needs."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from tests.adapters.signals.sites import answering, redirect, routes, site
from tests.support.child_processes import python
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport
from watchdog.adapters.signals.redirects import follow
from watchdog.domain.readings import FailureKind

MAP = routes(
    {
        "/": redirect("/a"),
        "/a": redirect("b?token=canary"),
        "/b?token=canary": answering(b"there"),
        "/loop": redirect("/loop"),
        "/nowhere": redirect(""),
        "/file": redirect("file:///etc/passwd"),
        "/broken": redirect("http://[::1"),
        "/punycode": redirect("http://xn--/"),
        "/port": redirect("http://127.0.0.1:65536/"),
        "/secret": redirect("http://user:canary@127.0.0.1/"),
        "/none": answering(b"", "301 Moved"),
        "/not-modified": answering(b"", "304 Not Modified"),
    }
)


async def go(path: str, redirects: int, accept: frozenset[int] = frozenset()) -> Answer | Failure:
    async with site(MAP) as base, asyncio.timeout(PATIENCE_SECONDS):
        url = httpx.URL(base + path)
        return await follow(ProbeTransport(), url, Stopwatch(), max_body=1000, redirects=redirects, accept=accept)


@pytest.mark.parametrize(
    ("path", "redirects", "why"),
    [
        ("/", 0, r"HTTP 302: redirected to http://127\.0\.0\.1:\d+/a \(probe that URL, or set redirects: 1\)"),
        ("/", 1, r"more than 1 redirects, the last to http://127\.0\.0\.1:\d+/b$"),
        ("/loop", 5, r"more than 5 redirects, the last to http://127\.0\.0\.1:\d+/loop$"),
        ("/none", 3, r"HTTP 301 without a usable Location"),
        ("/file", 3, r"HTTP 302 without a usable Location"),
        ("/broken", 3, r"HTTP 302 without a usable Location"),
        ("/secret", 3, r"HTTP 302 without a usable Location"),
        ("/punycode", 3, r"HTTP 302 without a usable Location"),
        ("/port", 3, r"HTTP 302 without a usable Location"),
    ],
)
async def test_case_64_one_too_many_is_a_failure_that_says_where_it_led(path: str, redirects: int, why: str) -> None:
    """Without the query, which may hold a secret."""
    came = await go(path, redirects)
    assert isinstance(came, Failure) and came.kind is FailureKind.REDIRECT
    assert re.search(why, came.why), came.why
    assert "canary" not in came.why


async def test_case_33_a_redirect_loop_ends_after_as_many_as_configured() -> None:
    """Each hop is counted, also to oneself; by default none is followed."""
    for redirects in (0, 1, 10):
        hops: list[str] = []
        loop = answering(b"", "302 Found", {"Location": "/loop"}, hops)
        async with site(loop) as base, asyncio.timeout(PATIENCE_SECONDS):
            url = httpx.URL(base + "/loop")
            came = await follow(ProbeTransport(), url, Stopwatch(), max_body=1000, redirects=redirects)
        assert isinstance(came, Failure) and came.kind is FailureKind.REDIRECT and len(hops) == redirects + 1


async def test_as_many_redirects_as_allowed_are_followed_but_for_one_that_is_expected_and_304() -> None:
    came = await go("/", 2)
    assert isinstance(came, Answer) and came.body == b"there"
    came = await go("/", 3, accept=frozenset({302}))
    assert isinstance(came, Answer) and came.status == 302
    came = await go("/not-modified", 3)
    assert isinstance(came, Answer) and came.status == 304


async def test_a_redirect_back_to_the_first_name_still_counts_as_redirected() -> None:
    """Another host chose it by then: what only the configuration may name (a private address) is not for that host."""
    leads = {"first.example": "https://other.example/", "other.example": "https://first.example/"}
    asked: list[tuple[str, bool]] = []

    class Sites(ProbeTransport):
        async def get(self, url: httpx.URL, watch: Stopwatch, **more: Any) -> Answer | Failure:
            asked.append((url.host, more["redirected"]))
            return Answer(302, httpx.Headers({"location": leads[url.host]}), b"", "192.0.2.1")

    came = await follow(Sites(), httpx.URL("https://first.example/"), Stopwatch(), max_body=1000, redirects=2)
    assert isinstance(came, Failure)
    assert asked == [("first.example", False), ("other.example", True), ("first.example", True)]


def test_the_first_probe_imports_nothing() -> None:
    """In a new process: what is loaded lazily would count as the site's time."""
    code = """
import asyncio, sys, httpx
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_http import ProbeTransport

async def serve(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    wire = ProbeTransport()
    before = set(sys.modules)
    port = server.sockets[0].getsockname()[1]
    came = await wire.get(httpx.URL(f"http://localhost:{port}/"), Stopwatch(), max_body=10)
    assert came.body == b"ok", came
    print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""
    done = python("-c", code)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
