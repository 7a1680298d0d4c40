"""`watchdog init`: which files it writes, that a configuration never tells nobody in silence, and its questions."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import answer
from tests.settings.texts import refusals
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.settings.schema.json_schema import SHIPPED

SITE = ("--site", "https://www.acme.example", "--render", "srv-web")
MAIL = ("--email", "ops@acme.example", "--smtp", "smtp.acme.example:587")
HOOK = "WATCHDOG_SLACK_WEBHOOK_URL"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(HOOK, "https://hooks.acme.example/x")
    return tmp_path


def test_what_is_written_is_known_to_editors_and_loads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The schema lies beside it, and is named in the first line; the variables are in `.env.example`, unset."""
    said = answer(capsys, "init", *SITE, "--slack", *MAIL)
    text = (folder / "watchdog.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=watchdog.schema.json\n") and refusals(text) == []
    assert (folder / "watchdog.schema.json").read_bytes() == SHIPPED.read_bytes()
    names = [line for line in (folder / ".env.example").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    others = ("WATCHDOG_SENTRY_TOKEN", HOOK, "WATCHDOG_SMTP_PASSWORD", "WATCHDOG_HEARTBEAT_URL")
    assert names == [f"{one}=" for one in (KEY, *others)]
    assert f"copy .env.example to .env and set {KEY}\n" in said, "the other one is set"
    assert "NOBODY" not in said
    said = answer(capsys, "check")
    assert "channels: slack, email" in said and "NOBODY" not in said and "web: observe" in said


KEY = "WATCHDOG_RENDER_API_KEY"


def test_a_configuration_that_tells_nobody_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = answer(capsys, "init", "--site", "https://www.acme.example", "--render", "", "-c", "mine.yaml")
    assert said.splitlines()[-2].startswith("NO CHANNEL TO PEOPLE")
    assert "# NO CHANNEL TO PEOPLE" in (folder / "mine.yaml").read_text(encoding="utf-8")
    assert "WARNING channels: NO CHANNEL TO PEOPLE" in answer(capsys, "check", "-c", "mine.yaml")


def test_files_that_are_there_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".env").write_text("OTHER=1\n", encoding="utf-8")
    (folder / ".env.example").write_text("MINE=\n", encoding="utf-8")
    assert f"set in .env: {KEY}\n" in answer(capsys, "init", *SITE, "--slack")
    assert (folder / ".env.example").read_text(encoding="utf-8") == "MINE=\n"
    assert "--force overwrites it" in answer(capsys, "init", *SITE, "--slack", code=2)
    answer(capsys, "init", *SITE, "--slack", "--force")
    assert HOOK in (folder / ".env.example").read_text(encoding="utf-8")
    assert (folder / ".env").read_text(encoding="utf-8") == "OTHER=1\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*SITE, "--email", "ops@acme.example"), "mail needs a server"),
        ((*SITE, "--email", "ops", "--smtp", "smtp.acme.example:587"), "not an e-mail address"),
        (("--site", "acme", "--render", ""), "not a web address"),
    ],
)
def test_what_could_not_work_is_refused(
    folder: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in answer(capsys, "init", *words, code=2) and list(folder.iterdir()) == []


@pytest.mark.long
def test_without_render_in_reach_it_names_the_host_and_the_way_without(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHDOG_RENDER_API_KEY", "rnd_" + "x" * 24)
    said = answer(capsys, "init", "--from-render", "--render-url", "http://127.0.0.1:1", code=1)
    assert "at 127.0.0.1: this machine must reach it directly" in said and "watchdog init --site" in said
    assert "Handbook: watchdog docs reference-notices" in said and list(folder.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("test_it", ["n", "y"])
def test_at_a_terminal_it_asks_and_offers_a_test(folder: Path, test_it: str) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), HOOK: "http://127.0.0.1:1/hook"}
    command = [sys.executable, "-m", "watchdog", "init"]
    process = subprocess.Popen(command, cwd=folder, env=environ, stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.write(ours, f"https://www.acme.example\n\nslack\n{test_it}\n".encode())
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    os.close(ours)
    os.close(theirs)
    assert "How are people notified?" in said and "Send a test message" in said
    assert "slack: {}" in (folder / "watchdog.yaml").read_text(encoding="utf-8")
    assert process.returncode == (1 if test_it == "y" else 0) and ("channel slack" in said) == (test_it == "y")


def test_from_another_tool_it_says_what_is_lost_and_checks_once_its_keys_are_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is known by its content; its keys are named in `.env.example`; losses stand here and in the file."""
    (folder / "old").write_text(
        "endpoints:\n"
        "- {name: shop, url: 'http://127.0.0.1:9/', headers: {x-key: canary}, conditions: ['[STATUS] < 300']}\n"
        "- {name: router, url: 'icmp://192.0.2.1', conditions: ['[CONNECTED] == true']}\n",
        encoding="utf-8",
    )
    said = answer(capsys, "init", "--from", "old", "--slack")
    assert "Carried over: 1 site." in said and "  router: left out: a ping has no equal" in said
    text = (folder / "watchdog.yaml").read_text(encoding="utf-8")
    assert "# left out: router: a ping has no equal" in text and "canary" not in text + said
    variable = "WATCHDOG_PROBE_SHOP_X_KEY"
    assert f"\n{variable}=\n" in (folder / ".env.example").read_text(encoding="utf-8") and variable in said
    assert f"{variable}" in answer(capsys, "check", code=2)
    monkeypatch.setenv(variable, "a-key-of-the-site")
    assert "shop: observe" in answer(capsys, "check") and "shop/home" in answer(capsys, "once")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "none"), "cannot be read"),
        (("--from", "."), "not a regular file"),
        (("--from", "watchdog.yaml", "--force"), "would be overwritten"),
        (("--from", "old", "--site", ""), "choose one of them"),
        (("--from", "old", "--from-render"), "choose one of them"),
        (("--from", "old", "--email", "ops"), "mail"),
    ],
)
def test_a_file_that_cannot_be_imported_leaves_nothing_behind(
    folder: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = "endpoints: [{name: a, url: 'https://www.example.com', conditions: []}]\n"
    (folder / "old").write_text(endpoint, encoding="utf-8")
    if "--force" in words:
        (folder / "watchdog.yaml").write_text(endpoint, encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert says in answer(capsys, "init", *words, code=2)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
