"""Tables as a pipe gets them."""

import io
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from tests.cli import examples as x
from tests.core.incident_fields import amended
from watchdog.cli import tables
from watchdog.cli.commands import lifecycle
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course, TargetChoice
from watchdog.domain.deploys import Commit, Deploy, Downtime
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import (
    DEFAULT_MATRIX,
    Mode,
    Policy,
    ServicePolicy,
    SignalPolicy,
    Suppression,
    VendorPolicy,
    Weekly,
)
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.reports import SignalReport
from watchdog.presentation import status_text
from watchdog.settings.check.check_result import CheckOutcome, CheckResult

SIGNALS = tuple(SignalPolicy(name, "http") for name in ("home", "api", "errors"))
GUARDED = ServicePolicy("web", "srv-web", Mode.AUTONOMOUS, signals=SIGNALS)
POLICY = Policy({"web": GUARDED, "docs": ServicePolicy("docs", None, signals=SIGNALS[:1])}, DEFAULT_MATRIX)
CHECKS = (
    Check("home", "http", last_at=x.BEGIN, last=Bad("HTTP 503")),
    Check("api", "latency", last_at=x.BEGIN - 5, last=Good()),
    Check("gone", "http", last_at=x.BEGIN - 900, last=Good()),
)
DEPLOYED = {"deploys": (x.BAD, x.FAILED, x.GOOD), "live": "dep-42", "auto_deploy_off": "commit"}
OPEN = {"phase": Phase.ROLLING_BACK, "incident": x.incident(closed_at=None)}
WEB = ServiceState("web", checks={check.name: check for check in CHECKS}, **DEPLOYED, **OPEN)


def printed(made: Table) -> list[str]:
    page = io.StringIO()
    Console(file=page, width=200, markup=False).print(made)
    return [line.rstrip() for line in page.getvalue().splitlines()]


def test_status() -> None:
    """One row per configured service; what was not read is unknown, what is no longer configured is not counted."""
    assert printed(tables.status(State(services={"web": WEB}), POLICY, x.BEGIN)) == [
        "SERVICE  MODE        STATE         LIVE            SIGNALS                   INCIDENT",
        "web      autonomous  verifying     dep-42 9f3c2ab  1 good, 1 bad, 1 unknown  web-1",
        "docs     observe     not seen yet  -               1 unknown                 -",
    ]
    long_id = replace(x.BAD, id="dep-c0ffee1c0ffee2c0ffee")
    named = replace(WEB, deploys=(long_id,), live=long_id.id)
    assert printed(tables.status(State(services={"web": named}), POLICY, x.BEGIN))[1].split()[3] == "9f3c2ab"


def test_what_is_kept_for_a_window_is_not_overlooked() -> None:
    """By whom, until when, and how to stop it; due, it says so."""
    kept = x.undone(x.decision(course=Course.ANNOUNCE), approved_by="ann\x1b[31m", announced_until=x.BEGIN + 9010)
    web = ServiceState("web", phase=Phase.ANNOUNCED, checks=WEB.checks, incident=kept)
    state, end = State(services={"web": web}), "approved by ann[31m. (watchdog incident stop web-1)"
    when = "SCHEDULED: web will be rolled back to dep-40 at 2026-11-25 04:44:14 UTC"
    assert status_text.status_lines(state, x.BEGIN + 10) == [f"{when} (in 2 h 30 min), {end}"]
    assert f"{when} (it is due), {end}" in status_text.status_lines(state, x.BEGIN + 9010)
    assert "rollback scheduled" in printed(tables.status(state, POLICY, x.BEGIN))[1]
    announced = replace(web, incident=amended(kept, approved_by=None))
    assert status_text.status_lines(State(services={"web": announced}), x.BEGIN + 10) == []


def test_what_must_not_be_overlooked_stands_above_the_table() -> None:
    """What holds us back, with the way out, and what is left off or denied."""
    web = replace(WEB, forbidden="Render answered 403", flapping_since=x.BEGIN)
    known = {"paused_by": "lead", "blind_since": x.BEGIN, "denied": (x.BAD.commit or "",)}
    state = State(services={"web": web}, disarmed="a second rollback in one step", **known)  # type: ignore[arg-type]
    assert status_text.status_lines(state, x.BEGIN + 10) == [
        "DISARMED: a second rollback in one step. It watches, pages, touches nothing. (watchdog resume)",
        "PAUSED by lead: it watches and touches nothing. (watchdog resume)",
        "BLIND since 2026-11-25 02:14:04 UTC: no control target answers, so nothing is judged or touched.",
        "NO RIGHT to change web: Render answered 403. (fix the key, then watchdog resume)",
        "FLAPPING since 2026-11-25 02:14:04 UTC: web fails and recovers, so each rollback needs approval.",
        'AUTO-DEPLOY IS OFF on web (it was "commit").',
        "Deny-listed: 9f3c2ab (watchdog commit trust COMMIT lifts one).",
    ]


def test_what_is_quiet_is_listed_with_its_end() -> None:
    until = Suppression("silence-1", "web", "ann", "moving\x1b[31m", x.BEGIN, x.BEGIN + 60.0)
    weekly = Suppression("configured-1", None, "ops", "backup", weekly=Weekly((6,), 120, 240, "Europe/Berlin"))
    state = State(silences=(until, replace(until, name="silence-2", ends_at=x.BEGIN)))
    policy = Policy(services={}, matrix={}, action_holds=(weekly,))
    assert status_text.quiet_lines(state, policy, x.BEGIN) == [
        "SILENCE silence-1 of web by ann (moving[31m), until 2026-11-25 02:15:04 UTC",
        "ACTION HOLD configured-1 of all services by ops (backup), every week, Europe/Berlin",
    ]
    assert status_text.quiet_lines(State(), Policy(services={}, matrix={}), x.BEGIN) == []


def test_a_downtime_is_a_silence_by_the_platform_for_as_long_as_it_is_read() -> None:
    """Without an end of its own; one that is over is not shown, nor that of another service."""
    down = Downtime("in maintenance mode", x.BEGIN - 600.0, x.BEGIN - 615.0)
    web = ServiceState("web", downtime=down, deploys_at=x.BEGIN)
    state, policy = State(services={"web": web}), Policy(services={}, matrix={})
    said = "SILENCE downtime of web by the platform (in maintenance mode, seen since 2026-11-25 02:04 UTC), "
    read, unread = (status_text.quiet_lines(state, policy, x.BEGIN + seconds) for seconds in (120.0, 121.0))
    assert read == [f"{said}until the platform says that it is over; nothing is rolled back meanwhile"]
    assert unread == [f"{said}but not read for 2 min, so notifications are on again"]
    assert status_text.quiets(state, policy, x.BEGIN, "web") and not status_text.quiets(state, policy, x.BEGIN, "shop")
    over = State(services={"web": replace(web, downtime=replace(down, ended_at=x.BEGIN))})
    assert status_text.quiet_lines(over, policy, x.BEGIN) == []


def test_what_status_pages_tell_and_announce_stands_above_the_table() -> None:
    """As long as it was read lately; a page that is well and announces nothing is not worth a line."""
    vendors = {
        "render": (x.BEGIN, Bad('render announced maintenance: "Disks\x1b[31m", until 04:00 UTC')),
        "openai": (x.BEGIN, Bad("openai reports API major outage")),
        "sentry": (x.BEGIN, Good("well")),
    }
    roles = {"render": "platform", "openai": "upstream", "sentry": "upstream", "github": "upstream"}
    policy = Policy({}, {}, vendors={name: VendorPolicy(name, role) for name, role in roles.items()})
    assert status_text.outside_lines(State(vendors=vendors), policy, x.BEGIN + 899.0) == [
        'PLATFORM render: render announced maintenance: "Disks[31m", until 04:00 UTC (read 15 min ago); '
        "what fails now is not rolled back.",
        "UPSTREAM openai: openai reports API major outage (read 15 min ago); it may explain what fails now.",
    ]
    lately = status_text.outside_lines(State(vendors=vendors), policy, x.BEGIN + 120.0)
    assert [line.count("(read") for line in lately] == [0, 0]
    assert status_text.outside_lines(State(vendors=vendors), policy, x.BEGIN + 900.0) == []
    ahead = {"render": (x.BEGIN, Good("well", 'render will have maintenance: "Disks"'))}
    state = State(services={"web": replace(WEB, auto_deploy_off="")}, vendors=ahead)
    assert status_text.all_lines(state, policy, x.BEGIN) == ['ANNOUNCED: render will have maintenance: "Disks".']


def test_merges_that_do_not_ship_are_named() -> None:
    def line(**known: object) -> str:
        web = replace(WEB, **known)  # type: ignore[arg-type]
        (only,) = status_text.status_lines(State(services={"web": web}), x.BEGIN + 10)
        return only

    merged = tuple(Commit(f"c{number}c0ffee", 0.0, f"Change\x1b[31m {number}") for number in range(5))
    assert line(merged=merged[:1]) == (
        'AUTO-DEPLOY IS OFF on web (it was "commit"). NOT shipped: c0c0ffe "Change[31m 0". '
        "(deploy by hand, then watchdog service restore-auto-deploy web)"
    )
    assert "and 2 more. (" in line(merged=merged)
    assert line(merges_why="GitHub answered 404").endswith("Merges cannot be seen: GitHub answered 404.")


def test_an_old_record_is_not_shown_as_the_present() -> None:
    """A daemon that stopped is noticed by the age of its newest reading."""
    state = State(services={"web": replace(WEB, auto_deploy_off="")})
    assert status_text.status_lines(state, x.BEGIN + 120) == []
    (old,) = status_text.status_lines(state, x.BEGIN + 7200)
    assert old == "The newest reading is 2 h 0 min old: the daemon does not seem to run."
    (never,) = status_text.status_lines(State(), x.BEGIN)
    assert never == "Nothing has been read yet: is the daemon running? (watchdog run)"


def test_incidents() -> None:
    paged = x.undone(x.decision(course=Course.PAGE), id="web-2")
    assert printed(tables.incidents([paged, x.incident()], {"web-1": "right"}, x.BEGIN)) == [
        "INCIDENT  ONSET (UTC)          SERVICE  SEVERITY  STATE      RESTORED IN  WHAT",
        "web-2     2026-11-25 02:14:14  web      critical  needs you  -            HTTP 503 on home",
        "web-1     2026-11-25 02:14:14  web      critical  verified   47 s         HTTP 503 on home (judged right)",
    ]


def test_deploys() -> None:
    old = Deploy("dep-39", "deactivated", "manual", None, image_ref="acme/web:latest")
    shown = printed(tables.deploys([x.BAD, x.FAILED, x.GOOD, old], x.TARGET, x.BEGIN))
    assert [" ".join(line.split()) for line in shown] == [
        "DEPLOY STATUS TRIGGER CODE FINISHED (UTC) MESSAGE NOTE",
        "dep-42 live new_commit 9f3c2ab 2026-11-25 02:14 Refactor sessions LIVE",
        "dep-41 build failed new_commit 5aa0c11 - Try a new bundler skipped: build failed, never live",
        "dep-40 deactivated new_commit 1b7e0d4 2026-11-21 22:14 Add a footer <- rollback target: was live 3 d 4 h",
        "dep-39 deactivated manual no commit -",
    ]
    assert len(printed(tables.deploys([x.BAD], TargetChoice(None, "there is no earlier deploy"), x.BEGIN))) == 2
    assert len(printed(tables.deploys([x.BAD], None, x.BEGIN))) == 2


def test_once_and_checks_and_foreign_words_are_neither_markup_nor_control() -> None:
    asked, control = Unknown("Sentry did not answer"), Good("2 of 2 answer")
    read = [SignalReport("web", "home", Bad("HTTP 503"), 0.004), SignalReport("web", "errors", asked)]
    assert printed(tables.once([*read, SignalReport("", "control", control)])) == [
        "SIGNAL      READING  TOOK  WHY",
        "web/home    BAD      4 ms  HTTP 503",
        "web/errors  UNKNOWN  -     Sentry did not answer",
        "control     GOOD     -     2 of 2 answer",
    ]
    done = [
        CheckResult("key", CheckOutcome.OK, "works"),
        CheckResult("web", CheckOutcome.FAIL, "unknown id", "correct it"),
    ]
    done += [CheckResult("page", CheckOutcome.WARN, "late"), CheckResult("right", CheckOutcome.UNTRIED, "unknown")]
    assert printed(tables.checks(done)) == [
        "WHAT            FOUND",
        "key    ok       works",
        "web    fail     unknown id -> correct it",
        "page   warn     late",
        "right  untried  unknown",
    ]
    assert [lifecycle._verdict(some) for some in (done, done[2:])] == [1, 0], "a warning fails no check"
    hostile = replace(x.BAD, commit_message="[red]\x1b[2Jboo[/red] [link=x]")
    assert "[red][2Jboo[/red] [link=x]" in printed(tables.deploys([hostile], None, x.BEGIN))[1]
