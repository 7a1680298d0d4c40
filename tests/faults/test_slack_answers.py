"""People answer in Slack, over a socket that the daemon opens itself: by buttons, once, and only those who may."""

import base64
import json
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.faults.chat import NOBODY, SLACK, TOKENS, Chat, chatting, started
from tests.faults.workers import Pair, pair
from tests.support.daemon_processes import HIGH, IN_SIX_HOURS, SHORT, until
from watchdog.sandbox.vendors.slack_blocks import blocks_of

VETO = {"mode: autonomous\n": "mode: autonomous\n    veto: 60s\n"}


@contextmanager
def asked(
    folder: Path, *buttons: str, deploy: Mapping[str, Any] = MappingProxyType({}), **written: Any
) -> Iterator[Chat]:
    """Break a site by a deploy, and wait until Slack shows what can be answered."""
    with chatting(folder, **written) as chat:
        started(chat).cloud.bad_deploy(**deploy)
        chat.until_asked(*(buttons or ("approve", "reject")))
        yield chat


def rolled_back_once(chat: Chat) -> None:
    """Wait for the end: one rollback to the good deploy, one message, one page, and no button left."""
    cloud = chat.cloud
    chat.daemon.until_story("CLOSED")
    chat.daemon.until(lambda: "web is back after " in chat.parents()[-1]["body"]["text"])
    assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]
    assert len(cloud.requests("render", "POST")) == 1 and (len(chat.parents()), chat.buttons()) == (1, [])
    assert len({one["dedup_key"] for one in cloud.log("pagerduty_trigger")}) == 1


def test_case_38_a_high_incident_is_approved_by_a_button(tmp_path: Path) -> None:
    """Asked, approved in Slack by one who may: done once; its author hears so, the message says by whom."""
    with asked(tmp_path, deploy={"behaviour": HIGH}, replace={}) as chat:
        (message,) = chat.parents()
        assert re.fullmatch(r"web.*: approve rollback to 1b7e0d4 by \d\d:\d\d UTC\?", message["body"]["text"])
        told = json.dumps(message["body"])
        assert "roll web back from dep-42 (9f3c2ab) to dep-40 (1b7e0d4), once" in told
        assert "High for " in told and "Waits for an answer until " in told and chat.cloud.untouched()
        said = chat.until_reply(chat.click("approve"))
        assert said.startswith("Done by slack:U0AAA (ann) at "), said
        rolled_back_once(chat)
        ((name, by, ok, _, given),) = chat.commands()
        assert (name, by, ok) == ("approve", "slack:U0AAA (ann)", 1)
        assert (given["question"]["suspect"], given["question"]["target"]) == ("dep-42", "dep-40")
        edits = [edit["text"] for edit in chat.parents()[0]["edits"]]
        assert any("APPROVED by slack:U0AAA (ann)" in edit for edit in edits), edits
        assert all(one["seconds"] < 3.0 for one in chat.cloud.log("slack_acked"))


@pytest.mark.long
def test_case_38_rejected_by_a_button(tmp_path: Path) -> None:
    """Acknowledged first. Nothing is changed, the buttons vanish, and a later yes is refused with who said no."""
    with asked(tmp_path) as chat:
        assert "ACKNOWLEDGED by slack:U0AAA (ann)" in chat.until_reply(chat.click("acknowledge"))
        said = chat.until_reply(chat.click("reject"))
        assert said.startswith("Done by slack:U0AAA (ann)"), said
        chat.daemon.until(lambda: chat.buttons() == [])
        assert "REJECTED by slack:U0AAA (ann)" in chat.parents()[0]["body"]["text"]
        late = chat.until_reply(chat.click("approve", old=True, user="U0AAA"))
        assert "decided already: rejected by slack:U0AAA (ann)" in late and chat.cloud.untouched()
        assert [ok for _, _, ok, _, _ in chat.commands()] == [1, 1, 0]


TWO = SLACK.replace("[U0AAA]", "[U0AAA, U0BBB]")
BOB = {"user": "U0BBB", "name": "U0AAA"}
LED = SHORT + "policy: {critical: {approver: lead}}\ncontacts: {lead: {slack: '#lead', answers_as: [U0AAA]}}\n"


@pytest.mark.long
def test_case_38_only_the_approver_s_yes_counts_in_slack(tmp_path: Path) -> None:
    """Bob may answer, and is not the lead: refused by button, typed and at a terminal; then the lead's yes is done."""
    with asked(tmp_path, slack=TWO, more=LED) as chat:
        chat.daemon.until(lambda: len(chat.parents()) == 2)
        told = [json.dumps(one["body"]) for one in chat.parents()]
        assert all("Only lead may approve (policy: critical: approver: lead)" in one for one in told)
        assert sorted(one["body"]["channel"] for one in chat.parents()) == ["#incidents", "#lead"]
        why = "only lead may approve this (policy: critical: approver: lead); you are slack:U0BBB"
        assert f"Refused: approve by slack:U0BBB (U0AAA): {why}" in chat.until_reply(chat.click("approve", **BOB))
        assert why in chat.until_reply(chat.type("approve web-1", **BOB))
        typed = chat.daemon.cli("approve", "web-1")
        assert typed.returncode == 3 and "only lead may approve this" in typed.stderr
        assert chat.cloud.untouched() and chat.buttons() == ["watchdog_approve", "watchdog_reject"]
        assert sum("only lead may approve" in note for note in chat.notes("REFUSED")) == 3
        assert chat.until_reply(chat.click("approve")).startswith("Done by slack:U0AAA (ann)")
        chat.daemon.until_story("CLOSED")
        assert [one["target"] for one in chat.cloud.log("rollback_accepted")] == ["dep-40"]


@pytest.mark.long
def test_case_38_what_is_kept_for_a_window_is_stopped_by_its_button(tmp_path: Path) -> None:
    """Approved by a button: the message says until when, and has a stop that counts as long."""
    with asked(tmp_path, deploy={"behaviour": HIGH}, replace={}, more=SHORT + IN_SIX_HOURS) as chat:
        assert "An approval is carried out at " in json.dumps(chat.parents()[0]["body"])
        assert "SCHEDULED for " in chat.until_reply(chat.click("approve"))
        chat.until_asked("stop")
        assert ": rollback scheduled for " in chat.parents()[0]["body"]["text"]
        assert "decided already: approved by" in chat.until_reply(chat.click("approve", old=True))
        assert "SCHEDULED: web will be rolled back to dep-40" in chat.until_reply(chat.type("status"))
        assert "STOPPED by slack:U0AAA (ann)" in chat.until_reply(chat.click("stop"))
        chat.daemon.until(lambda: chat.buttons() == [])
        assert chat.cloud.untouched()


def forged(chat: Chat) -> dict[str, str]:
    """Return values for a button that were never sealed: of nothing, of another target, of another key."""
    (message,) = chat.parents()
    (block,) = [one for one in blocks_of(message["body"]) if one.get("block_id") == "watchdog"]
    content, _, signature = block["elements"][0]["value"].partition(".")
    plain = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    other = base64.urlsafe_b64encode(json.dumps({**plain, "target": "dep-39"}).encode()).decode().rstrip("=")
    reject = block["elements"][1]["value"]
    return {"nothing": "web-1:approve", "another target": f"{other}.{signature}", "another button": reject}


@pytest.mark.long
def test_case_38_replayed_forged_or_by_the_wrong_person(tmp_path: Path) -> None:
    """Each refused in words, written down with who it was, and changing nothing; then one yes counts, once."""
    with asked(tmp_path) as chat:
        for what, value in forged(chat).items():
            said = chat.until_reply(chat.click("approve", value=value))
            assert "was not made by this watchdog" in said, f"{what}: {said}"
        stranger = chat.until_reply(chat.click("approve", **NOBODY))
        assert stranger.startswith("Refused: not on the list of those who may")
        assert "not on the list" in chat.until_reply(chat.type("approve web-1", **NOBODY))
        assert "not on the list" in chat.until_reply(chat.type("pause", **NOBODY))
        assert chat.cloud.untouched() and chat.buttons() != []
        refused = chat.notes("REFUSED")
        assert sum("was not made by this watchdog" in note for note in refused) == 2, refused
        assert not any("mallory" in note for note in refused), "the story is no stranger's to fill"
        assert [name for name, by, *_ in chat.commands() if "mallory" in by] == ["refused", "refused"]
        assert any("mallory" in line["by"] for line in chat.daemon.said("chat command answered", ok=False))
        envelope = chat.click("approve")
        chat.cloud.post("slack", do="redeliver", times=5)
        assert chat.until_reply(envelope).startswith("Done by")
        assert "decided already: approved by slack:U0AAA (ann)" in chat.until_reply(chat.click("approve", old=True))
        rolled_back_once(chat)
        assert len(chat.replies(envelope)) == 1, "delivered six times, handled once"
        assert "web-1 is over" in chat.until_reply(chat.click("approve", old=True))
        assert len(chat.cloud.requests("render", "POST")) == 1


@pytest.mark.long
def test_case_38_too_late(tmp_path: Path) -> None:
    """A button counts as long as the policy waits for an answer; at the deadline people are asked with a new one."""
    with asked(tmp_path, more=SHORT + "policy: {critical: {within: 5s}}\n") as chat:
        shown = time.time()
        chat.daemon.until(lambda: ": no answer for " in chat.parents()[0]["body"]["text"] and time.time() > shown + 5.0)
        assert chat.buttons() == ["watchdog_approve", "watchdog_reject"]
        said = chat.until_reply(chat.click("approve", old=True))
        assert "too late: this button counted until" in said and chat.cloud.untouched()


@pytest.mark.long
def test_case_38_nobody_answers_and_silence_was_declared_a_yes(tmp_path: Path) -> None:
    """At the deadline it is decided anew and rolled back, once: kill -9 after that decision does not make it twice."""
    with asked(tmp_path, more=SHORT + "policy: {critical: {within: 5s, then: rollback}}\n") as chat:
        assert ", then rolls back to " in json.dumps(chat.parents()[0]["body"])
        chat.daemon.until(lambda: any(text.startswith("rollback: no answer") for text in chat.notes("DECIDED")))
        chat.daemon.restart()
        rolled_back_once(chat)
        assert chat.commands() == []


@pytest.mark.long
def test_case_38_nobody_answers_what_no_channel_could_bring(tmp_path: Path) -> None:
    """Slack and the pager are down: nobody was asked, so nothing is done in their place."""
    with chatting(tmp_path, more=SHORT + "policy: {critical: {within: 3s, then: rollback}}\n") as chat:
        started(chat)
        for vendor in ("slack", "pagerduty"):
            chat.cloud.post("modes", name=vendor, mode="down")
        chat.cloud.bad_deploy()
        chat.daemon.until(lambda: chat.notes("DEADLINE"))
        assert "no channel has delivered the question" in chat.notes("DEADLINE")[0] and chat.cloud.untouched()


@pytest.mark.long
def test_case_38_the_world_changed_before_the_answer(tmp_path: Path) -> None:
    """Another deploy is live: the question of before is over, withdrawn or asked anew; recovered: there is none."""
    with asked(tmp_path) as chat:
        chat.cloud.bad_deploy(commit="c" * 40)
        chat.daemon.until(lambda: len(chat.notes("DECIDED")) == 2 and chat.parents()[0]["edits"])
        said = chat.until_reply(chat.click("approve", old=True))
        assert "another deploy is live now (dep-43) than the one you were asked about (dep-42)" in said, said
        assert chat.cloud.untouched()
        chat.cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, commit="d" * 40, behaviour="good")
        chat.daemon.until_story("CLOSED")
        chat.daemon.until(lambda: chat.buttons() == [])
        said = chat.until_reply(chat.click("approve", old=True))
        assert "web-1 is over" in said and "recovered" in said, said
        assert chat.cloud.untouched()


@pytest.mark.long
def test_case_38_an_announced_rollback_is_stopped(tmp_path: Path) -> None:
    """The veto's Stop: no rollback, auto-deploy untouched, the button gone, and who stopped it in the message."""
    with asked(tmp_path, "stop", replace=VETO) as chat:
        assert "rollback to 1b7e0d4 at " in chat.parents()[0]["body"]["text"]
        assert "not on the list" in chat.until_reply(chat.click("stop", **NOBODY))
        said = chat.until_reply(chat.click("stop"))
        assert "STOPPED by slack:U0AAA (ann)" in said
        chat.daemon.until(lambda: chat.buttons() == [])
        assert "STOPPED by slack:U0AAA (ann)" in chat.parents()[0]["body"]["text"]
        again = chat.until_reply(chat.click("stop", old=True))
        assert again.startswith("Refused: "), again
        assert chat.cloud.untouched()


@pytest.mark.long
def test_connections_come_and_go(tmp_path: Path) -> None:
    """Slack says goodbye, or closes without a word: another is opened, with a new ticket, and clicks get through."""
    with asked(tmp_path) as chat:
        chat.cloud.post("slack", do="goodbye")
        chat.daemon.until(lambda: len(chat.cloud.log("slack_connected")) == 2)
        assert chat.seen()["connections"] == 2, "the old one is read on until it is closed"
        assert "decided" not in chat.until_reply(chat.click("approve", connection=0, **NOBODY))
        chat.cloud.post("slack", do="drop")
        chat.daemon.until(lambda: chat.seen()["connections"] == 1)
        assert len(chat.cloud.log("slack_opened")) == len(chat.cloud.log("slack_connected")), "a ticket for each"
        assert chat.until_reply(chat.click("approve")).startswith("Done by")
        rolled_back_once(chat)


@pytest.mark.long
def test_case_38_killed_between_the_click_and_its_answer(tmp_path: Path) -> None:
    """kill -9 once the answer is in the record: the next start applies it, once, and the message shows the end."""
    with asked(tmp_path) as chat:
        # A message that is shown and not yet recorded is posted again after a kill, whatever is clicked.
        chat.daemon.until(lambda: chat.daemon.rows("SELECT 1 FROM deliveries WHERE channel = 'slack'"))
        chat.daemon.process.send_signal(signal.SIGSTOP)  # SIGSTOP: Slack's envelope waits in the socket
        chat.click("approve")
        chat.daemon.process.send_signal(signal.SIGCONT)
        chat.daemon.until(chat.commands)
        chat.daemon.restart()
        rolled_back_once(chat)


def listening(process: int) -> list[str]:
    """Return the TCP sockets on which a process listens, by /proc."""
    owned = set(map(_target, Path(f"/proc/{process}/fd").iterdir()))
    rows = [
        row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/{process}/net/{name}").read_text().splitlines()
    ]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in owned]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def known_in(text: str, what: str) -> str:
    """Return the text if that is in it: what is typed just after the start is answered before anything was read."""
    return text if what in text else ""


@pytest.mark.long
def test_a_daemon_that_listens_on_nothing_answers_what_is_typed(tmp_path: Path) -> None:
    """/watchdog status, explain, incidents, help for everybody; pause and resume for those who may."""
    with chatting(tmp_path, more=SHORT + "checklists: {down: {title: Down, items: {cache: Purge it}}}\n") as chat:
        started(chat)
        assert listening(chat.daemon.process.pid) == [] and chat.daemon.port is None
        status = until(lambda: known_in(chat.until_reply(chat.type("status", **NOBODY)), "dep-40"))
        assert "SERVICE" in status and "web" in status and "assist" in status
        assert "No incident of web" in chat.until_reply(chat.type("explain web"))
        assert "explain SERVICE" in chat.until_reply(chat.type("", **NOBODY))
        assert "PAUSED by slack:U0AAA (ann)" in chat.until_reply(chat.type("pause"))
        assert "PAUSED by slack:U0AAA (ann)" in chat.until_reply(chat.type("status"))
        assert "RESUMED by slack:U0AAA (ann)" in chat.until_reply(chat.type("resume"))
        said = chat.until_reply(chat.type("silence web 2h signal=api severity=high moving house"))
        assert "SILENCED silence-1 of web, signal api, severity high by slack:U0AAA (ann) (moving house)" in said
        assert "no signal apj of web; known: home, api" in chat.until_reply(chat.type("silence web 2h signal=apj x"))
        assert "UNSILENCED silence-1" in chat.until_reply(chat.type("unsilence silence-1"))
        assert "is not off because of us" in chat.until_reply(chat.type("restore-auto-deploy web"))
        plan = chat.until_reply(chat.type("rollback web"))
        assert "dep-39" in plan and "/watchdog rollback web live=dep-40 planned=dep-39" in plan, plan
        late = chat.until_reply(chat.type("rollback web blamed=dep-38 live=dep-40"))
        assert "Refused: dep-38 is not live at web any more; nothing to roll back." in late, late
        late = chat.until_reply(chat.type("rollback web blamed=dep-38"))
        assert "It would not be done: dep-38 is not live at web any more; nothing to roll back." in late, late
        chat.cloud.bad_deploy()
        chat.until_asked("approve", "reject")
        why = chat.until_reply(chat.type("explain web", **NOBODY))
        assert "NEEDS YOUR ANSWER" in why and "BLAME" in why and "dep-42" in why
        # Between them stand the newest readings, which each was given at its own moment.
        texts = [re.split("SEEN|SEVERITY|DONE", text) for text in (chat.daemon.cli("explain", "web-1").stdout, why)]
        assert {(text[0], text[2]) for text in texts} == {(texts[0][0], texts[0][2])}
        assert "web-1" in chat.until_reply(chat.type("incidents"))
        assert "cache of web-1 is ticked" in chat.until_reply(chat.type("tick web-1 cache"))
        assert "say which incident" in chat.until_reply(chat.type("approve"))
        assert "no open incident web-9" in chat.until_reply(chat.type("approve web-9"))
        assert "Done by slack:U0AAA (ann)" in chat.until_reply(chat.type("approve web-1"))
        rolled_back_once(chat)
        assert listening(chat.daemon.process.pid) == []


@pytest.mark.long
def test_ten_signals_of_one_outage_are_one_page_and_one_message(tmp_path: Path) -> None:
    """Ten fail: one incident, one alert at the pager, one message that is edited in place, one rollback."""
    with chatting(tmp_path) as chat:
        more = "".join(f'      s{one}: {{http: "{chat.cloud.urls["site"]}/?{one}"}}\n' for one in range(8))
        chat.cloud.write(replace={"      errors:": f"{more}      errors:"}, more="")
        started(chat).cloud.bad_deploy()
        chat.until_asked("approve", "reject")
        chat.daemon.until(lambda: bad(chat) == 10)
        (before,) = chat.parents()
        assert len(chat.cloud.log("pagerduty_trigger")) == 1
        assert chat.until_reply(chat.click("approve")).startswith("Done by")
        rolled_back_once(chat)
        assert chat.daemon.rows("SELECT count(*) FROM incidents") == [(1,)]
        (message,) = chat.parents()
        assert message["ts"] == before["ts"] and len(message["edits"]) == len(chat.cloud.log("slack_updated")) > 1
        assert len(chat.cloud.log("pagerduty_resolve")) == 1


def bad(chat: Chat) -> int:
    """Return how many signals of web are bad, as /watchdog status tells."""
    lines = chat.until_reply(chat.type("status")).splitlines()
    web = next(line for line in lines if line.startswith("web"))
    found = re.search(r"(\d+) bad", web)
    return int(found[1]) if found else 0


@contextmanager
def two_that_hear(folder: Path) -> Iterator[tuple[Pair, Chat]]:
    """Run two workers on one database, both connected to Slack; people are asked about web."""
    with pair(folder, 2) as two:
        for file in (two.cloud.config, two.cloud.folder / "far.yaml"):
            text = file.read_text(encoding="utf-8").replace("slack: {}", SLACK)
            file.write_text(text.replace("mode: autonomous\n    depends_on", "mode: assist\n    depends_on"), "utf-8")
        two.cloud.write(more="", secrets=TOKENS)
        two.start()
        chat = Chat(two.cloud, two.holder("web"))
        chat.daemon.until(lambda: chat.seen()["connections"] == 2)
        two.cloud.bad_deploy()
        chat.daemon.until(lambda: chat.buttons() == ["watchdog_approve", "watchdog_reject"])
        yield two, chat


def test_case_38_two_workers_hear_two_clicks_and_one_counts(tmp_path: Path) -> None:
    """Each click reaches another worker, and only one of them holds the service: the first answer wins all the same.

    A note that Slack delivers to one worker, and again to the other, is added once.
    """
    with two_that_hear(tmp_path) as (two, chat):
        typed = chat.type("note web-1 the cache is full", connection=0)
        assert "recorded as a note on web-1" in chat.until_reply(typed)
        chat.cloud.post("slack", do="redeliver", connection=1)
        chat.daemon.until(lambda: len(chat.replies(typed)) == 2)
        assert "recorded as a note on web-1" in chat.replies(typed)[1]
        assert chat.daemon.rows("SELECT text FROM remarks") == [("the cache is full",)]
        assert all(len(worker.said("chat command answered")) == 1 for worker in two.both), "each heard it"
        clicks = [chat.click("approve", connection=number) for number in (0, 1)]
        said = sorted(chat.daemon.until(lambda one=click: chat.replies(one))[0] for click in clicks)
        assert said[0].startswith("Done by slack:U0AAA (ann)") and said[1].startswith("Refused: "), said
        until(lambda: two.cloud.log("pagerduty_resolve"))
        assert all(len(worker.said("chat command answered")) == 2 for worker in two.both), "each heard one"
        assert [one["target"] for one in two.cloud.log("rollback_accepted")] == ["dep-40"]
        assert len(two.changes()) == 2, "auto-deploy off, and one rollback"
        assert sorted(ok for name, _, ok, _, _ in chat.commands() if name == "approve") == [False, True]
