"""`watchdog gate` and `watchdog deploy-watch` on a record without a daemon: what is not known lets nothing through."""

import json
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import in_record
from tests.presentation.gate import cases as c
from watchdog.cli.main import main
from watchdog.console.views.gate_views import DeployCourseView, GateView
from watchdog.domain.store_records import Write
from watchdog.ports import Store
from watchdog.presentation.gate.gate_reasons import REASONS

CONFIG = """\
version: 1
services:
  web:
    render: srv-web
    gate: {{staging: web-staging, soak: 24h}}
    signals: {{home: {{http: "http://127.0.0.1:9/"}}}}
  web-staging:
    render: srv-staging
    signals: {{home: {{http: "http://127.0.0.1:9/staging"}}}}
channels: {{console: {{}}}}
store: "sqlite:///{folder}/watchdog.db"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what types a command in a folder with a gate, and gives its exit code, stdout and stderr."""
    (tmp_path / "watchdog.yaml").write_text(CONFIG.format(folder=tmp_path))

    def typed(*words: str) -> tuple[int, str, str]:
        code = main(["-c", str(tmp_path / "watchdog.yaml"), *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return typed


async def write(store: Store) -> None:
    await store.save(Write(c.state()))


@pytest.fixture
def recorded(run: Run, tmp_path: Path) -> Run:
    """Return the same beside a record, which no daemon writes."""
    in_record(tmp_path, write)
    return run


def test_without_a_store_the_gate_is_closed(run: Run) -> None:
    """Exit code 1, and the one reason says what to do."""
    code, told, errors = run("gate", "web", "--commit", c.COMMIT)
    assert (code, errors) == (1, "")
    assert "record  NOT KNOWN  there is no store yet" in told
    assert told.endswith("web: c0ffee100000 may not go to production now: 1 reason not known, which refuses as well.\n")


def test_without_a_daemon_the_gate_is_closed(recorded: Run) -> None:
    """Every reason has its row, and the record alone lets nothing through."""
    code, told, _ = recorded("gate", "web", "--commit", c.COMMIT)
    assert (code, len(told.splitlines())) == (1, len(REASONS) + 3)
    assert "daemon             NOT KNOWN  no daemon runs on this store" in told
    assert "deny-list          ok         the commit is not on it" in told


def test_json_has_the_shape_of_the_api(recorded: Run) -> None:
    """With the exit code of the verdict, not of the output."""
    code, told, _ = recorded("gate", "web", "--commit", c.COMMIT, "--json")
    found = json.loads(told)
    assert (code, found["passed"]) == (1, False) and set(found) == {one.name for one in fields(GateView)}
    code, told, _ = recorded("deploy-watch", "web", "--commit", c.COMMIT, "--since", "1700000000", "--json")
    found = json.loads(told)
    assert (code, found["stage"], found["over"]) == (3, "not known", False)
    assert set(found) == {one.name for one in fields(DeployCourseView)}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("gate", "wbe", "--commit", "c0ffee1"), "no such service"),
        (("gate", "web", "--commit", "main"), "--commit: not a commit"),
        (("gate", "web", "--commit", "c0ffee"), "--commit: not a commit"),
        (("gate", "web"), "--commit"),
        (("gate", "web", "--commit", "c0ffee1", "--rules", "none.yaml"), "none.yaml: cannot be read"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--timeout", "5"), "a duration needs a unit"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--since", "soon"), "--since: not a time"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--since", "2999-01-01T03:12Z"), "has not come yet"),
        (("deploy-watch", "none", "--commit", "c0ffee1"), "no such service"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--late", "20m"), "add --wait"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--wait", "--late", "20m,soon"), "--late:"),
        (("deploy-watch", "web", "--commit", "c0ffee1", "--status"), "all 40 letters"),
        (("deploy-watch", "web", "--commit", c.COMMIT, "--comment", "--repo", "acme/web"), "WATCHDOG_GITHUB_TOKEN"),
    ],
)
def test_mistakes_are_neither_a_yes_nor_a_no(words: tuple[str, ...], what: str, run: Run) -> None:
    """Exit code 2, and nothing on stdout that a step might take for an answer."""
    code, told, errors = run(*words)
    assert (code, told) == (2, "") and what in errors


def test_a_rules_file_restricts_and_never_loosens(recorded: Run, tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    ask = partial(recorded, "gate", "web", "--commit", c.COMMIT, "--rules", str(file))
    file.write_text("gate:\n  soak: 1h\n")
    code, told, errors = ask()
    assert (code, told) == (2, "")
    assert "gate.yaml:2: gate.soak: would loosen the configuration, which says 24 h 0 min" in errors
    assert "Handbook: watchdog docs gate" in errors
    file.write_text("gate: {availability: 99.99%}\n")
    assert ask()[0] == 1


def test_the_wait_ends_in_time_and_says_so(run: Run) -> None:
    """One line for what does not change, then that the time is over: exit code 3."""
    code, told, errors = run("deploy-watch", "web", "--commit", c.COMMIT, "--wait", "--timeout", "1ms")
    line, last = told.splitlines()
    assert (code, errors, last) == (3, "", "Not known in 1ms.")
    assert "not known: there is no store yet" in line


def test_a_service_named_at_render_is_judged_by_its_list(recorded: Run, tmp_path: Path) -> None:
    """Its id is not looked up here, and yet it is on Render: its own answers alone do not let a commit through."""
    file = tmp_path / "watchdog.yaml"
    file.write_text(file.read_text().replace("srv-staging", "the-staging-site"))
    _, told, _ = recorded("gate", "web", "--commit", c.COMMIT)
    assert "staging            NOT KNOWN  web-staging: its deploys were last read " in told
