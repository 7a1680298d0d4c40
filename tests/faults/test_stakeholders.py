"""People outside engineering, to the end: a real process, the sandbox's Slack, and a mail server."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.notifiers.mails import plain_lines
from tests.faults.chat import TOKENS, Chat
from tests.support.daemon_processes import SHORT, guarding
from tests.support.mail_server import Post
from watchdog.sandbox.vendors.slack_blocks import blocks_of

SECRET = "sk-live-9d8c7b6a5f4e"
INTERNAL = re.compile(
    rf"{SECRET}|dep-\d|web\b|srv-|127\.0|HTTP|probe|P 0|watchdog (explain|approve)|critical|rollback", re.I
)
MORE = """\
stakeholders:
  board: {email: [board@acme.example, ceo@acme.example], slack: "#company", zone: Europe/Berlin}
"""


@contextmanager
def mail_server() -> Iterator[Post]:
    loop, post = asyncio.new_event_loop(), Post()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(post.start(), loop).result(10)
        yield post
    finally:
        loop.call_soon_threadsafe(post.stop)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def to(post: Post, address: str) -> list[EmailMessage]:
    return [mail for mail, (_, those) in zip(post.mails, post.envelopes, strict=False) if address in those]


def content(mail: EmailMessage) -> str:
    return "\n".join(part.get_content() for part in mail.iter_parts())


def words(body: dict[str, Any]) -> list[str]:
    """Return what a Slack message says, line by line."""
    return [line for block in blocks_of(body) for line in block["text"]["text"].split("\n")]


@pytest.mark.long
def test_a_board_reads_of_an_outage_in_plain_words(tmp_path: Path) -> None:
    """It fails, it is over: in two places, with nothing of engineering; engineers' own threads go on as ever."""
    with mail_server() as post, guarding(tmp_path, quirks=False) as (cloud, daemon):
        channels = (
            'slack: {channel: "#incidents"}\n'
            f"  email: {{smtp: '{post.smtp}', from: w@acme.example, to: [ops@acme.example], tls: none}}"
        )
        title = "    render: srv-web\n    title: The shop\n"
        replace = {"slack: {}": channels, "    render: srv-web\n": title}
        cloud.write(replace=replace, more=SHORT + MORE, secrets=TOKENS)
        chat = Chat(cloud, daemon)
        daemon.start().until_watching()
        cloud.bad_deploy(message=f"Use {SECRET} <!channel> for payments")
        daemon.until_story("CLOSED")
        daemon.until(lambda: any("all is well" in str(mail["Subject"]) for mail in to(post, "board@acme.example")))
        daemon.until(lambda: [one for one in chat.parents() if "all is well" in str(one["body"])])

        board = to(post, "board@acme.example")
        assert board == to(post, "ceo@acme.example")
        opened, *_, over = board
        assert re.fullmatch(r"The shop: not available since \d\d:\d\d \(Europe/Berlin\)", str(opened["Subject"]))
        assert plain_lines(opened)[2] == "All visitors are affected."
        assert str(over["Subject"]) == "The shop: all is well again" and "Cause: being looked into." in content(over)
        assert over["In-Reply-To"] == opened["Message-ID"], "one conversation"
        for mail in board:
            assert not INTERNAL.search(f"{mail['Subject']}\n{content(mail)}")

        company = [one for one in chat.parents() if one["edits"] and one["edits"][0]["channel"] == "#company"]
        (message,) = company
        assert words(message["edits"][0])[0] == str(opened["Subject"])
        assert words(message["body"])[0] == "The shop: all is well again"
        assert not INTERNAL.search("\n".join(words(message["body"])))
        assert {block["type"] for block in blocks_of(message["body"])} == {"header", "section"}

        ops = [str(mail["Subject"]) for mail in to(post, "ops@acme.example")]
        assert any("rolling back to" in subject for subject in ops) and not any("The shop" in one for one in ops)
        assert not any("The shop" in page for page in cloud.pages())
        said = [line["text"] for line in daemon.said("story", label="INFORMED")]
        assert len(said) == 2, "works again and over were one"
        assert all(text.startswith("board-slack, board-email: The shop: ") for text in said)
        assert "[x] Communicate status to stakeholders" in daemon.cli("postmortem", "web-1").stdout


def test_a_test_message_is_plain_there_too(tmp_path: Path) -> None:
    """`watchdog channel test` tries their channels, in words for them."""
    with mail_server() as post, guarding(tmp_path, quirks=False) as (cloud, daemon):
        email = f"email: {{smtp: '{post.smtp}', from: w@acme.example, to: [ops@acme.example], tls: none}}"
        more = "stakeholders: {board: {email: board@acme.example}}\n"
        cloud.write(replace={"slack: {}": f"slack: {{}}\n  {email}"}, more=more)
        done = daemon.cli("notify", "test")
        assert done.returncode == 0, done.stdout
        assert "channel board-email" in done.stdout
        (test, over) = to(post, "board@acme.example")
        assert (str(test["Subject"]), str(over["Subject"])) == ("A test: nothing is wrong", "The test is over")
        assert not INTERNAL.search(content(test) + content(over)) and "notify" not in content(test)
        assert "watchdog channel test" in content(to(post, "ops@acme.example")[0])
