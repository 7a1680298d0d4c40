"""E-mail: readable, threaded per incident, and no header but ours."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.notifiers.letters import PASSWORD, context, leaks, notice, plain_notice
from tests.adapters.notifiers.mails import html_part, plain_lines
from tests.adapters.signals.sites import server_tls
from tests.support.mail_server import Post
from watchdog.adapters.notifiers.email import REMEMBERED, Email, EmailOptions, build, secrets
from watchdog.domain.errors import Partly, Permanent
from watchdog.domain.notices import NoticeKind
from watchdog.ports import Notifier

Start = Callable[..., Awaitable[Post]]
LEAD, OPS = "lead@acme.example", "ops@acme.example"
PLAIN = {"from": "watchdog@acme.example", "to": [LEAD, OPS], "tls": "none"}


def options(**changes: Any) -> EmailOptions:
    return EmailOptions.model_validate({"smtp": "localhost:25", **PLAIN, **changes})


def mailer(post: Post, **changes: Any) -> Notifier:
    return build(options(smtp=post.smtp, **changes), context(WATCHDOG_SMTP_PASSWORD=PASSWORD))


@pytest.fixture
async def server(post: Start) -> Post:
    return await post()


@pytest.fixture
def channel(server: Post, closing) -> Notifier:
    return closing(mailer(server))


async def test_a_mail_reads_like_the_notice_and_goes_to_all(server: Post, channel: Notifier) -> None:
    """Subject is the title, the plain part the rendering, beside it an HTML part; both recipients get it.

    A check mails nothing.
    """
    assert f"{server.smtp} answers (none)" in await channel.check() and server.mails == []
    assert server.commands == ["EHLO", "NOOP", "QUIT"]
    reference = await channel.send(notice(), None)
    (mail,) = server.mails
    assert mail["Subject"] == "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)"
    assert mail["From"] == "watchdog <watchdog@acme.example>" and mail["Date"] == "Mon, 21 Sep 2026 14:13:20 +0000"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "  Guards: all pass" in plain_lines(mail) and "Guards: all pass" in html_part(mail).texts
    assert server.envelopes[0][1] == ["lead@acme.example", "ops@acme.example"] and reference == mail["Message-ID"]


async def test_people_outside_engineering_are_mailed_words_alone(server: Post, channel: Notifier) -> None:
    first = await channel.send(notice(), None)
    assert await channel.send(plain_notice(), None) != first
    mail = server.mails[1]
    assert mail["Subject"] == "The shop: not available since 14:02 (UTC)" and "In-Reply-To" not in mail
    words = [mail["Subject"], "All visitors are affected.", "We are working on it."]
    assert [line for line in plain_lines(mail) if line] == words
    assert html_part(mail).texts == [mail["Subject"], *words] and html_part(mail).links == []


async def test_an_incident_is_one_conversation(server: Post, channel: Notifier) -> None:
    """Later mails answer the first; a repeated send has the same Message-ID; another incident has its own.

    A repetition from a process without memory has the same one too: a server may hide a Message-ID it has seen.
    """
    first = await channel.send(notice(), None)
    for _ in range(2):
        assert await channel.send(notice(NoticeKind.RESOLVED), first) == first
    other = await channel.send(notice(incident="web-2"), "<x>\r\nBcc: a damaged reference")
    await channel.send(notice(at=notice().at + 9), None)
    opened, resolved, again, elsewhere, later = server.mails
    assert resolved["In-Reply-To"] == resolved["References"] == opened["Message-ID"] == first
    assert again["Message-ID"] == resolved["Message-ID"] != first and elsewhere["In-Reply-To"] is None
    assert elsewhere["Message-ID"] == other != first and later["Message-ID"] not in (first, other)


async def test_who_is_refused_is_named_and_the_others_have_it(post: Start, closing) -> None:
    """By the address we wrote and the server's code, without its words; for good, so another send is not worth it."""
    server = await post(refuse_to={OPS: "550 no such user, says canary"})
    channel = closing(mailer(server))
    with pytest.raises(Partly, match=r"1 of 2 recipients and refused ops@acme.example \(code 550\)") as caught:
        await channel.send(notice(), None)
    assert (caught.value.again, caught.value.reference) == (False, server.mails[0]["Message-ID"])
    assert [to for _, to in server.envelopes] == [[LEAD]] and "canary" not in str(caught.value)


async def test_who_was_refused_for_now_is_mailed_alone_when_it_is_sent_again(post: Start, closing) -> None:
    """The same mail, which answers none; another notice of the incident goes to all meanwhile."""
    server = await post(refuse_to={OPS: "450 greylisted"})
    channel = closing(mailer(server))
    with pytest.raises(Partly) as caught:
        await channel.send(notice(), None)
    assert caught.value.again
    server.refuse_to.clear()
    known = caught.value.reference
    await channel.send(notice(NoticeKind.UPDATED), known)
    assert await channel.send(notice(), known) == known
    first, _, again = server.mails
    assert [to for _, to in server.envelopes] == [[LEAD], [LEAD, OPS], [OPS]]
    assert again["Message-ID"] == first["Message-ID"] == known and again["In-Reply-To"] is None


def test_who_is_left_is_remembered_of_a_bounded_number_of_mails() -> None:
    """The oldest is forgotten: a mail that is sent again then goes to all once more."""
    channel = build(options(), context())
    assert isinstance(channel, Email)
    for number in range(REMEMBERED + 1):
        channel._remember(f"<{number}>", (OPS,))
    assert len(channel._left) == REMEMBERED and "<0>" not in channel._left


async def test_the_built_channel_trusts_only_known_authorities(post: Start, closing) -> None:
    """STARTTLS is the default; our own authority is not the system's, and the password stays here."""
    server = await post(tls=server_tls("localhost"), login=("dog", PASSWORD))
    channel = closing(mailer(server, tls=None, user="dog"))
    with pytest.raises(Permanent, match="TLS") as caught:
        await channel.check()
    assert "AUTH" not in server.commands and leaks(caught.value, channel) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"smtp": "smtp.acme.example"}, "host:port"),
        ({"smtp": "smtp.acme.example:99999"}, "1 to 65535"),
        ({"smtp": "a b:25"}, "host:port"),
        ({"to": []}, "at least 1"),
        ({"to": ["lead@acme.example\nBcc: x@evil.example"]}, "not an e-mail address"),
        ({"from": "watchdog"}, "not an e-mail address"),
        ({"user": "dog"}, "in clear"),
        ({"tls": "ssl"}, "starttls"),
        ({"password": "x"}, "Extra inputs"),
    ],
)
def test_each_mistake_is_told(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        options(**changes)


@pytest.mark.parametrize(
    ("smtp", "tls", "security"),
    [("h:465", None, "tls"), ("h:587", None, "starttls"), ("h:25", None, "starttls"), ("h:465", "none", "none")],
)
def test_the_port_suggests_the_security(smtp: str, tls: str | None, security: str) -> None:
    assert options(smtp=smtp, tls=tls).security == security


def test_a_password_is_needed_only_for_a_user() -> None:
    assert secrets(options()) == () and secrets(options(user="dog", tls="starttls")) == ("WATCHDOG_SMTP_PASSWORD",)
    assert (options(smtp="[::1]:25").host, options(smtp="[::1]:25").port) == ("::1", 25)
