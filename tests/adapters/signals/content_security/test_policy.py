"""Which resources a policy blocks: the table of what a browser decides, and how a page is read for them."""

import httpx
import pytest

from tests.adapters.signals.content_security import disputed
from tests.adapters.signals.content_security.disputed import CASES, MILDER, blocked_places
from watchdog.adapters.signals.content_security.page import POLICIES_MAX, RESOURCES_MAX, read
from watchdog.adapters.signals.content_security.policy import SOURCES_MAX, judged, policies_of
from watchdog.adapters.signals.pattern import TooSlow

HERE = httpx.URL(disputed.HERE)
SHA = "sha256-mTytrf2QssaOZNGNRT1WCtMRd3ocH8LJxQQu5qMUanU="
"""Of `hello()`."""


def blocked(policy: str, html: str, here: httpx.URL = HERE) -> list[str]:
    """Return the directives that block something of a page, one for each resource that is blocked."""
    return [by for _, by in judged(html, here, [policy])[1] if by]


@pytest.mark.parametrize(("policy", "html", "wanted"), CASES)
def test_what_is_blocked_is_what_chromium_blocks(policy: str, html: str, wanted: list[str]) -> None:
    assert blocked_places(policy, html) == wanted


@pytest.mark.parametrize(("policy", "html", "by_chromium"), MILDER)
def test_where_the_text_does_not_decide_it_is_allowed(policy: str, html: str, by_chromium: list[str]) -> None:
    assert by_chromium and blocked_places(policy, html) == []


@pytest.mark.parametrize(
    ("sources", "src", "is_blocked"),
    [
        ("'self'", "app.js", False),
        ("'self'", "https://www.acme.example:8443/a.js", True),
        ("'self'", "https://acme.example/a.js", True),
        ("'self'", "//cdn.example/a.js", True),
        ("'none'", "/a.js", True),
        ("", "/a.js", True),
        ("*", "https://cdn.example/a.js", False),
        ("*", "data:text/javascript,1", True),
        ("data:", "data:text/javascript,1", False),
        ("https:", "https://cdn.example/a.js", False),
        ("https:", "http://cdn.example/a.js", True),
        ("http:", "https://cdn.example/a.js", False),
        ("cdn.example", "https://cdn.example/a.js", False),
        ("CDN.example", "https://cdn.example/a.js", False),
        ("cdn.example", "http://cdn.example/a.js", True),
        ("http://cdn.example", "https://cdn.example/a.js", False),
        ("cdn.example", "https://evil-cdn.example/a.js", True),
        ("*.cdn.example", "https://eu.cdn.example/a.js", False),
        ("*.cdn.example", "https://cdn.example/a.js", True),
        ("cdn.example:8443", "https://cdn.example:8443/a.js", False),
        ("cdn.example", "https://cdn.example:8443/a.js", True),
        ("cdn.example:*", "https://cdn.example:8443/a.js", False),
        ("cdn.example/libs/", "https://cdn.example/libs/a.js", False),
        ("cdn.example/libs/", "https://cdn.example/other/a.js", True),
        ("cdn.example/a.js", "https://cdn.example/a.js?v=2", False),
        ("cdn.example/a.js", "https://cdn.example/b.js", True),
    ],
)
def test_an_address_is_allowed_by_its_sources(sources: str, src: str, is_blocked: bool) -> None:
    assert bool(blocked(f"script-src {sources}", f'<script src="{src}"></script>')) is is_blocked


@pytest.mark.parametrize(
    ("sources", "html", "is_blocked"),
    [
        ("'self'", "<script>hello()</script>", True),
        ("'unsafe-inline'", "<script>hello()</script>", False),
        ("'unsafe-inline' 'nonce-abc'", "<script>hello()</script>", True),
        ("'nonce-abc'", "<script nonce='abc'>hello()</script>", False),
        ("'nonce-abc'", "<script nonce='ABC'>hello()</script>", True),
        (f"'{SHA}'", "<script>hello()</script>", False),
        (f"'{SHA}'", "<script>hello() </script>", True),
        ("'nonce-abc'", "<script nonce=abc src=https://cdn.example/a.js></script>", False),
        ("'strict-dynamic' 'nonce-abc' https:", "<script src=https://cdn.example/a.js></script>", True),
        ("'strict-dynamic' 'unsafe-inline'", "<script>hello()</script>", True),
        (f"'{SHA}'", f"<script src=/a.js integrity={SHA}></script>", False),
        ("'none'", '<script type="application/ld+json">{}</script><script nomodule src=/old.js></script>', False),
        ("'none'", "<noscript><script src=/a.js></script></noscript><!-- <script>x</script> -->", False),
        ("'none'", "<SCRIPT SRC=/a.js></SCRIPT>", True),
        ("'none'", "<script src=''></script>", False),
    ],
)
def test_scripts_by_what_they_carry(sources: str, html: str, is_blocked: bool) -> None:
    assert bool(blocked(f"script-src {sources}", html)) is is_blocked


@pytest.mark.parametrize(
    ("policy", "html", "by"),
    [
        ("default-src 'none'", "<link rel=stylesheet href=/a.css>", ["default-src"]),
        ("default-src 'none'; style-src 'self'", "<link rel=stylesheet href=/a.css>", []),
        ("style-src-elem 'none'; style-src *", "<style>p {}</style>", ["style-src-elem"]),
        ("img-src 'none'", "<img src=a.png><link rel='shortcut icon' href=/i.ico>", ["img-src", "img-src"]),
        ("child-src 'none'", "<iframe src=https://pay.example></iframe><iframe src=about:blank>", ["child-src"]),
        ("media-src 'none'", "<video><source src=a.mp4></video>", ["media-src"]),
        ("object-src 'none'", "<object data=a.swf></object><embed src=b.swf>", ["object-src", "object-src"]),
        ("font-src 'none'", "<link rel=preload as=font href=/a.woff2>", ["font-src"]),
        ("manifest-src 'none'", "<link rel=manifest href=/m.json>", ["manifest-src"]),
        ("img-src 'self'; img-src *", "<img src=https://x.example/a.png>", ["img-src"]),  # the first counts
        ("img-src 'self'", "<base href=https://x.example/><img src=a.png>", ["img-src"]),
        ("img-src https:; upgrade-insecure-requests", "<img src=http://x.example/a.png>", []),
        ("script-src 'self'", "<img src=https://x.example/a.png>", []),
        ("frame-ancestors 'none'; report-uri /r", "<script>x</script>", []),
    ],
)
def test_each_kind_has_its_directive_and_what_it_falls_back_to(policy: str, html: str, by: list[str]) -> None:
    assert blocked(policy, html) == by


def test_a_page_at_a_plain_address_may_load_the_same_host_by_tls() -> None:
    here = httpx.URL("http://www.acme.example/")
    assert blocked("default-src 'self'", "<img src=https://www.acme.example/a.png>", here) == []


def test_lines_of_windows_count_as_a_browser_reads_them() -> None:
    """The hash is that of the text with plain line ends."""
    digest = "sha256-ibDq25dfxIOXFsZCi7JYnQkIbM0rgaCZ1K4jOsB5hdI="
    html = "<script>a()\r\nb()</script>"
    assert blocked(f"script-src '{digest}'", html) == blocked(f"script-src '{digest}'", html.replace("\r", "")) == []


@pytest.mark.parametrize("page", ['<"' * 120_000, "<!--" * 100_000, "<script>" * 60_000, '<a "' + "'" * 400_000])
def test_a_hostile_page_is_read_in_no_time(page: str) -> None:
    """By a clock that stands still: nothing cuts it short."""
    assert len(read(page, HERE, lambda: 0.0).resources) <= 1


def test_too_much_is_said_and_not_judged() -> None:
    with pytest.raises(TooSlow, match="more than 500 resources"):
        read("<img src=a.png>" * (RESOURCES_MAX + 1), HERE)
    meta = "<meta http-equiv=Content-Security-Policy content='img-src *'>"
    with pytest.raises(TooSlow, match="20 policies"):
        read(meta * (POLICIES_MAX + 1), HERE)
    with pytest.raises(TooSlow, match="20 policies"):
        judged(meta * 11, HERE, ["img-src *, img-src *"] * 5)
    with pytest.raises(TooSlow, match="300 sources"):
        policies_of([f"img-src {'a.example ' * (SOURCES_MAX + 1)}"])
    ticks = iter(range(100))
    with pytest.raises(TooSlow, match="takes too long"):
        read("<p>" * 10, HERE, lambda: float(next(ticks)))
