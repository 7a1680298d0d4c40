"""Announcements at the terminal: listed from a real record; what is no page is refused before it is sent."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Typed, in_record
from watchdog.cli.main import main
from watchdog.domain.commands.announcements import Draft, Stage, Update

POST = ["announcement", "post", "shop", "--title", "Slow", "--text", "We look into it."]


def announced(folder: Path) -> None:
    """Write two announcements down, one that is resolved, and one of a maintenance far ahead."""

    window = Draft("shop", "New database", ("web",), 4_000_000_000.0, 4_000_003_600.0)
    over = Update(1000.0, "ann", Stage.RESOLVED, "Fast again.")
    in_record(folder, lambda store: store.announce(Draft("shop", "Slow \x1b[31m"), over))
    in_record(folder, lambda store: store.announce(window, Update(2000.0, "bob", Stage.SCHEDULED, "Orders wait.")))


def test_announcements_are_listed(typed: Typed, tmp_path: Path) -> None:
    assert typed("announcement", "list") == "None yet; `watchdog announcement post` posts one.\n"
    announced(tmp_path)
    head, first, second, _, times = typed("--utc", "announcement", "list").splitlines()
    assert head.split()[:4] == ["ANNOUNCEMENT", "PAGE", "SERVICES", "STATE"] and "UTC" in times
    assert first.split()[:4] == ["announcement-2", "shop", "web", "Scheduled"] and "New database" in first
    assert second.split()[:4] == ["announcement-1", "shop", "all", "Resolved"] and "\x1b" not in second
    planned, over = json.loads(typed("announcement", "list", "--json"))
    assert (planned["ends_at"], over["over"]) == ("2096-10-02T08:06:40Z", True)
    assert [one["by"] for one in planned["updates"]] == ["bob"]


@pytest.mark.parametrize(
    ("pages", "words", "said"),
    [
        ("", POST, "shop: no such status page -> add status_pages: to the configuration first"),
        ("moon: {title: x, services: [web]}", POST, "shop: no such status page -> one of: moon"),
        ("shop: {title: x, services: [web]}", [*POST, "--state", "resolved"], "resolved"),
        ("shop: {title: x, services: [web]}", [*POST[:-1], "x" * 1001], "--text: longer than 1000 characters"),
    ],
)
def test_what_cannot_be_posted_is_said_before_it_is_sent(
    empty: str, capsys: pytest.CaptureFixture[str], pages: str, words: list[str], said: str
) -> None:
    with Path(empty).open("a") as file:
        file.write(f"metrics: {{listen: '127.0.0.1:0'}}\nstatus_pages: {{{pages}}}\n" if pages else "")
    assert main(["--config", empty, *words]) == 2 and said in capsys.readouterr().err
