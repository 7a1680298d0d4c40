"""People's side of the story: PagerDuty, Slack and a webhook of the sandbox on one real server, that can be down."""

from collections import Counter
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.support.clocks import FakeClock
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.options import Context
from watchdog.domain.effects import Tell
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.ports import Notifier
from watchdog.sandbox import keys
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.notification_apis import Pagers

PATHS = {"pagerduty": "/v2/", "slack": "/api/", "webhook": "/hook/"}
HOOK = "/hook/canary-hook-ffffffff"


class Town:
    """The vendors. `broken` maps a channel to (how many requests fail, status, headers)."""

    def __init__(self, clock: FakeClock) -> None:
        self.pagers = Pagers(EventLog())
        self.broken: dict[str, tuple[int, int, dict[str, str]]] = {}
        self.asked: Counter[str] = Counter()
        self.asked_at: dict[str, list[float]] = {name: [] for name in PATHS}
        self._clock = clock
        hook = Route("/hook/{name}", self.pagers.generic_webhook, methods=["POST"])
        self._app = Starlette(routes=[*self.pagers.pagerduty_routes(), *self.pagers.slack_routes(), hook])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        channel = next(name for name, path in PATHS.items() if scope["path"].startswith(path))
        self.asked[channel] += 1
        self.asked_at[channel].append(self._clock.elapsed)
        left, status, headers = self.broken.get(channel, (0, 0, {}))
        if left <= 0:
            await self._app(scope, receive, send)
            return
        self.broken[channel] = (left - 1, status, headers)
        request = Request(scope, receive)
        heard = f"{(await request.body()).decode()} {request.url} {request.headers.get('authorization')}"
        await JSONResponse({"message": f"I do not like {heard}"[-250:]}, status, headers)(scope, receive, send)

    def down(self, channel: str, requests: int = 1_000_000, status: int = 503, **headers: str) -> None:
        self.broken[channel] = (requests, status, {name.replace("_", "-"): value for name, value in headers.items()})

    def back(self, channel: str) -> None:
        self.broken.pop(channel, None)

    @property
    def rings(self) -> list[str]:
        """Each PagerDuty incident ever opened that rings: its summary."""
        return [one.summary for one in self.pagers.incidents if one.severity != "info"]

    @property
    def slack(self) -> list[str]:
        """Each message and reply posted to Slack, as it was before it was edited."""
        return [str((message.edits or [message.body])[0]["text"]) for message in self.pagers.slack]


class Channel:
    """A channel that does what its script says (None: takes it), and then takes everything."""

    def __init__(self, name: str, *script: BaseException | None) -> None:
        self.name, self.script, self.took = name, list(script), list[tuple[str, str | None]]()

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        if self.script and (error := self.script.pop(0)) is not None:
            raise error
        self.took.append((notice.title, reference))
        return f"after {notice.title}"

    async def check(self) -> str:
        return ""

    async def close(self) -> None:
        """Nothing to close."""


def channels(url: str, clock: FakeClock, *names: str) -> dict[str, Notifier]:
    """Return the real channels, built as the daemon builds them."""
    secrets = {
        "WATCHDOG_PAGERDUTY_ROUTING_KEY": keys.PAGERDUTY_ROUTING_KEY,
        "WATCHDOG_SLACK_BOT_TOKEN": keys.SLACK_BOT_TOKEN,
        "WATCHDOG_WEBHOOK_URL": f"{url}{HOOK}",
    }
    context = Context(clock, {"pagerduty": url, "slack": f"{url}/api"}, secrets)
    options: dict[str, dict[str, Any]] = {"slack": {"channel": "#incidents"}}
    kinds = {name: NOTIFIERS[name] for name in names}
    return {name: kind.build(kind.options(**options.get(name, {})), context) for name, kind in kinds.items()}


def tell(title: str, *names: str, kind: NoticeKind = NoticeKind.UPDATED, wakes: bool = False, **more: Any) -> Tell:
    told = {"at": FakeClock().start, "incident": "web-1", "service": "web", "severity": Severity.CRITICAL, **more}
    return Tell(Notice(kind=kind, title=title, wakes=wakes, **told), names)
