"""A notice in words: bounded, one line per line, harmless."""

import pytest

from tests.adapters.notifiers.letters import hostile_notice, notice, plain_notice
from watchdog.adapters.notifiers import text
from watchdog.domain.notices import Link


def test_a_notice_reads_like_a_note_from_a_colleague() -> None:
    assert text.render(notice()).splitlines() == [
        "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)",
        "  Blame: dep-42 9f3c2ab, P 0.998 (need 0.80)",
        "  Guards: all pass",
        "  dashboard: https://dashboard.example/web?a=1&b=2",
        "  web-1, opened, 2026-09-21 14:13:20 UTC",
    ]
    assert text.render(plain_notice()).splitlines() == [
        "The shop: not available since 14:02 (UTC)",
        "",
        "All visitors are affected.",
        "We are working on it.",
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand tab", "two lines and tab"),
        ("line\u2028separator\x85next", "line separator next"),
        ("\x1b[31mred\x00", "\ufffd[31mred\ufffd"),
        ("\u202eright to left", "\ufffdright to left"),
        ("\ud800 half a letter", "\ufffd half a letter"),
        ("é ü 東京 😀", "é ü 東京 😀"),
        ("  many   spaces ", "many spaces"),
        ("x" * 30, "x" * 19 + "…"),
    ],
)
def test_what_cannot_be_seen_does_not_pass(given: str, shown: str) -> None:
    """Controls, line breaks, bidi overrides and lone surrogates are replaced; the length is bounded."""
    assert text.clean(given, 20) == shown


def test_a_flood_of_evidence_is_cut_and_a_title_of_nothing_visible_is_what_we_know() -> None:
    """40 lines stay; the last line counts the others and names the command that shows them."""
    assert text.title(notice(title=" \n ")) == "web opened"
    kept = text.lines(notice(lines=tuple(f"line {number}" for number in range(1000))))
    assert len(kept) == 41 and kept[39] == "line 39" and kept[40] == "… and 960 more lines: watchdog explain web-1"


def test_only_web_links_survive_in_ascii_without_markup() -> None:
    """`|`, `>`, quotes and line breaks are percent-encoded; other schemes and endless URLs are left out."""
    assert text.links(hostile_notice()) == (
        Link("a|b> <!here>", "https://ok.example/a%7Cb%3Ec%27d%0A%E2%80%AE?q=%C3%BC"),
    )
