"""Whole: a hole in what the core hands out is found."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import NOW, a_service, a_state, an_incident
from tests.core.whole import holes
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity

NOTICE = Notice(NOW, "web-1", "web", Severity.HIGH, NoticeKind.ASKED, "web fails", ("why",))
TELL = Tell(NOTICE, ("pager",))
CALLED = IncidentNews(Topic.ASKED, an_incident(notified_at=NOW))
STATE = a_state(a_service(incident=an_incident()))


@pytest.mark.parametrize(
    ("effect", "where"),
    [
        (TELL, []),
        (Note(NOW, "web", None, "ACT", "so"), []),
        (Note(NOW, "web", None, "ACT", None), ["Note.text"]),
        (Note(NOW - 1, "web", None, "ACT", "so"), [f"{NOW - 1} is not the moment {NOW} at which it is said"]),
        (Note(NOW, "shop", None, "ACT", "so"), ["shop is nobody"]),
        (replace(TELL, notice=replace(NOTICE, wakes=None)), ["Tell.notice.wakes"]),
        (replace(TELL, notice=replace(NOTICE, lines=("why", None))), ["Tell.notice.lines[]"]),
        (replace(TELL, channels=None), ["Tell.channels"]),
        (replace(TELL, notice=replace(NOTICE, about=CALLED)), ["approval asked was told before its call"]),
    ],
)
def test_a_hole_in_an_effect_is_found(effect: Effect, where: list[str]) -> None:
    """By its place; and what is said is said of this moment."""
    assert [hole.partition(": ")[0] for hole in holes(STATE, STATE, (effect,), NOW)] == where


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        *(({name: None}, name) for name in ("severity", "findings", "pin")),
        ({"opened_at": "soon"}, "opened_at"),
        ({"asked_at": "soon"}, "question.asked_at"),
        ({"off": None}, "pin.off"),
    ],
)
def test_a_hole_in_an_incident_is_found_when_it_is_made(fields: dict[str, Any], where: str) -> None:
    """Also in a part of it; what is the very same as before was looked at then."""
    after = a_state(a_service(incident=an_incident(**fields)))
    found = holes(STATE, after, (), NOW)
    assert [hole.partition(": ")[0] for hole in found] == [f"State.services[web].incident.{where}"]
    assert holes(after, after, (), NOW) == []
