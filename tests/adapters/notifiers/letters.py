"""Notices to send, a context to build channels in, and canaries that must never be seen again."""

from collections.abc import Mapping
from typing import Any

from tests.support.clocks import FakeClock
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.options import Context
from watchdog.domain.notices import Link, Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.ports import Notifier

AT = 1_790_000_000.25
ROUTING_KEY = "canary0routing0key0aaaaaaaaaaaaa"
BOT_TOKEN = "xoxb-canary-bot-token-bbbbbbbb"
HOOK_PATH = "/services/T00CANARY/B00CANARY/cccccccccccccccc"
BEARER = "canary-bearer-dddddddd"
PASSWORD = "canary-password-eeeeeeee"
APP_TOKEN = "xapp-canary-app-token-ffffffff"
CANARIES = (ROUTING_KEY, BOT_TOKEN, APP_TOKEN, *HOOK_PATH.split("/")[2:], BEARER, PASSWORD)

HOSTILE = (
    'boom\r\nSubject: owned\n{"level":"error"} \x1b[31m\x07\x00 <img src=x onerror=alert(1)> <!channel> @channel '
    "<https://evil.example|click> & \u202egnp.exe \ud800 *bold* `code`"
)


def notice(kind: NoticeKind = NoticeKind.OPENED, *, wakes: bool = False, **changes: Any) -> Notice:
    told: dict[str, Any] = {
        "at": AT,
        "incident": "web-1",
        "service": "web",
        "severity": Severity.CRITICAL,
        "title": "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)",
        "lines": ("Blame: dep-42 9f3c2ab, P 0.998 (need 0.80)", "Guards: all pass"),
        "links": (Link("dashboard", "https://dashboard.example/web?a=1&b=2"),),
    }
    return Notice(kind=kind, wakes=wakes, **{**told, **changes})


def plain_notice(kind: NoticeKind = NoticeKind.OPENED, **changes: Any) -> Notice:
    told: dict[str, Any] = {
        "incident": "web-1/stakeholders",
        "title": "The shop: not available since 14:02 (UTC)",
        "lines": ("All visitors are affected.", "We are working on it."),
        "links": (),
        "plain": True,
    }
    return notice(kind, **{**told, **changes})


def hostile_notice(**changes: Any) -> Notice:
    """Return a notice whose every foreign word wants to be more than a word, and is very long."""
    told: dict[str, Any] = {
        "title": HOSTILE + "x" * 20_000,
        "lines": (HOSTILE, "&" * 600, "😀" * 5_000, *("<" * 800 for _ in range(200))),
        "details": (HOSTILE, *("😀" * 800 for _ in range(200))),
        "links": (
            Link("a|b> <!here>\n", "https://ok.example/a|b>c'd\n\u202e?q=ü"),
            Link("script", "javascript:alert(1)"),
            Link("long", "https://long.example/" + "a" * 5_000),
        ),
    }
    return notice(**{**told, **changes})


def context(url: str = "http://127.0.0.1:9", clock: FakeClock | None = None, **secrets: str) -> Context:
    """Return a context whose vendors all stand at one address."""
    endpoints: Mapping[str, str] = {"pagerduty": url, "slack": f"{url}/api", "github": url}
    return Context(clock=clock or FakeClock(), endpoints=endpoints, secrets=secrets)


def built(kind: str, written: dict[str, Any], url: str = "http://127.0.0.1:9", **secrets: str) -> Notifier:
    """Return the channel of that kind, with options as in YAML, whose vendors all stand at one address."""
    entry = NOTIFIERS[kind]
    return entry.build(entry.options.model_validate(written), context(url, **secrets))


def leaks(*texts: object) -> list[str]:
    return [canary for canary in CANARIES for text in texts if canary in f"{text} {text!r}"]
