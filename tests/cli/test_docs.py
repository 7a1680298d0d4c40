"""`watchdog docs` as it is typed."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.conftest import answer
from watchdog.cli.commands.docs import for_terminal
from watchdog.cli.commands.markdown_view import show_markdown
from watchdog.docs import pages


def typed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    return answer(capsys, "docs", *words, code=code)


def test_the_list_names_every_page_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split(maxsplit=1) for line in typed(capsys).splitlines() if line.startswith("  ")]
    assert lines == [[page.name, page.title] for page in pages()]


def test_a_page_without_a_terminal_is_its_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    for page in pages():
        assert typed(capsys, page.name) == page.text
    part = typed(capsys, "operation#overload")
    assert part.startswith("## Overload\n") and part.count("\n## ") == 0
    assert typed(capsys, "operation.md") == typed(capsys, "operation")
    assert typed(capsys, "reference/reference-api.md") == typed(capsys, "reference-api")


def test_what_is_not_there_is_answered_with_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean operation?" in typed(capsys, "operatoin", code=2)
    assert "`watchdog docs` lists the pages" in typed(capsys, "xyzzy", code=2)
    assert "search for it: watchdog docs --search silence" in typed(capsys, "silence", code=2)
    assert "overload" in typed(capsys, "operation#nowhere", code=2)
    assert "no page holds 'xyzzy'" in typed(capsys, "--search", "xyzzy", code=1)


def test_search_lists_page_and_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert ["operation#overload", "Overload"] in [
        line.split(maxsplit=1) for line in typed(capsys, "--search", "Overload").splitlines()
    ]


def test_on_a_terminal_links_are_commands() -> None:
    text = for_terminal("<!-- needs: x -->\n[a](../other.md#b) [c](#d) [e](https://x.example/y.md) f<br>g\n", "one")
    assert text == "a (`watchdog docs other`) c [e](https://x.example/y.md) f g\n"
    console = Console(width=80, force_terminal=True, color_system=None)
    with console.capture() as captured:
        show_markdown(f"{text}\n| a | b |\n|---|---|\n| {'x' * 200} | `{'y' * 200}` |\n", console)
    shown = captured.get()
    assert "a (watchdog docs other) c e (https://x.example/y.md) f g" in " ".join(shown.split())
    assert (shown.count("x"), shown.count("y"), "…" in shown) == (202, 201, False)  # two and one of the address


def test_the_site_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert f"Wrote {len(pages())} pages." in typed(capsys, "--site", str(tmp_path / "site"))
    (tmp_path / "file").write_text("x")
    assert "cannot be written" in typed(capsys, "--site", str(tmp_path / "file" / "site"), code=2)
