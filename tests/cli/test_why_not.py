"""`watchdog service why-not`: whole answers, from records built by hand."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from watchdog.cli.why_not import why_not
from watchdog.console.views.why_not_views import why_not_view
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course
from watchdog.domain.effects import Note
from watchdog.domain.store_records import Minute
from watchdog.presentation.inaction.past_moment import PastMoment

START = x.BEGIN - 4


def minute(signal: str, start: float, good: int, bad: int = 0, unknown: int = 0, why: str = "") -> Minute:
    return Minute("web", signal, START + start, good, bad, unknown, p95_seconds=0.42 if good else None, why=why)


BLIP = """\
web at 2026-11-25 02:15:00 UTC: why nothing was done.

SEEN (UTC, probes per minute)
  errors     02:14  0 good, 1 unknown: newest minute not complete
  home       02:14  6 good; p95 420 ms
             02:15  4 good, 2 bad (33 %): HTTP 503; p95 420 ms

WRITTEN DOWN (UTC, 2026-11-25)
  02:14:55   suspect: HTTP 503; probe every 2 s
  02:15:11   calm: 2 good probes

BECAUSE      errors: 0 of 1 readings could be judged; the unknown is no
             evidence
             home: 2 of 12 readings were bad (17 %), which was not confirmed:
             that takes an unbroken run of 60 s and 5 probes (56 s after a
             deploy, 2 min until it has answered), or a CUSUM of 18 (18)
             the suspicion ended without an incident after 16 s: 2 good probes
"""


def test_a_blip() -> None:
    """A short failure that healed is answered with what it counted and what would have been needed."""
    rows = (
        minute("home", 0, 6),
        minute("home", 60, 4, 2, why="HTTP 503"),
        minute("errors", 0, 0, 0, 1, "newest minute not complete"),
    )
    notes = (
        Note(START + 55, "web", None, "SUSPECT", "HTTP 503; probe every 2 s"),
        Note(START + 71, "web", None, "CALM", "2 good probes"),
    )
    live = PastMoment("web", START + 60, (Note(START + 71, "web", "web-1", "RESTORED", "dep-43 live"),), (), ())
    assert "  02:15:11   live: dep-43 live" in why_not(live), "the label of the timeline"
    for_machines = why_not_view(PastMoment("web", START + 60, (replace(notes[0], label="SKIPPED"),), (), ()))
    assert for_machines.notes[0].label == "PASSED", "as scripts know it"
    expected = BLIP.replace("             02:15  4 good", "  home       02:15  4 good")
    assert "\n".join(why_not(PastMoment("web", START + 60, notes, rows, ()))) + "\n" == expected


USUAL = "run of 60 s and 5 probes (56 s after a deploy, 2 min until it has answered), or"
FELT = "88 s as one takes traffic, as its restarts are felt for up to 80 s"


@pytest.mark.parametrize(
    ("taught", "seconds", "learnt_at", "limits"),
    [
        ("healed", 58.0, START, "run of 64 s and 5 probes (64 s after a deploy, as its blips last up to 58 s, 2 min"),
        ("healed", 53.0, START, "run of 60 s and 5 probes (58 s after a deploy, as its blips last up to 53 s, 2 min"),
        ("healed", 40.0, START, USUAL),
        ("healed", 58.0, START + 61.0, USUAL),
        ("restart", 80.0, START, f"run of 60 s and 5 probes (56 s after a deploy, {FELT}"),
        ("restart", 40.0, START, USUAL),
        ("restart", 80.0, START + 61.0, USUAL),
        ("outage", 80.0, START, "(88 s after a deploy, as outages of up to 80 s ended by themselves, 2 min"),
        ("outage", 80.0, START + 61.0, USUAL),
    ],
)
def test_the_limit_is_the_one_that_was_in_force(taught: str, seconds: float, learnt_at: float, limits: str) -> None:
    """What blips, restarts or short outages taught by then; not what is shorter than the limit, or taught later."""
    learnt: dict[str, Any] = {f"{taught}_seconds": seconds, f"{taught}_at": learnt_at}
    rows = (minute("home", 0, 6), minute("home", 60, 4, 2, why="HTTP 503"))
    past = PastMoment("web", START + 60, (), rows, (), checks={"home": Check("home", "http", **learnt)})
    assert limits in " ".join(" ".join(why_not(past)).split())


def because(*answers: object) -> str:
    return why_not(PastMoment(*answers))[-1].removeprefix("BECAUSE      ")  # type: ignore[arg-type]


def test_nothing_recorded_and_all_good() -> None:
    """A silent record is said to be silent, not healthy; good readings are counted."""
    assert why_not(PastMoment("web", START, (), (), ())) == [
        "web at 2026-11-25 02:14:00 UTC: why nothing was done.",
        "",
        "BECAUSE      nothing was recorded: the watchdog did not run, or the record",
        "             (minutes: 48 h) is gone",
    ]
    assert because("web", START, (), (minute("home", 0, 6),), ()) == "home: 6 of 6 readings were good, none bad"


def test_an_incident_that_was_only_paged() -> None:
    paged = x.undone(x.decision(course=Course.PAGE, why="dep-42: it failed 60 s before dep-42 could take traffic"))
    lines = why_not(PastMoment("web", x.BEGIN + 60, (), (), (paged,)))
    assert lines[2:] == [
        "OPEN         web-1 critical: HTTP 503 on home (watchdog explain web-1)",
        "",
        "BECAUSE      web-1: page, not rollback: dep-42: it failed 60 s before dep-42",
        "             could take traffic",
    ]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (20, "web-1 was open and not decided yet, decided 28 s later: rollback"),
        (48.5, "web-1: the rollback was requested 0.5 s later"),
        (60, "something was done: web-1 was rolled back 11 s before"),
    ],
)
def test_the_moment_before_and_after_a_rollback(second: float, says: str) -> None:
    """Before the decision it says when it came; after the request it says that something was done."""
    assert because("web", x.BEGIN + second, (), (), (x.incident(),)) == says
    undecided = replace(x.incident(), decision=None)
    assert because("web", x.BEGIN + 20, (), (), (undecided,)) == "web-1 was open and not decided yet"
