"""Every block of README and handbook: YAML loads, commands parse, and those that only read are run.

What needs more than a test has is linted, and counted among the skipped. Commands in running text:
tests/test_command_spellings.py.
"""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import config, empty  # noqa: F401  fixtures
from tests.handbook.blocks import LANGUAGES, NEEDS, Block, blocks, blocks_of, inline_commands, shell_commands, texts
from tests.handbook.command_lint import EXAMPLES, runnable, wrong, wrong_of_ours
from tests.settings.texts import ALL_SECRETS, shown
from watchdog.cli.main import main
from watchdog.settings.text.yaml_document import parse

BASE: dict[str, Any] = {
    "version": 1,
    "services": {
        "web": {"render": "srv-web", "signals": {"home": {"http": "https://www.acme.example"}}},
        "api": {"render": "srv-api", "signals": {"health": {"http": "https://api.acme.example/healthz"}}},
    },
    "channels": {
        "console": {},
        "slack": {"channel": "#incidents"},
        "pagerduty": {},
        "email": {"smtp": "smtp.acme.example:587", "from": "watchdog@acme.example", "to": ["ops@acme.example"]},
    },
}
"""What a part of a configuration is tried in."""
SHELL, YAML = blocks("sh"), blocks("yaml")
TYPED = [
    *(
        (block.place, words[1:])
        for block in SHELL
        if "needs" not in block.marks
        for words in shell_commands(block.text)
        if words[0].endswith("watchdog")
    ),
    *((name, words) for name, text in texts() for words in inline_commands(text)),
]
PAGES = {" ".join(words): where.partition(":")[0] for where, words in reversed(TYPED)}
"""Each command, in blocks and in running text, with the first page on which it stands."""


def test_blocks_are_in_languages_that_are_tested_and_marks_are_known() -> None:
    """A misspelt language or mark would let a block through."""
    assert [one.place for one in blocks() if one.language not in LANGUAGES] == []
    marks = [(one.place, name) for one in blocks() for name in one.marks if name not in ("needs", "under", "yaml")]
    assert marks == []
    needed = {word for one in blocks() for word in one.marks.get("needs", "").replace(",", " ").split()}
    assert needed <= NEEDS and len(SHELL) >= 5 and len(YAML) >= 3


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.place)
def test_every_command_of_a_block_can_be_typed(block: Block) -> None:
    """Ours parse; modules, tests and extras exist; another program needs a mark."""
    needs = block.marks.get("needs", "")
    found = [broken for words in shell_commands(block.text) if (broken := wrong(words, marked=bool(needs)))]
    assert found == []
    if needs:
        pytest.skip(f"linted, not run: needs {needs}")


@pytest.mark.parametrize("page", sorted({*PAGES.values()}))
def test_commands_that_read_are_run(
    page: str,
    config: str,  # noqa: F811  the fixture
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the record of a folder with one incident, web-1: those of one page that stand on no page before it."""
    monkeypatch.chdir(Path(config).parent)
    there = [shlex.split(text) for text, first in PAGES.items() if first == page]
    read = [words for words in there if not wrong_of_ours(words) and runnable(words)]
    for words in read:
        assert main([*(EXAMPLES.get(word, word) for word in words), "-c", config]) == 0, capsys.readouterr().err
    assert read or page != "after-an-incident.md"


@pytest.mark.parametrize("block", YAML, ids=lambda block: block.place)
def test_every_configuration_loads(block: Block) -> None:
    needs = block.marks.get("needs", "")
    if needs or "yaml" in block.marks:
        assert list(yaml.safe_load_all(block.text))
        pytest.skip(f"only read as YAML: {f'needs {needs}' if needs else 'not a configuration of the watchdog'}")
    assert shown(whole(block), ALL_SECRETS) == ""


def whole(block: Block) -> str:
    document = parse(block.text, block.place)
    assert not document.mistakes, document.mistakes
    if {"version", "services"} <= document.data.keys():
        return block.text
    part: dict[str, Any] = document.data
    for key in reversed([key for key in block.marks.get("under", "").split(".") if key]):
        part = {key: part}
    return json.dumps(merged(BASE, part), default=lambda moment: moment.isoformat())


def merged(base: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: merged(base[key], part[key]) for key in part if all(isinstance(at.get(key), dict) for at in (base, part))
    }
    return {**base, **part, **both}


COMMANDS: list[tuple[str, bool]] = [
    (".venv/bin/watchdog explain web-1 --all", True),
    ("watchdog explain", False),
    ("watchdog nope", False),
    ("watchdog lab nope", False),
    ("watchdog lab --help", True),
    ("watchdog lba --help", False),
    ("watchdog status -c watchdog.yaml", True),
    ("python3 -m venv .venv && .venv/bin/pip install -q '.[console,slack]'", True),
    ("pip install 'render-watchdog[console]'", True),
    ("pip install '.[nope]'", False),
    ("pip install watchdog", False),
    ("uvx --from 'render-watchdog[console]' watchdog demo", True),
    ("uvx --from render-watchdog watchdog dmeo", False),
    ("pipx install render-watchdog", True),
    ("python -m tests.handbook --write", True),
    ("python -m tests.nowhere", False),
    ("pytest -n 2 tests/core", True),
    ("pytest tests/nowhere", False),
    ("docker run render-watchdog", False),
    ('echo "A=$(openssl rand -hex 32)" >> .env', True),
    ("TZ=UTC watchdog check | cat", True),
    ("export A=…  # a comment", True),
]


@pytest.mark.parametrize(("line", "right"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_the_lint_itself(line: str, right: bool) -> None:
    assert any(wrong(words, marked=False) for words in shell_commands(line)) is not right


def test_marks_and_indents_of_blocks() -> None:
    """A comment counts for the block right after it; a block in a list is read without its indent."""
    text = "<!-- needs: docker -->\n<!-- demo -->\n```sh\na\n```\n\n1. x:\n   ```yaml\n   a: 1\n   ```\n"
    first, second = blocks_of("x.md", text)
    assert (first.place, first.marks, first.text) == ("x.md:3", {"needs": "docker"}, "a\n")
    assert (second.place, second.language, second.marks, second.text) == ("x.md:8", "yaml", {}, "a: 1\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("signals: {api: {latency: https://www.acme.example/api, p95: 800ms}}", ""),
        ("signals: {api: {latency: https://www.acme.example/api, p95: 800}}", "services.web.signals"),
        ("nope: 1", "unknown key"),
    ],
)
def test_a_part_below_a_key(text: str, said: str) -> None:
    (block,) = blocks_of("x.md", f"<!-- under: services.web -->\n```yaml\n{text}\n```\n")
    found = shown(whole(block), ALL_SECRETS)
    assert said in found and bool(found) is bool(said)
