"""Commands over a real record: a SQLite file that an incident was written to, read back by the real code."""

import asyncio
import json
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.cli import examples as x
from tests.cli.test_demo_text import good_result
from watchdog.adapters.stores import build_store
from watchdog.app.demo import EXPECTED
from watchdog.cli.context import Screen
from watchdog.cli.main import main
from watchdog.cli.roof import AppRoof
from watchdog.cli.running import Scenario
from watchdog.daemon.clock import SystemClock
from watchdog.domain.effects import Note
from watchdog.domain.errors import Refused, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.records import Command, Minute
from watchdog.domain.reports import DemoResult
from watchdog.sandbox.scenarios import SCENARIOS
from watchdog.settings import Settings

CONFIG = """\
version: 1
services:
  web:
    signals:
      home: {{http: "http://127.0.0.1:9/"}}
channels:
  console: {{}}
store: "sqlite:///{folder}/watchdog.db"
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Return the path of a configuration whose record holds nothing yet."""
    path = tmp_path / "watchdog.yaml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return str(path)


@pytest.fixture
def recorded(config: str, tmp_path: Path) -> str:
    """Return the path of a configuration whose record holds the sketch's incident and its notes."""

    async def write() -> None:
        store = build_store(f"sqlite:///{tmp_path}/watchdog.db", SystemClock())
        await store.open()
        try:
            state = State(services={"web": ServiceState("web", incident=x.incident())}, incidents=1)
            await store.save(None, state, x.NOTES)
            await store.put_minutes([Minute("web", "home", x.BEGIN - 3604, 5, 1, 0, why="HTTP 503")])
        finally:
            await store.close()

    asyncio.run(write())
    return config


class ToldRoof(AppRoof):
    """A composition root whose daemon gives one answer, and whose demo ends as given."""

    def __init__(self, answer: Command | Exception | None = None, result: DemoResult | None = None) -> None:
        self.answer, self.result = answer, result
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def command(self, settings: Settings, name: str, arguments: Mapping[str, Any], by: str, /) -> Command:
        """Return or raise the answer."""
        self.asked.append((name, dict(arguments)))
        assert by
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer

    async def demo(self, scenario: str, screen: Screen | None, /) -> DemoResult:
        """Return the result, shown as the real one is."""
        assert self.result is not None
        if screen is not None:
            screen.begin(scenario, [], x.BEGIN)
            screen.result(self.result)
        return self.result


def test_explain_reads_the_record(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The incident comes back from the database as it was decided, with the policy's time target."""
    assert main(["explain", "web-1", "-c", recorded]) == 0
    out = capsys.readouterr().out
    assert out.startswith("web-1  web  CRITICAL, VERIFIED. Restored in 47 s (target 5 min).\n")
    assert "  02:14:53   rollback to dep-40, sent once -> dep-43\n" in out
    assert "none of 6 apply (--all lists them)" in out
    assert main(["explain", "web-1", "--all", "-c", recorded]) == 0
    assert "no veto    flapping" in capsys.readouterr().out


def test_an_unknown_incident_is_a_usage_error(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how to find the right one."""
    assert main(["explain", "web-9", "-c", recorded]) == 2
    assert capsys.readouterr().err == "web-9: no such incident -> `watchdog incidents` lists them\n"


def test_incidents_and_history(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both read the same record."""
    assert main(["incidents", "-c", recorded]) == 0
    assert "web-1     2026-11-25 02:14:14  web" in capsys.readouterr().out
    assert main(["history", "--format", "markdown", "-c", recorded]) == 0
    assert "| 2026-11-25 | 02:14 | web: HTTP 503 on home | Render | 1min |" in capsys.readouterr().out
    assert main(["history", "--format", "json", "-c", recorded]) == 0
    assert json.loads(capsys.readouterr().out)[0]["incident"] == "web-1"


def test_a_label_is_recorded_and_shown(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A judgement is kept with the incident; one of an unknown incident is refused."""
    assert main(["label", "web-1", "wrong", "-c", recorded]) == 0
    assert main(["explain", "web-1", "-c", recorded]) == 0
    assert capsys.readouterr().out.endswith("JUDGED       wrong by a human\n")
    assert main(["label", "web-9", "wrong", "-c", recorded]) == 2


def test_nothing_recorded_yet(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A new installation answers every question kindly."""
    for words, said in (
        (["status"], "Nothing is recorded yet"),
        (["incidents"], "No incident yet."),
        (["history"], "No rollback yet."),
        (["why-not", "web", "00:00"], "nothing was recorded"),
    ):
        assert main([*words, "-c", config]) == 0
        assert said in capsys.readouterr().out


def test_status_shows_an_old_record_as_old(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is what was saved last; that nothing is being read now is said above it."""
    assert main(["status", "-c", recorded]) == 0
    out = capsys.readouterr().out
    assert "is the daemon running?" in out
    assert "web      observe  calm" in out


def test_why_not_reads_minutes_and_notes(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong time or service is a usage error with what to write."""
    assert main(["why-not", "web", "noon", "-c", recorded]) == 2
    assert "write 03:12" in capsys.readouterr().err
    assert main(["why-not", "shop", "03:12", "-c", recorded]) == 2
    assert capsys.readouterr().err == "shop: no such service -> one of: web\n"


ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    ("words", "name", "arguments"),
    [
        (["approve", "web-1"], "approve", {"incident": "web-1", "identity": f"terminal:{ME}"}),
        (["reject", "web-1"], "reject", {"incident": "web-1"}),
        (["stop", "web-1"], "stop", {"incident": "web-1"}),
        (["acknowledge", "web-1"], "acknowledge", {"incident": "web-1"}),
        (["pause"], "pause", {}),
        (
            ["silence", "web", "--for", "2h", "--reason", "work", "--severity", "high", "--signal", "home"],
            "silence",
            {"of": "web", "seconds": 7200.0, "reason": "work", "signal": "home", "severity": "high"},
        ),
        (
            ["silence", "all", "--for", "1h30m", "--reason", "work"],
            "silence",
            {"of": None, "seconds": 5400.0, "reason": "work", "signal": None, "severity": None},
        ),
        (
            ["hold", "web", "--for", "1d", "--reason", "work"],
            "hold",
            {"of": "web", "seconds": 86400.0, "reason": "work"},
        ),
        (["unsilence", "hold-1"], "unsilence", {"which": "hold-1"}),
        (["resume"], "resume", {}),
        (["trust", "9f3c2ab"], "trust", {"commit": "9f3c2ab"}),
        (["rollback", "web"], "rollback", {"service": "web", "target": None}),
        (["rollback", "web", "--to", "dep-40"], "rollback", {"service": "web", "target": "dep-40"}),
        (["undo", "web-1"], "undo", {"incident": "web-1"}),
    ],
)
def test_changes_go_to_the_daemon(
    words: list[str], name: str, arguments: dict[str, Any], config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each becomes one command with its arguments; the daemon's words are printed."""
    roof = ToldRoof(Command(1, name, arguments, "me", done=True, ok=True, answer="PAUSED by me"))
    assert main([*words, "-c", config], lambda: roof) == 0
    assert roof.asked == [(name, arguments)]
    assert capsys.readouterr().out == "PAUSED by me\n"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Command(1, "pause", {}, "me", done=True, answer="cooldown: 3 min", exit_code=3), 3, "cooldown: 3 min\n"),
        (Command(1, "pause", {}, "me", done=True, answer="unknown", exit_code=0), 1, "unknown\n"),
        (Temporary("the running watchdog did not answer"), 1, "the running watchdog did not answer. Try again.\n"),
        (Refused("hold: paused by lead"), 3, "refused: hold: paused by lead\n"),
    ],
)
def test_a_refused_change(
    answer: Command | Exception, code: int, said: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its reason is on stderr, its exit code is the daemon's."""
    assert main(["pause", "-c", config], lambda: ToldRoof(answer)) == code
    assert capsys.readouterr() == ("", said)


def test_too_short_a_commit_is_not_sent(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A prefix that could mean several commits never reaches the daemon."""
    roof = ToldRoof()
    assert main(["trust", "9f3c", "-c", config], lambda: roof) == 2
    assert roof.asked == []
    assert "give 7 characters or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", "wob", "--for", "2h", "--reason", "work"], "wob: no such service"),
        (["hold", "web", "--for", "2", "--reason", "work"], "--for: not a duration"),
        (["hold", "web", "--for", "31d", "--reason", "work"], "--for: not a sensible time"),
        (["silence", "web", "--for", "0s", "--reason", "work"], "--for: not a sensible time"),
        (["silence", "web", "--for", "2h", "--reason", " "], "--reason: there is nothing in it to read"),
        (["silence", "web", "--for", "2h", "--reason", "work", "--signal", "hom"], "hom: no such signal"),
        (["silence", "all", "--for", "2h", "--reason", "work", "--signal", "hom"], "hom: no such signal"),
        (["silence", "web", "--for", "2h"], "reason"),
    ],
)
def test_a_silence_that_cannot_be_meant_is_not_sent(
    words: list[str], said: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says what to write."""
    roof = ToldRoof()
    assert main([*words, "-c", config], lambda: roof) == 2
    assert roof.asked == [] and said in capsys.readouterr().err


def test_silences_are_listed_and_stand_above_the_status(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is quiet here; the daemon is not asked."""
    assert main(["silences", "-c", recorded]) == 0
    assert capsys.readouterr().out == "No silence and no action hold.\n"


def test_the_demo_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on stdout; the exit code says whether it went as expected; no configuration is needed."""
    assert main(["demo", "--json"], lambda: ToldRoof(result=good_result())) == 0
    assert json.loads(capsys.readouterr().out) == good_result().json_object()
    failed = DemoResult("blind", None, None, None, None, None, None, 0, 0, False, as_expected=False)
    assert main(["demo", "--scenario", "blind", "--json"], lambda: ToldRoof(result=failed)) == 1


def test_the_demo_on_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the screen tells the story in plain lines."""
    assert main(["demo"], lambda: ToldRoof(result=good_result())) == 0
    out = capsys.readouterr().out
    assert out.startswith("watchdog demo: bad-deploy. The real daemon")
    assert out.count("RESULT: AS EXPECTED") == 1


def test_the_help_offers_the_scenarios_there_are() -> None:
    """The choices of --scenario are those the sandbox can play and the demo can judge."""
    offered = set(get_args(Scenario))
    assert offered == set(EXPECTED)
    assert offered <= set(SCENARIOS)


def test_init_from_two_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It writes a configuration that loads, does not overwrite one unasked, and explains a wrong answer."""
    path = str(tmp_path / "new.yaml")
    answers = ["--site", "https://www.acme.example", "--render", ""]
    assert main(["init", *answers, "-c", path]) == 0
    assert main(["check", "-c", path]) == 0
    assert "web: observe" in capsys.readouterr().out
    assert main(["init", *answers, "-c", path]) == 2
    assert "--force overwrites it" in capsys.readouterr().err
    assert main(["init", *answers, "-c", path, "--force"]) == 0
    assert main(["init", "--site", "acme", "--render", "", "-c", str(tmp_path / "other.yaml")]) == 2
    assert "not a web address" in capsys.readouterr().err
    assert not (tmp_path / "other.yaml").exists()


def test_every_mistake_is_reported_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken configuration stops any command with one line per mistake and exit code 2."""
    path = tmp_path / "broken.yaml"
    path.write_text("version: 1\nservises: {}\nbudget: {per_service_per_day: many}\n")
    assert main(["status", "-c", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) >= 2
    assert "services" in err


def test_notes_of_another_incident_stay_out(recorded: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` shows what belongs to its incident only."""

    async def write() -> None:
        store = build_store(f"sqlite:///{tmp_path}/watchdog.db", SystemClock())
        await store.open()
        try:
            state = await store.load()
            assert state is not None
            await store.save(None, state, [Note(x.BEGIN, "web", "web-2", "ACT", "somebody else's rollback")])
        finally:
            await store.close()

    asyncio.run(write())
    assert main(["explain", "web-1", "-c", recorded]) == 0
    assert "somebody else" not in capsys.readouterr().out
