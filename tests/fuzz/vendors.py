"""The answers of vendors: of Render, Sentry, status pages, GitHub, PagerDuty, Slack, mail servers and sign-ins."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import httpx
from joserfc.jwk import KeySet, OKPKey
from joserfc.jwt import encode

from tests.fuzz.kinds import Parser, json_of, split, text_of, tried
from tests.support.clocks import FakeClock
from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.github import unless_limited
from watchdog.adapters.http_exchange import Answer
from watchdog.adapters.notifiers import smtp
from watchdog.adapters.oidc.discovery import endpoints_of
from watchdog.adapters.oidc.tokens import keys_of, verified_name
from watchdog.adapters.pagers.pagerduty import PagerDutyReader
from watchdog.adapters.platforms.render_parse import show_time
from watchdog.adapters.platforms.render_read import RenderReader
from watchdog.adapters.read_budget import retry_after_seconds
from watchdog.adapters.repositories.github import GitHub
from watchdog.adapters.signals import sentry_answers, statuspage
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.adapters.slack.envelopes import parsed
from watchdog.adapters.slack.slack_hosts import is_slacks
from watchdog.adapters.slack.socket import _read_json
from watchdog.adapters.slack.socket_url import open_address
from watchdog.adapters.ssrf_transport import shared_context
from watchdog.adapters.tickets.github import GitHubIssues
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports.chat import ChatQuestion

NOW = 1_800_000_000.0
ISSUER = "https://id.acme.example"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOOP = asyncio.new_event_loop()
SEALS = ButtonSigner("xapp-1-fuzz")
KEY = OKPKey.generate_key("Ed25519", {"kid": "fuzz"})


class Wire(httpx.AsyncBaseTransport):
    """Answers each request with the next part of an input: a status, headers, an empty line, a body."""

    def __init__(self, data: bytes) -> None:
        self._parts = data.split(b"\n-\n")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer; the last part again and again, for who asks for more."""
        part = self._parts.pop(0) if len(self._parts) > 1 else self._parts[0]
        head, _, body = part.partition(b"\n\n")
        first, *lines = head.split(b"\n")
        status = int(first[:3]) if first[:3].isdigit() and 200 <= int(first[:3]) < 600 else 200
        headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        return httpx.Response(status, headers=headers, stream=_Body(body))


class _Body(httpx.AsyncByteStream):
    """A body that comes in two pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        half = len(self._body) // 2
        for piece in (self._body[:half], self._body[half:]):
            yield piece


def client(data: bytes) -> ApiClient:
    """Return a vendor's client whose answers are the input."""
    return ApiClient(
        "Vendor",
        "https://vendor.example",
        headers={"authorization": "Bearer c4n4ry-0123456789"},
        clock=FakeClock(NOW),
        attempts=1,
        shares_reads=True,
        max_body_bytes=1024 * 1024,
        transport=Wire(data),
    )


def exchange(data: bytes) -> object:
    """Read once, and then post: status, dates, rate limits, compression, the vendor's own words."""

    async def both() -> object:
        api = client(data)
        try:
            answer = await api.get("/x")
            retry_after_seconds(answer.headers, NOW)
            return [answer.text, (await api.post("/x", {})).text]
        except Temporary as error:
            return [str(error), error.retry_after_seconds]

    return LOOP.run_until_complete(both())


async def told(asking: Awaitable[Any]) -> Any:
    """Return what a vendor's client makes of the answers, or the words of its error."""
    try:
        return await asking
    except (Temporary, Permanent) as error:
        return str(error)


def render(data: bytes) -> object:
    """Read a service's facts, deploys, events and one deploy; write again what was read of moments."""

    async def all_of_it() -> object:
        services, facts, deploys, deploy, events = (RenderReader(client(data), FakeClock(NOW)) for _ in range(5))
        asking = (services.services(), facts.facts("srv-1"), deploys.deploys("srv-1"))
        asking += (deploy.deploy("srv-1", "dep-1"), events.events("srv-1", 0.0))
        found = [await told(one) for one in asking]
        for one in found[2] if isinstance(found[2], tuple) else ():
            found += [show_time(at) for at in (one.created_at, one.started_at, one.finished_at) if at is not None]
        return found

    return LOOP.run_until_complete(all_of_it())


def people(data: bytes) -> object:
    """Ask GitHub, PagerDuty and Slack what they tell of commits, pages, tickets and a socket."""

    async def all_of_it() -> object:
        clock = FakeClock(NOW)
        asking = (
            GitHub(client(data), clock, 60.0).commits("https://github.com/acme/app", "main"),
            GitHub(client(data), clock, 60.0).compare("https://github.com/acme/app", COMMIT, COMMIT[::-1]),
            PagerDutyReader(client(data)).responses("watchdog/web/web-1", 0.0),
            GitHubIssues(client(data), "acme/app", clock).find("<!-- watchdog"),
            GitHubIssues(client(data), "acme/app", clock).check(),
            open_address(client(data), "https://slack.com/api"),
        )
        return [await told(one) for one in asking]

    return LOOP.run_until_complete(all_of_it())


def sentry(data: bytes) -> object:
    """Take an answer as a series and as a list of issues."""
    reads = (lambda one: sentry_answers.buckets(one, NOW), sentry_answers.issue_texts)
    return [tried(sentry_answers.Unreadable, read, json_of(data)) for read in reads]


def status_page(data: bytes) -> object:
    """Judge a page as the platform's and as an upstream's."""
    page, wanted = statuspage.parse_summary(json_of(data)), (("Oregon/Web Services",), ("Render API",))
    told = [
        statuspage.verdict("render", page, role, parts, NOW, frozenset({"eu"}))
        for role, parts in (("platform", wanted), ("upstream", ()), ("upstream", wanted))
    ]
    return [told, page.is_open(NOW)]


def slack(data: bytes) -> object:
    """Hear an envelope; one whose button has a good seal, too."""
    envelope = _read_json(data)
    question = ChatQuestion("web-1", "web", "dep-2", "dep-1", NOW, NOW + 60.0, announced=False)
    for action in _buttons(envelope):
        if action.get("value") == "SEALED":
            action["value"] = SEALS.value("approve", question)
    found = parsed(envelope, SEALS, ("U0AAA",), NOW)
    return found and [found, is_slacks(found.reply_to, "https://slack.com/api", "http")]


def _buttons(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    payload = envelope.get("payload")
    actions = payload.get("actions") if isinstance(payload, dict) else None
    return [one for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []


def oidc_document(data: bytes) -> object:
    """Take a provider's discovery document, and then its keys."""
    document, keys = split(data, 2)
    return [endpoints_of(json_of(document), ISSUER), len(keys_of(json_of(keys)).keys)]


def oidc_token(data: bytes) -> object:
    """Take a token as it came; what is a set of claims is signed with the provider's key."""
    claims = json_of(data)
    token = text_of(data)
    if isinstance(claims, dict):
        payload = json.dumps(claims).encode("ascii")
        token = encode({"alg": "Ed25519", "kid": "fuzz"}, {}, KEY, algorithms=["Ed25519"])
        head, _, _ = token.split(".")
        token = _signed(head, payload)
    return verified_name(token, KeySet([KEY]), issuer=ISSUER, client_id="us", nonce="n", claim="email", now=NOW)


def _signed(head: str, payload: bytes) -> str:
    def b64(raw: bytes) -> str:
        return urlsafe_b64encode(raw).decode().rstrip("=")

    signed = f"{head}.{b64(payload)}"
    return f"{signed}.{b64(KEY.private_key.sign(signed.encode()))}"


class _Fed:
    """A socket from which a mail server's words are read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._data)

    def sendall(self, _data: bytes) -> None:
        pass

    def close(self) -> None:
        pass

    shutdown = close


class _FedSession(smtp._Session):
    """A session that connects to nothing but the input."""

    def __init__(self, server: smtp.MailServer, data: bytes) -> None:
        super().__init__(server)
        self._fed = _Fed(data)

    def connect(self, host: str, port: int, timeout_seconds: float) -> Any:
        return self._fed


def mail_server(data: bytes) -> object:
    """Hand a mail in to a server that answers so, with a login; the meaning of what goes wrong is the mailbox's."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@acme.example", "b@acme.example"
    mail.set_content("x")
    server = smtp.MailServer("127.0.0.1", 25, "none", shared_context(), "ann", "c4n4ry")
    box, found = smtp.Mailbox(server), list[object]()
    try:
        _FedSession(server, data).run(
            lambda one: found.append(one.send_message(mail, "a@acme.example", ["b@acme.example"]))
        )
    except smtp.FAILURES as error:
        return str(box._meaning(error))
    finally:
        box.close()
    return found


def limited(data: bytes) -> object:
    """Ask whether a refusal of GitHub's is only its rate limit."""
    names, values = ("retry-after", "x-ratelimit-reset", "date"), split(data, 3)
    headers = {"x-ratelimit-remaining": "0"} | {n: text_of(v) for n, v in zip(names, values, strict=True)}
    judged = unless_limited(PermanentAnswer("no", Answer(403, headers, None, "")), NOW)
    return [str(judged), retry_after_seconds(headers, NOW)]


VENDORS: dict[str, Parser] = {
    "exchange": Parser(exchange, (Permanent,), most=140_000),
    "rate-limits": Parser(limited),
    "render": Parser(render, most=20_000, times=8),
    "people": Parser(people, most=20_000, times=8),
    "sentry": Parser(sentry, most=4000, times=2),
    "status-page": Parser(status_page, (ValueError,), longest=256 * 1024, most=4000),
    "slack": Parser(slack, times=2),
    "oidc-document": Parser(oidc_document, (Permanent,), most=8000),
    "oidc-token": Parser(oidc_token, (Permanent,), longest=16 * 1024),
    "mail-server": Parser(mail_server),
}
"""Each by its name."""
