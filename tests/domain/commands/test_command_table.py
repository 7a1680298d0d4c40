"""What people ask for, checked: one meaning, wherever they ask."""

from dataclasses import replace
from typing import Any

import pytest

from watchdog.domain.commands.command_table import COMMANDS, ROWS
from watchdog.domain.commands.human_command import InvalidRequest, Subject, stored_arguments
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy

QUIET = {"lasts": "1h", "reason": "moving house"}
WHEN = {"title": "x", "text": "y", "starts": "2027-01-31T22:00", "lasts": "2h"}
WINDOW = {"page": "shop", "title": "x", "text": "y", "seconds": 7200.0}
HOUR = {"of": "web", "seconds": 3600.0, "reason": "moving house"}
FOLLOW_UP = {"text": "x", "owner": "ann", "due": "3d"}


def stored(command: str, subject: str, **given: Any) -> dict[str, Any]:
    """Return what the daemon gets of a command."""
    return stored_arguments(COMMANDS[command], subject, given)


@pytest.mark.parametrize(
    ("command", "subject", "given", "gets"),
    [
        ("approve", "web-1", {}, {"incident": "web-1"}),
        ("hold", "web", QUIET | {"reason": "  moving\n house "}, HOUR),
        ("hold", "all", QUIET | {"lasts": "60m"}, HOUR | {"of": None}),
        ("hold", "web", QUIET | {"reason": "x" * 400}, HOUR | {"reason": "x" * 300}),
        ("tick", "web-1", {"item": "docs", "undo": "no"}, {"incident": "web-1", "item": "docs", "undo": False}),
        ("tick", "web-1", {"item": "docs", "undo": "yes"}, {"incident": "web-1", "item": "docs", "undo": True}),
        ("silence", "web", QUIET | {"signal": None, "severity": ""}, HOUR),
        ("silence", "web", QUIET | {"signal": "api", "severity": "high"}, HOUR | {"signal": "api", "severity": "high"}),
        ("rollback", "web", {"target": None}, {"service": "web"}),
        ("trust", "sha256:abcdef0", {}, {"commit": "sha256:abcdef0"}),
        ("note", "web-1", {"text": "a lock"}, {"incident": "web-1", "text": "a lock", "root_cause": False}),
        (
            "follow-up",
            "web-1",
            {"text": " Raise\n the  pool ", "owner": " team  lead ", "due": "1h30m"},
            {"incident": "web-1", "text": "Raise the pool", "owner": "team lead", "seconds": 5400.0},
        ),
        (
            "follow-up",
            "web-1",
            {"text": "x" * 300},
            {"incident": "web-1", "text": "x" * 300, "owner": "development team", "seconds": 7 * 86400.0},
        ),
        (
            "announce",
            "shop",
            {"title": " Slow ", "text": "We look\ninto it.", "services": ""},
            {"page": "shop", "title": "Slow", "text": "We look into it.", "state": "investigating"},
        ),
        (
            "schedule-maintenance",
            "shop",
            {"title": "x", "text": "y", "starts": "2027-01-31T22:00+01:00", "lasts": "2h", "services": "web, api"},
            {**WINDOW, "starts_at": 1_801_429_200.0, "services": "web, api"},
        ),
        (
            "schedule-maintenance",
            "shop",
            {"title": "x", "text": "y", "starts": "2027-01-31 22:00", "lasts": "2h"},
            {**WINDOW, "starts_at": 1_801_432_800.0},
        ),
        ("update-announcement", "3", {"text": "x", "state": ""}, {"announcement": "3", "text": "x"}),
        ("pause", "", {}, {}),
    ],
)
def test_what_the_daemon_gets(command: str, subject: str, given: dict[str, Any], gets: dict[str, Any]) -> None:
    """`all` is no service; blanks are put in order; what was not said is not in it, or is as it usually is."""
    assert stored(command, subject, **given) == gets


@pytest.mark.parametrize(
    ("command", "subject", "given", "says"),
    [
        ("approve", "", {}, "approve: say which incident; approve INCIDENT"),
        ("silence", "", QUIET, "silence: say which service; silence SERVICE 2h WHY"),
        ("trust", "abcdef", {}, "abcdef: too short to name one commit; give 7 characters or more"),
        ("silence", "web", QUIET | {"reason": " "}, "--reason: there is nothing in it to read; write why"),
        ("silence", "web", QUIET | {"lasts": "soon"}, "--for: not a duration"),
        ("silence", "web", QUIET | {"lasts": "0s"}, "--for: not a sensible time; write something up to 30d"),
        ("silence", "web", QUIET | {"lasts": "31d"}, "--for: not a sensible time"),
        ("silence", "web", QUIET | {"severity": "hgih"}, "--severity: no such severity; write one of: critical, high"),
        ("announce", "", {}, 'announce: say which page; announce PAGE "TITLE" TEXT'),
        ("announce", "shop", {"title": "x" * 101}, "--title: longer than 100 characters"),
        ("announce", "shop", {"title": "x", "text": "y", "state": "resolved"}, "--state: no such state; write one of"),
        ("schedule-maintenance", "shop", WHEN | {"starts": "soon"}, "--starts: not a date and time; write 2027-01-31T"),
        ("schedule-maintenance", "shop", WHEN | {"starts": "9" * 99}, "--starts: not a date and time"),
        ("schedule-maintenance", "shop", WHEN | {"lasts": "31d"}, "--for: not a sensible time; write something up to"),
        ("label", "web-1", {"verdict": "perhaps"}, "--verdict: no such verdict; write one of: right, wrong"),
        ("follow-up", "web-1", FOLLOW_UP | {"text": " \n"}, "TEXT: there is nothing in it to read"),
        ("follow-up", "web-1", FOLLOW_UP | {"text": "x" * 301}, "TEXT: longer than 300 characters"),
        ("follow-up", "web-1", FOLLOW_UP | {"owner": " "}, "--owner: there is nothing in it to read"),
        ("follow-up", "web-1", FOLLOW_UP | {"owner": "y" * 81}, "--owner: longer than 80 characters"),
        ("follow-up", "web-1", FOLLOW_UP | {"due": "tomorrow"}, "--due: not a duration"),
        ("follow-up", "web-1", FOLLOW_UP | {"due": "9601h"}, "--due: not a sensible time; write something up to 400d"),
    ],
)
def test_what_cannot_be_meant(command: str, subject: str, given: dict[str, Any], says: str) -> None:
    """Said before it is sent: where it stands, what is wrong, what to write instead."""
    with pytest.raises(InvalidRequest) as unclear:
        stored(command, subject, **given)
    assert str(unclear.value).startswith(says) and unclear.value.instead


def test_every_row_is_whole() -> None:
    """A sentence of help, a name that can be typed; a channel takes each command by words alone."""
    assert len(COMMANDS) == len(ROWS)
    for row in ROWS:
        assert row.says.endswith(".") and row.name.islower(), row.name
        names = [one.name for one in row.arguments]
        assert len({*names, row.subject.value}) == len(names) + 1, row.name
        assert row.usage.startswith(row.name)
        assert (row.subject is Subject.NOTHING) == (row.usage == row.name)


def test_the_signals_that_there_are() -> None:
    """Of one service or of all, each once."""
    web = ServicePolicy("web", None, signals=(SignalPolicy("home", "http"), SignalPolicy("api", "http")))
    services = {"web": web, "shop": replace(web, name="shop", signals=(SignalPolicy("api", "http"),))}
    policy = Policy(services=services, matrix=DEFAULT_MATRIX)
    assert (policy.signals_of("shop"), policy.signals_of(None)) == (("api",), ("home", "api"))
    assert policy.signals_of("moon") == ()
