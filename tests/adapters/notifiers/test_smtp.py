"""smtplib in a thread: secured, limited in time, and silent about the server's words."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage
from typing import Any

import pytest

from tests.adapters.notifiers.letters import PASSWORD, leaks
from tests.adapters.signals.sites import client_tls, server_tls
from tests.support.clocks import PATIENCE_SECONDS, eventually
from tests.support.mail_server import Post
from watchdog.adapters.notifiers.smtp import THREADS, Mailbox, MailServer
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import Forbidden, Permanent, Temporary

Start = Callable[..., Awaitable[Post]]
ANN, BOB = "ann@acme.example", "bob@acme.example"


def mailbox(post: Post, total_seconds: float = 20.0, **changes: Any) -> Mailbox:
    host, port = post.smtp.split(":")
    server = {"host": host, "port": int(port), "security": "none", "tls": ssl.create_default_context(), **changes}
    return Mailbox(MailServer(**server), total_seconds)


async def send(box: Mailbox, *to: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = "hello"
    try:
        await box.deliver(mail, "watchdog@acme.example", to or ["lead@acme.example"])
    finally:
        box.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_handed_in_over_tls_after_a_login(post: Start, security: str) -> None:
    """STARTTLS, and TLS from the start: the login happens only behind it, though it is offered before."""
    server = await post(tls=server_tls("localhost"), implicit=security == "tls", login=("dog", PASSWORD))
    await send(mailbox(server, security=security, tls=client_tls(), user="dog", password=PASSWORD))
    assert server.envelopes == [("watchdog@acme.example", ["lead@acme.example"])]
    before = server.commands.index("STARTTLS") if security == "starttls" else 0
    assert ["AUTH" in part for part in (server.commands[:before], server.commands[before:])] == [False, True]


@pytest.mark.parametrize(
    ("refuse", "error", "says"),
    [
        ({"BANNER": "421 too busy"}, Temporary, "code 421"),
        ({"BANNER": "554 go away"}, Permanent, "code 554"),
        ({"MAIL": "550 not you"}, Permanent, "code 550"),
        ({"RCPT": "550 no such user ann@acme.example"}, Permanent, "every recipient"),
        ({"RCPT": "450 greylisted"}, Temporary, "every recipient"),
        ({ANN: "550 no such user", BOB: "450 greylisted"}, Temporary, r"every recipient \(codes \[450, 550\]\)"),
        ({"DATA": "452 disk full"}, Temporary, "code 452"),
    ],
)
async def test_4xx_is_for_now_and_5xx_for_good(post: Start, refuse: dict, error: type, says: str) -> None:
    """A recipient that is only greylisted may still be reached, though the other is unknown."""
    server = await post(**{"refuse_to" if ANN in refuse else "refuse": refuse})
    with pytest.raises(error, match=says) as caught:
        await send(mailbox(server), ANN, BOB)
    assert [words for words in refuse.values() if words[4:] in str(caught.value)] == []


@pytest.mark.parametrize(
    ("password", "logins", "says"),
    [
        (PASSWORD, "PLAIN", r"refused the login \(code 535\): check user and password"),
        (f"{PASSWORD}-ä", "PLAIN", r"refused the login \(code 535\): check user and password"),
        (
            f"{PASSWORD}-ä",
            "LOGIN CRAM-MD5",
            r"does not offer .* take user and password of ASCII letters, or check `tls`",
        ),
        (f"{PASSWORD}-\udcff", "PLAIN", "the login is not text in UTF-8: write user and password anew"),
        (PASSWORD, "XOAUTH2", r"does not offer .* check `tls`"),
    ],
)
async def test_a_login_that_cannot_work_is_for_good_and_does_not_show_the_password(
    post: Start, password: str, logins: str, says: str
) -> None:
    server = await post(tls=server_tls("localhost"), implicit=True, login=("dog", "another"), logins=logins)
    box = mailbox(server, security="tls", tls=client_tls(), user="dog", password=password)
    with pytest.raises(Forbidden, match=says) as caught:
        await send(box)
    assert leaks(caught.value, caught.value.__cause__, box, box._server) == []


async def test_a_password_outside_ascii_is_sent_in_utf_8(post: Start) -> None:
    """As RFC 4616 has it for PLAIN, which is chosen for that."""
    login = ("hündchen", "pässword-€")
    server = await post(tls=server_tls("localhost"), implicit=True, login=login, logins="CRAM-MD5 LOGIN plain")
    await send(mailbox(server, security="tls", tls=client_tls(), user=login[0], password=login[1]))
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("goodbye", "total_seconds"), [({"refuse": {"QUIT": "500 what"}}, 20.0), ({"silent": "QUIT"}, 0.5)]
)
async def test_a_goodbye_that_fails_does_not_send_the_mail_again(
    post: Start, goodbye: dict[str, Any], total_seconds: float
) -> None:
    """The mail was taken: a 5xx to QUIT, or a deadline that passes after it, changes nothing."""
    server = await post(**goodbye)
    await send(mailbox(server, total_seconds))
    assert len(server.mails) == 1


async def test_a_server_without_starttls_gets_no_mail_and_one_that_ended_gets_it_later(post: Start) -> None:
    """No silent fall-back to clear text."""
    server = await post()
    with pytest.raises(Permanent, match="does not offer"):
        await send(mailbox(server, security="starttls"))
    assert server.mails == []
    server.stop()
    with pytest.raises(Temporary, match="ConnectionRefusedError"):
        await send(mailbox(server))


async def test_a_server_that_takes_no_position_is_tried_again(post: Start) -> None:
    """The mail was sent and nothing came back: in doubt it is sent again."""
    server = await post(silent="DATA")
    with pytest.raises(Temporary, match="in time"):
        await send(mailbox(server, total_seconds=0.5))


async def test_a_server_that_dribbles_is_cut_off_and_its_thread_freed(post: Start) -> None:
    """One byte every 20 ms resets every read timeout: only the total deadline ends it, and the socket is closed."""
    server = await post(dribble=True)
    box = mailbox(server, total_seconds=0.3)
    for _ in range(THREADS + 1):
        with pytest.raises(Temporary, match="in time"):
            await box.greet()
        await eventually(lambda: server.open == 0)
        await eventually(lambda: box._free._value == THREADS)
    box.close()


async def test_no_more_threads_than_two(post: Start) -> None:
    """A third mail waits for its next attempt instead of for a thread; a cancelled one gives its thread back."""
    server = await post(dribble=True)
    box = mailbox(server)
    async with asyncio.TaskGroup() as group:
        stuck = [group.create_task(box.greet()) for _ in range(THREADS)]
        await eventually(lambda: server.open == THREADS)
        with pytest.raises(Temporary, match="earlier mails"):
            await box.greet()
        for task in stuck:
            task.cancel()
    await eventually(lambda: box._free._value == THREADS)
    box.close()


class Hesitant(AddressGuard):
    """Accepts only after the test sets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def refusal(self, host: str, addresses: Sequence[str], *, redirected: bool = False) -> str:
        self.asked.set()
        assert self.go.wait(PATIENCE_SECONDS)
        return super().refusal(host, addresses, redirected=redirected)


async def test_one_that_is_cancelled_while_it_connects_does_not_stay_with_a_server_that_dribbles(post: Start) -> None:
    """Its socket is not there yet to be closed: it is closed as soon as it is, before a byte is read."""
    server, guard = await post(dribble=True), Hesitant()
    box = mailbox(server, guard=guard)
    task = asyncio.create_task(box.greet())
    await eventually(guard.asked.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    guard.go.set()
    await eventually(lambda: box._free._value == THREADS)
    box.close()
