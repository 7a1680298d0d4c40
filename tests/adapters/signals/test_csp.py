"""The policy of a page against its own resources, over real HTTP: before and after a deploy that tightens it."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import answering, hang, redirect, site
from watchdog.adapters.options import Context
from watchdog.adapters.signals.content_security.csp import CspOptions, build, policy_of
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.readings import Bad, Good, Reading, Unknown
from watchdog.domain.severity import Severity

PAGE = b"""<!doctype html><html><head>
<link rel="stylesheet" href="/site.css">
<script src="/app.js"></script>
<script src="https://cdn.example/lib.js?key=canary"></script>
</head><body><img src="logo.png"></body></html>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def read(url: str, **options: Any) -> Reading:
    given = CspOptions.model_validate({"csp": url, **options})
    source = build("policy", given, Context(SystemClock(), {}, {}))
    (sample,) = await source.read()
    await source.close()
    return sample.reading


async def reading_of(policy: str, body: bytes = PAGE, **options: Any) -> Reading:
    headers = {**HTML, **({"Content-Security-Policy": policy} if policy else {})}
    async with site(answering(body, headers=headers)) as base:
        return await read(base, **options)


async def test_a_deploy_that_tightens_the_policy_breaks_the_page() -> None:
    """It answers 200 before and after; the script of another host does not run any more, nor does a style of none."""
    before = await reading_of("default-src 'self'; script-src 'self' https://cdn.example")
    assert before == Good("the policy lets all 4 resources of the page load")
    after = await reading_of("default-src 'self'")
    why = "the policy blocks 1 of 4 resources of the page: https://cdn.example/lib.js (default-src)"
    assert after == Bad(why), "without the query of its address"
    nothing = await reading_of("default-src 'none'")
    assert isinstance(nothing, Bad) and "blocks 4 of 4" in nothing.why and " and 1 more" in nothing.why


@pytest.mark.parametrize(
    ("policy", "body", "options", "expected"),
    [
        ("", PAGE, {}, Good("no policy, which blocks nothing")),
        ("default-src 'self'", PAGE, {"ignore": ["https://cdn.example/"]}, "lets all 3"),
        ("default-src 'self' https:, script-src 'self'", PAGE, {}, "blocks 1 of 4"),  # two policies in one header
        ("img-src *", PAGE + b"<script>x()</script>", {}, "lets all 5"),
        ("script-src 'self' https:", PAGE + b"<script>x()</script>", {}, "a script in the page (script-src)"),
        ("default-src * 'unsafe-inline'", b"<img src='data:image/png;base64,aa'>", {}, "a data: address (default-src)"),
    ],
)
async def test_good_or_bad(policy: str, body: bytes, options: dict[str, Any], expected: Any) -> None:
    found = await reading_of(policy, body, **options)
    assert found == expected if isinstance(expected, Good) else expected in str(found)


async def test_a_meta_element_is_a_policy_too_and_what_only_reports_is_none() -> None:
    meta = b"<meta http-equiv=Content-Security-Policy content=\"script-src 'self'\">" + PAGE
    assert isinstance(await reading_of("", meta), Bad)
    assert isinstance(await reading_of("", b"\xef\xbb\xbf" + meta), Bad), "behind the mark of UTF-8"
    assert await reading_of("", b"<p>" + meta) == Good("no policy, which blocks nothing"), "in the body it is none"
    headers = {**HTML, "Content-Security-Policy-Report-Only": "default-src 'none'"}
    async with site(answering(PAGE, headers=headers)) as base:
        assert await read(base) == Good("no policy, which blocks nothing")


async def test_a_page_that_was_not_read_is_unknown() -> None:
    """Whether the site answers is what probes are for."""
    for script, why, options in (
        (answering(PAGE, "503 No", HTML), "HTTP 503", {}),
        (answering(b"{}", headers={"Content-Type": "application/json"}), "no HTML", {}),
        (answering(b"x" * 600_000, headers=HTML), "larger than 512 KiB", {}),
        (answering(b"<a " * 150_000, headers={**HTML, "Content-Security-Policy": "img-src *"}), "takes too long", {}),
        (redirect("https://www.acme.example/"), "write the address that it leads to", {}),
        (hang, "timed out", {"timeout": "200ms"}),
    ):
        async with site(script) as base:
            found = await read(base, **options)
        assert isinstance(found, Unknown) and why in found.why, found
    refused = await read(base)
    assert isinstance(refused, Unknown) and "refused" in refused.why


@pytest.mark.parametrize("begin", ["", " ", "h", "https", "https:", "https://", "/lib.js", "cdn.example"])
def test_what_is_the_begin_of_every_address_or_of_none_cannot_be_ignored(begin: str) -> None:
    with pytest.raises(ValidationError, match=re.escape("write https://tracker.example/")):
        CspOptions.model_validate({"csp": "https://www.acme.example", "ignore": ["https://a.example", begin]})


def test_people_read_it_and_nothing_is_rolled_back_for_it() -> None:
    policy = policy_of("policy", CspOptions.model_validate({"csp": "https://www.acme.example"}))
    assert (policy.source, policy.critical, policy.severity) == ("csp", False, Severity.MEDIUM)
    with pytest.raises(ValidationError, match=re.escape("this kind never rolls back by itself")):
        CspOptions.model_validate({"csp": "https://www.acme.example", "severity": "critical"})
