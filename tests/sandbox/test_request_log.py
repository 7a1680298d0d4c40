"""The log: complete, in order, on the disk before the answer, bounded in memory."""

import json
from pathlib import Path

from watchdog.sandbox import request_log
from watchdog.sandbox.request_log import EventLog


def test_memory_is_bounded_and_says_what_it_forgot() -> None:
    """The oldest tenth goes when the limit is passed; the count of the forgotten stays."""
    events = EventLog()
    for number in range(request_log.LIMIT_ENTRIES + 1):
        events.append("tick", number=number)
    assert events.dropped == request_log.LIMIT_ENTRIES // 10
    assert len(events.entries) + events.dropped == request_log.LIMIT_ENTRIES + 1
    assert events.entries[-1]["number"] == request_log.LIMIT_ENTRIES


def test_a_file_grows_line_by_line_and_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for number in range(2):
        events = EventLog(path)
        events.append("tick", number=number)
        assert json.loads(path.read_text().splitlines()[-1])["number"] == number
        events.close()
    assert len(path.read_text().splitlines()) == 2


def test_a_person_follows_messages_and_steps_alone() -> None:
    """Neither requests nor pings; a line has no field that the entry lacks."""
    events = EventLog()
    shown: list[str] = []
    events.follow = lambda entry: shown.append(request_log.line({**entry, "at": 0.0}))
    events.append("request", vendor="render", path="/services")
    events.append("pagerduty_trigger", severity="critical", summary="web is down", dedup_key="k")
    events.append("slack_webhook", text="web is down")
    assert shown == [
        "",
        "00:00:00 UTC  pagerduty_trigger   critical  web is down",
        "00:00:00 UTC  slack_webhook       web is down",
    ]
