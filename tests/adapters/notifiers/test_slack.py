"""Slack: one message per incident, edited in place, with a thread; and strangers' words stay words."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.notifiers.letters import (
    APP_TOKEN,
    AT,
    BOT_TOKEN,
    HOOK_PATH,
    context,
    hostile_notice,
    leaks,
    notice,
    plain_notice,
)
from tests.adapters.notifiers.test_one_incident import MOMENTS
from tests.adapters.vendor import Seen, Vendor
from watchdog.adapters.notifiers.slack import SlackOptions, build
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.domain.decisions import Evidence
from watchdog.domain.errors import ConfigurationError, Forbidden, Partly, Permanent, Temporary
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import IncidentNews, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.ports import Notifier
from watchdog.ports.chat import ChatQuestion
from watchdog.sandbox.vendors.slack_blocks import blocks_of, problem

POST, UPDATE = ("POST", "/api/chat.postMessage"), ("POST", "/api/chat.update")
POSTED = {"ok": True, "channel": "C0INCIDENT", "ts": "1790000000.000100"}


QUESTION = ChatQuestion(
    "web-1", "web", "dep-42", "dep-40", AT, AT + 900, suspect_code="9f3c2ab7", target_code="1b7e0d4c"
)
ANSWERED = SlackOptions(channel="#incidents", approvals={"socket_mode": True, "users": ["U0AAA"]})  # type: ignore[arg-type]


def asking(vendor: Vendor, asked: Sequence[ChatQuestion | None], options: SlackOptions = ANSWERED) -> Notifier:
    """Return a bot; the last of `asked` is the open question."""
    vendor.answers.setdefault(POST, [POSTED])
    vendor.answers.setdefault(UPDATE, [POSTED])
    secrets = {"WATCHDOG_SLACK_BOT_TOKEN": BOT_TOKEN, "WATCHDOG_SLACK_APP_TOKEN": APP_TOKEN}
    return build(options, replace(context(vendor.url, **secrets), question=lambda notice: asked[-1]))


@pytest.fixture
def channel(vendor: Vendor, closing) -> Notifier:
    return closing(asking(vendor, [None], SlackOptions(channel="#incidents")))


def words(seen: Seen) -> list[str]:
    """Return the title and the lines of all plain text sections; the message is one that Slack takes."""
    assert problem(seen.body) == ""
    said = [block["text"]["text"] for block in blocks_of(seen.body) if block["type"] in ("header", "section")]
    return "\n".join(said).split("\n")


def context_of(seen: Seen) -> list[str]:
    return [one["text"] for block in blocks_of(seen.body) if block["type"] == "context" for one in block["elements"]]


async def test_one_message_per_incident_edited_in_place_with_a_thread(vendor: Vendor, channel) -> None:
    """Opened, then acted: the message shows the present state and what it began as; the thread has each step.

    A reference of an earlier version kept more lines, of which the first is the title.
    """
    reference = await channel.send(notice(), None)
    after = await channel.send(
        notice(NoticeKind.ACTED, title="web: rolled back to dep-40", lines=("dep-43",)), reference
    )
    first, edit, reply = vendor.seen
    assert first.path == "/api/chat.postMessage"
    assert first.body["channel"] == "#incidents"
    assert first.headers["authorization"] == f"Bearer {BOT_TOKEN}"
    assert (edit.path, edit.body["channel"], edit.body["ts"]) == ("/api/chat.update", "C0INCIDENT", POSTED["ts"])
    assert words(edit) == ["web: rolled back to dep-40", "dep-43"]
    assert f"Began as: {notice().title}" in context_of(edit) and "unfurl_links" not in edit.body, "no field of a post"
    assert (reply.body["channel"], reply.body["thread_ts"]) == ("C0INCIDENT", POSTED["ts"])
    assert words(reply) == ["web: rolled back to dep-40", "dep-43"]
    assert json.loads(after or "") == json.loads(reference or "")
    old = json.dumps({"channel": "C0OLD", "ts": "1.2", "began": ["web is down", "a line"], "closed": False})
    await channel.send(notice(NoticeKind.UPDATED, title="web is back"), old)
    assert "Began as: web is down" in context_of(vendor.seen[3])


async def test_what_comes_back_after_its_end_begins_a_new_message(vendor: Vendor, channel) -> None:
    """We were blind last month, and are again: last month's message would go unread."""
    reference = None
    for kind in (NoticeKind.SELF_ALERT, NoticeKind.RESOLVED, NoticeKind.UPDATED, NoticeKind.RESOLVED):
        reference = await channel.send(notice(kind, incident="blind"), reference)
    before = len(vendor.seen)
    await channel.send(notice(NoticeKind.SELF_ALERT, incident="blind"), reference)
    assert before == 1 + 3 * 2
    assert [(seen.path, "thread_ts" in seen.body) for seen in vendor.seen[before:]] == [(POST[1], False)]


DETAILED = ("Seen: home: 39 of 39 probes failed", "Guards: all pass")


async def test_details_are_in_the_thread_and_again_only_when_they_changed(vendor: Vendor, channel) -> None:
    """The main message shows the news alone; the first reply has the details, a later one those that are new."""
    reference = await channel.send(notice(details=DETAILED), None)
    reference = await channel.send(notice(NoticeKind.UPDATED, details=DETAILED), reference)
    reference = await channel.send(notice(NoticeKind.ACTED, details=(*DETAILED, "Rollback: sent")), reference)
    await channel.send(notice(NoticeKind.RESOLVED, details=()), reference)
    first, evidence, edit, same, _, new, _, over = vendor.seen
    assert not any("Began as" in one for one in context_of(edit)), "the title is the same"
    assert "Guards: all pass" not in words(first)[3:] and words(evidence) == list(DETAILED)
    assert (evidence.body["thread_ts"], evidence.body["reply_broadcast"]) == (POSTED["ts"], False)
    assert words(same) == words(over) == [notice().title, *notice().lines]
    assert words(new)[3:] == [*DETAILED, "Rollback: sent"]


async def test_readings_of_the_moment_are_shown_without_the_arithmetic_that_did_not_change(
    vendor: Vendor, channel
) -> None:
    """They differ each time: with them all else would be repeated in each reply."""
    reference = await channel.send(notice(details=DETAILED), None)
    for ago in ("3 s", "5 s"):
        read = (Evidence("home", "bad", "HTTP 503", f"read {ago} ago"),)
        incident = Incident("web-1", "web", Severity.CRITICAL, 0.0, 0.0, "web is down")
        said = notice(details=(f"home now bad: HTTP 503, read {ago} ago", *DETAILED))
        said = replace(said, about=IncidentNews(Topic.ESCALATED, incident, readings=read))
        reference = await channel.send(said, reference)
        assert words(vendor.seen[-1])[3:] == [f"home now bad: HTTP 503, read {ago} ago"]


async def test_a_first_reply_that_fails_does_not_post_the_message_again(vendor: Vendor, channel) -> None:
    """The page is out, which the outbox records; the next send edits it and brings the details."""
    vendor.say(*POST, POSTED, {"ok": False, "error": "ratelimited"}, POSTED)
    with pytest.raises(Partly, match=r"posted, without its details: .*ratelimited") as caught:
        await channel.send(notice(details=DETAILED), None)
    assert caught.value.again
    await channel.send(notice(details=DETAILED), caught.value.reference)
    assert [seen.path for seen in vendor.seen] == [POST[1], POST[1], UPDATE[1], POST[1]]
    assert words(vendor.seen[-1])[3:] == list(DETAILED)


async def test_a_page_in_a_thread_is_shown_to_the_channel_too(vendor: Vendor, channel) -> None:
    """A reply in a thread notifies no member by itself."""
    reference = await channel.send(notice(), None)
    for wakes in (False, True):
        await channel.send(notice(NoticeKind.HUMAN_NEEDED, wakes=wakes), reference)
    assert [seen.body["reply_broadcast"] for seen in vendor.seen if "thread_ts" in seen.body] == [False, True]


async def test_people_outside_engineering_see_words_and_each_in_the_channel(vendor: Vendor, closing) -> None:
    """Who follows no thread sees that it is over: the message says how it stands, and the reply is shown to all.

    They are asked nothing.
    """
    channel = closing(asking(vendor, [QUESTION]))
    reference = await channel.send(plain_notice(), None)
    title, line = "The shop: all is well again", "It has worked as it should since 14:07 (UTC)."
    await channel.send(plain_notice(NoticeKind.RESOLVED, title=title, lines=(line,)), reference)
    first, edit, reply = vendor.seen
    opened = ["The shop: not available since 14:02 (UTC)", "All visitors are affected.", "We are working on it."]
    assert words(first) == opened and words(edit) == [title, line]
    assert words(reply) == [title, line] and reply.body["reply_broadcast"] is True
    assert {block["type"] for seen in vendor.seen for block in blocks_of(seen.body)} == {"header", "section"}
    await channel.send(plain_notice(lines=()), None)
    assert [block["type"] for block in blocks_of(vendor.seen[-1].body)] == ["header"]
    assert vendor.seen[-1].body["attachments"] == [], "an edit without them would keep the old ones"


@pytest.mark.parametrize("gone", ["message_not_found", "cant_update_message", "is_inactive", "channel_not_found"])
async def test_a_message_that_is_gone_is_posted_anew(vendor: Vendor, gone: str, channel) -> None:
    """Also one in a channel that is archived or left: the configuration names another since."""
    vendor.say(*UPDATE, {"ok": False, "error": gone})
    reference = await channel.send(notice(), json.dumps({"channel": "C0OLD", "ts": "1.2"}))
    assert json.loads(reference or "")["channel"] == "C0INCIDENT"


@pytest.mark.parametrize(
    "reference", [None, "", "null", "7", "[]", "{}", '{"channel": "C1"}', "not json", '{"ts": {}}']
)
async def test_a_reference_that_makes_no_sense_begins_a_new_message(
    vendor: Vendor, reference: str | None, channel
) -> None:
    """A damaged store costs a second thread, never a page."""
    assert await channel.send(notice(), reference)
    assert [seen.path for seen in vendor.seen] == ["/api/chat.postMessage"]


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ({"ok": False, "error": "channel_not_found"}, Forbidden, "check the channel's name"),
        ({"ok": False, "error": "not_in_channel"}, Forbidden, "invite the bot"),
        ({"ok": False, "error": "invalid_auth"}, Permanent, "WATCHDOG_SLACK_BOT_TOKEN"),
        ({"ok": False, "error": f"surprise {BOT_TOKEN}"}, Permanent, "surprise"),
        ({"ok": False, "error": "ratelimited"}, Temporary, "ratelimited"),
        ({"ok": False, "error": "rate_limited"}, Temporary, "rate_limited"),
        ({"ok": False, "error": "internal_error"}, Temporary, "internal_error"),
        ("<html>proxy</html>", Temporary, "no reason"),
        ((429, {"ok": False}, {"retry-after": "7"}), Temporary, "429"),
        (503, Temporary, "503"),
        (401, Permanent, "refused our key"),
    ],
)
async def test_no_with_http_200_is_a_no(
    vendor: Vendor, answer: Any, error: type[Exception], says: str, caplog: pytest.LogCaptureFixture, channel
) -> None:
    """Slack's error names decide whether to try again; the token is in no message and no log."""
    caplog.set_level(0)
    vendor.say(*POST, answer)
    with pytest.raises(error, match=says) as caught:
        await channel.send(notice(), None)
    assert leaks(caught.value, channel, caplog.text) == []


def buttons(seen: Seen) -> dict[str, str]:
    blocks = [block for block in blocks_of(seen.body) if block["type"] == "actions"]
    elements = [button for block in blocks for button in block["elements"]]
    return {button["action_id"]: button["value"] for button in elements if "value" in button}


async def test_the_message_has_buttons_while_something_is_asked_and_its_thread_never(vendor: Vendor, closing) -> None:
    asked: list[ChatQuestion | None] = [QUESTION]
    channel = closing(asking(vendor, asked))
    reference = await channel.send(notice(NoticeKind.ASKED), None)
    asked.append(replace(QUESTION, until=AT + 1800))
    reference = await channel.send(notice(NoticeKind.HUMAN_NEEDED), reference)
    asked.append(None)
    await channel.send(notice(NoticeKind.ACTED), reference)
    first, again, in_thread, gone, _ = vendor.seen
    signer = ButtonSigner(APP_TOKEN)
    assert set(buttons(first)) == set(buttons(again)) == {"watchdog_approve", "watchdog_reject"}
    assert words(first)[-1].endswith(" UTC, or until the question is decided.")
    for seen, until in ((first, AT + 900), (again, AT + 1800)):
        for action, value in buttons(seen).items():
            opened = signer.verify(value)
            assert opened is not None and (opened[0], opened[1].until) == (action.removeprefix("watchdog_"), until)
    assert "Approve: roll web back from dep-42 (9f3c2ab) to dep-40 (1b7e0d4), once." in words(first)[-1]
    assert buttons(in_thread) == buttons(gone) == {} and leaks(*(seen.body for seen in vendor.seen)) == []


async def test_what_is_announced_has_one_button_and_none_without_anybody_who_may_press_it(
    vendor: Vendor, closing
) -> None:
    unheard = SlackOptions(channel="#incidents", approvals="socket_mode")  # type: ignore[arg-type]
    assert unheard.listens and unheard.users == ()
    for options in (ANSWERED, unheard):
        channel = closing(asking(vendor, [replace(QUESTION, announced=True)], options))
        await channel.send(notice(NoticeKind.ANNOUNCED), None)
    assert [set(buttons(seen)) for seen in vendor.seen] == [{"watchdog_stop"}, set()]
    # What people can do beside an answer has a button as well; of an end it is gone.
    acknowledge = "watchdog_acknowledge"
    both = {"watchdog_rollback", acknowledge}
    for name, has in (("asked", {acknowledge}), ("blocked", both), ("rolling back", set()), ("over", set())):
        await closing(asking(vendor, [None])).send(MOMENTS[name], None)
        assert set(buttons([one for one in vendor.seen if "thread_ts" not in one.body][-1])) == has
    assert words(vendor.seen[0])[-1].startswith("Stop: do not roll web back")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"approvals": "yes"}, "not a way to answer"),
        ({"approvals": {"socket_mode": True, "users": ["ann"]}}, "not member ids"),
        ({"approvals": {"socket_mode": True}, "channel": None}, "need a bot"),
        ({"approvals": {"socket_mode": True, "people": []}}, "people"),
        *(({"channel": name}, "#incidents") for name in ("incidents", "#a b", "")),
    ],
)
def test_mistakes_in_approvals_and_in_the_name_of_a_channel_are_told(written: dict[str, Any], says: str) -> None:
    """A channel is a name with a hash, or an id."""
    with pytest.raises(ValueError, match=says):
        SlackOptions(**{"channel": "#incidents", **written})
    assert SlackOptions(channel="C0123ABCD").channel == "C0123ABCD"


async def test_a_webhook_gets_one_post_per_notice(vendor: Vendor, caplog: pytest.LogCaptureFixture, closing) -> None:
    caplog.set_level(0)
    vendor.say("POST", HOOK_PATH, (200, "ok"))
    channel = closing(build(SlackOptions(), context(WATCHDOG_SLACK_WEBHOOK_URL=vendor.url + HOOK_PATH)))
    assert await channel.send(notice(), None) == "" and await channel.send(hostile_notice(), None) == ""
    assert [seen.path for seen in vendor.seen] == [HOOK_PATH, HOOK_PATH]
    assert "<" not in vendor.seen[1].body["text"] and [problem(seen.body) for seen in vendor.seen] == ["", ""]
    assert leaks(channel, caplog.text) == []


async def test_check_asks_who_we_are_tries_the_app_token_and_posts_nothing(vendor: Vendor, channel, closing) -> None:
    us = {"ok": True, "user": "watchdog", "team": "Acme"}
    opened = {"ok": True, "url": vendor.url.replace("http", "ws") + "/link?ticket=x"}
    vendor.say("POST", "/api/auth.test", us, us, us, {"ok": False, "error": "token_revoked"})
    vendor.say("POST", "/api/apps.connections.open", opened, {"ok": False, "error": "invalid_auth"})
    assert "watchdog's in Acme" in await channel.check()
    asked = closing(asking(vendor, [None]))
    assert "Socket Mode opens, and 1 may approve there" in await asked.check()
    with pytest.raises(Permanent, match="WATCHDOG_SLACK_APP_TOKEN"):
        await asked.check()
    with pytest.raises(Permanent, match="token_revoked"):
        await channel.check()
    assert [seen.path for seen in vendor.seen].count("/api/apps.connections.open") == 2
    assert {seen.path for seen in vendor.seen} == {"/api/auth.test", "/api/apps.connections.open"}
    hook = closing(build(SlackOptions(), context(WATCHDOG_SLACK_WEBHOOK_URL="https://hooks.example/x")))
    assert "right shape" in await hook.check()


@pytest.mark.parametrize("token", ["xoxb canary", ""])
def test_a_token_that_cannot_be_one_is_a_configuration_mistake(token: str) -> None:
    with pytest.raises(ConfigurationError, match="WATCHDOG_SLACK_BOT_TOKEN"):
        build(SlackOptions(channel="#x"), context(WATCHDOG_SLACK_BOT_TOKEN=token))
