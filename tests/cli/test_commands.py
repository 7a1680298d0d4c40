"""Commands over a real record: a SQLite file that an incident was written to, read back by the real code."""

import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.cli import examples as x
from tests.cli.conftest import ME, Typed, answer, in_record
from tests.cli.test_demo_text import good_result
from tests.settings.load.test_load import SAID, SEVEN
from tests.support.databases import with_tables
from watchdog.app.sandbox_demo.demo import EXPECTED, Screen
from watchdog.cli.commands.lifecycle import Scenario
from watchdog.cli.main import main
from watchdog.cli.services import AppServices
from watchdog.domain.errors import Refused, Temporary
from watchdog.domain.incidents import State
from watchdog.domain.reports import DemoResult
from watchdog.domain.store_records import Command, Write
from watchdog.sandbox.scenarios.scenario_table import SCENARIOS
from watchdog.settings import Settings


class ToldRoof(AppServices):
    """A composition root whose daemon gives one answer, and whose demo ends as given."""

    def __init__(self, answer: Command | Exception | None = None, result: DemoResult | None = None) -> None:
        self.answer, self.result = answer, result
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def command(self, settings: Settings, name: str, arguments: Mapping[str, Any], by: str, /) -> Command:
        self.asked.append((name, dict(arguments)))
        assert by
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer

    async def demo(self, scenario: str, screen: Screen | None, /, *, console: bool = False) -> DemoResult:
        assert self.result is not None
        if screen is not None:
            screen.begin(scenario, [], x.BEGIN)
            screen.result(self.result)
        return self.result


PAGE = "Handbook: watchdog docs reference-commands\n"
ON_CALL = "Handbook: watchdog docs on-call\n"
AWAY = "Handbook: watchdog docs reference-notices\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("explain web-1", 0, "web-1  web  CRITICAL, VERIFIED. Restored in 47 s (target 5 min).\n"),
        ("explain web-1", 0, "  02:14:53   rollback to dep-40, sent once -> dep-43\n"),
        ("explain web-1", 0, "none of 6 apply (--all lists them)"),
        ("explain web-1 --all", 0, "no veto    flapping"),
        ("incidents", 0, "web-1     2026-11-25 02:14:14  web"),
        ("incidents --limit 0", 0, "web-1     2026-11-25 02:14:14  web"),
        ("history --format markdown", 0, "| 2026-11-25 | 02:14 | web: HTTP 503 on home | Render | 1min |"),
        ("status", 0, "NO DAEMON RUNS on this store"),
        ("status --json", 0, '"NO DAEMON RUNS on this store'),
        ("status --tag checkout", 0, "web      observe  "),
        ("why-not web noon", 2, "write 03:12"),
    ],
)
def test_what_the_record_answers(words: str, code: int, said: str, typed: Typed) -> None:
    """As it was decided and saved last, with the policy's time target; an error says what to write instead."""
    told = typed(*words.split(), code=code)
    assert said in told and "of another incident" not in told


@pytest.mark.parametrize(
    ("words", "code", "all_said"),
    [
        ("explain web-9", 2, f"web-9: no such incident -> `watchdog incident list` lists them\n{PAGE}"),
        ("incident show web-9 --json", 2, f"web-9: no such incident -> `watchdog incident list` lists them\n{PAGE}"),
        ("why-not shop 03:12", 2, f"shop: no such service -> one of: web\n{PAGE}"),
        ("status --tag eu", 2, f"eu: no service has this tag -> one of: checkout\n{PAGE}"),
        ("silences", 0, "No silence and no action hold.\n"),
        ("silences --json", 0, "[]\n"),
    ],
)
def test_one_line_is_the_whole_answer(words: str, code: int, all_said: str, typed: Typed) -> None:
    assert typed(*words.split(), code=code) == all_said


def test_a_label_is_recorded_and_shown(typed: Typed) -> None:
    """A judgement is kept with the incident; one of an unknown incident is refused."""
    typed("label", "web-1", "wrong")
    assert typed("explain", "web-1").endswith("JUDGED       wrong by a human\n")
    typed("label", "web-9", "wrong", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("status", "Nothing is recorded yet"),
        ("incidents", "No incident yet."),
        ("history", "No rollback yet."),
        ("why-not web 00:00", "nothing was recorded"),
        ("drill --report", "The first one: `watchdog drill SERVICE`, on a staging service."),
        ("drill --report --json", '"proposals": []'),
        ("silences", "No silence and no action hold."),
        ("silences --json", "[]"),
    ],
)
def test_nothing_recorded_yet(
    words: str, said: str, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "watchdog.db").write_bytes(with_tables())
    assert said in answer(capsys, *words.split(), "-c", empty)


def test_why_not_finds_the_incident_behind_hundreds_of_other_services(
    empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [replace(x.incident(), id=f"api-{n}", service="api", opened_at=x.BEGIN + 99 + n) for n in range(1, 502)]
    in_record(tmp_path, lambda store: store.save(Write(State(), closed=[x.incident(), *others])))
    told = answer(capsys, "service", "why-not", "web", "2026-11-25T02:14:30Z", "-c", empty)
    assert "web-1 critical" in told and "api-1" not in told


@pytest.mark.parametrize(
    "words",
    [
        *("status", "status --json", "incident list", "service silences", "service why-not web 00:00"),
        *("report history", "report stats", "report digest", "report follow-ups", "announcement list"),
        *(f"incident {one} web-1" for one in ("show", "checklist", "postmortem", "undo --dry-run", "tick --undo")),
        *("explain web-1", "incident note web-1 words", "incident label web-1 right"),
    ],
)
def test_who_reads_neither_makes_nor_migrates_a_store(
    words: str, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made by root, it could not be written by the daemon's user; migrated beside an older daemon, that one could not
    start again."""
    file = tmp_path / "watchdog.db"
    assert "there is no store yet" in answer(capsys, *words.split(), "-c", empty, code=1) and not file.exists()
    file.write_bytes(with_tables("0007"))
    assert "restart the daemon with this one" in answer(capsys, *words.split(), "-c", empty, code=1)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM watchdog_schema").fetchall() == [("0007",)]


SILENCE, HOLD = "silence web --for 2h --reason work", {"of": "web", "seconds": 7200.0, "reason": "work"}
ALL = "silence all --for 2h --reason work"


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("approve web-1", {"incident": "web-1", "identity": f"terminal:{ME}"}),
        ("reject web-1", {"incident": "web-1"}),
        ("stop web-1", {"incident": "web-1"}),
        ("acknowledge web-1", {"incident": "web-1"}),
        ("pause", {}),
        (f"{SILENCE} --severity high --signal home", {**HOLD, "signal": "home", "severity": "high"}),
        (ALL.replace("2h", "1h30m"), {**HOLD, "of": None, "seconds": 5400.0}),
        ("hold web --for 1d --reason work", {**HOLD, "seconds": 86400.0}),
        ("unsilence hold-1", {"which": "hold-1"}),
        ("resume", {}),
        ("trust 9f3c2ab", {"commit": "9f3c2ab"}),
        ("rollback web", {"service": "web", "target": None}),
        ("rollback web --to dep-40", {"service": "web", "target": "dep-40"}),
        (
            "rollback web --live dep-42 --planned dep-40 --blamed dep-42",
            {
                "service": "web",
                "target": None,
                "planned": "dep-40",
                "blamed": "dep-42",
                "seen": {"live deploy": "dep-42"},
            },
        ),
        ("undo web-1", {"incident": "web-1"}),
    ],
)
def test_changes_go_to_the_daemon(
    words: str, arguments: dict[str, Any], empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each becomes one command with its arguments; the daemon's words are printed."""
    name, *_ = words.split()
    roof = ToldRoof(Command(1, name, arguments, "me", done=True, ok=True, answer="PAUSED by me"))
    assert answer(capsys, *words.split(), "-c", empty, services=lambda: roof) == "PAUSED by me\n"
    assert roof.asked == [(name, arguments)]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (
            Command(1, "pause", {}, "me", done=True, answer="cooldown: 3 min", exit_code=3),
            3,
            f"cooldown: 3 min\n{ON_CALL}",
        ),
        (Command(1, "pause", {}, "me", done=True, answer="unknown", exit_code=0), 1, f"unknown\n{ON_CALL}"),
        (
            Temporary("the running watchdog did not answer"),
            1,
            f"the running watchdog did not answer. Try again.\n{AWAY}",
        ),
        (Refused("hold: paused by lead"), 3, f"refused: hold: paused by lead\n{ON_CALL}"),
    ],
)
def test_a_refused_change(
    answer: Command | Exception, code: int, said: str, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pause", "-c", empty], lambda: ToldRoof(answer)) == code and capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        ("hold wob --for 2h --reason work", [], "wob: no such service"),
        ("hold web --for 2 --reason work", [], "--for: a duration needs a unit"),
        ("hold web --for 31d --reason work", [], "--for: not a sensible time"),
        ("silence web --for 0s --reason work", [], "--for: not a sensible time"),
        ("silence web --for 2h", ["--reason", " "], "--reason: there is nothing in it to read"),
        (f"{SILENCE} --signal hom", [], "hom: no such signal"),
        (f"{ALL} --signal hom", [], "hom: no such signal"),
        ("silence web --for 2h", [], "reason"),
        ("trust 9f3c", [], "give 7 characters or more"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(
    words: str, more: list[str], said: str, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says what to write; a prefix that could mean several commits never reaches the daemon either."""
    roof = ToldRoof()
    assert said in answer(capsys, *words.split(), *more, "-c", empty, code=2, services=lambda: roof)
    assert roof.asked == []


def test_the_demo_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on stdout; the exit code says whether it went as expected; no configuration is needed."""
    told = answer(capsys, "demo", "--json", services=lambda: ToldRoof(result=good_result()))
    assert json.loads(told) == good_result().json_object()
    failed = DemoResult("blind", None, None, None, None, None, None, 0, 0, False, as_expected=False)
    assert main(["demo", "--scenario", "blind", "--json"], lambda: ToldRoof(result=failed)) == 1


def test_the_demo_on_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    out = answer(capsys, "demo", services=lambda: ToldRoof(result=good_result()))
    assert out.startswith("watchdog demo: bad-deploy. The real daemon") and out.count("RESULT: AS EXPECTED") == 1


def test_the_demo_with_a_console_has_no_end_to_print_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert "leave --json out" in answer(capsys, "demo", "--console", "--json", code=2, services=ToldRoof)


def test_the_demo_s_console_needs_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named for the option that was typed, not for a line of the demo's own configuration."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    said = answer(capsys, "demo", "--console", code=2, services=ToldRoof)
    assert "--console: needs jinja2, which the extra console brings -> install it: pip install '.[console]'" in said


def test_the_help_offers_the_scenarios_there_are() -> None:
    """The choices of --scenario are those the sandbox can play and the demo can judge."""
    offered = set(get_args(Scenario))
    assert offered == set(EXPECTED) and offered <= set(SCENARIOS)


@pytest.mark.parametrize("command", ["run", "check", "status", "once"])
def test_every_mistake_is_reported_at_once(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was asked: one located line each with what to write, the page of the handbook, and no secret."""
    monkeypatch.setenv("WATCHDOG_SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/CANARY-ENV-1")
    path = tmp_path / "mine.yaml"
    path.write_text(SEVEN, encoding="utf-8")
    told = answer(capsys, command, "-c", str(path), code=2)
    *lines, last = told.splitlines()
    assert last == "Handbook: watchdog docs reference-configuration" and "CANARY" not in told
    for line, (number, what, instead) in zip(lines, SAID, strict=True):
        place, _, cure = line.partition(" -> ")
        assert place.startswith(f"mine.yaml:{number}: ") and what in place and instead in cure, line


def test_the_text_in_the_environment_is_checked_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file, and without that as well, it says what to do."""
    monkeypatch.chdir(tmp_path)
    assert "watchdog init" in answer(capsys, "run", code=2)
    monkeypatch.setenv("WATCHDOG_CONFIG_YAML", SEVEN)
    assert answer(capsys, "run", code=2).startswith("WATCHDOG_CONFIG_YAML:2: mod: unknown key -> ")
