"""What becomes of a text on its way into a page: escaped, and broken only where a reader would break it."""

import pytest
from markupsafe import Markup

from tests.console.scene import as_read
from watchdog.console.render.rendering import ticks, unbroken

WHOLE = '<span class="nowrap">{}</span>'.format
GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("99 % likely to blame", f"99{GAP}% likely to blame"),
        ("HTTP 503 since 02:15 UTC, 38 s", f"HTTP{GAP}503 since 02:15{GAP}UTC, 38{GAP}s"),
        ("roll back to dep-40 (1b7e0d4).", f"roll back to {WHOLE('dep-40')} (1b7e0d4)."),
        ("web-1, dep-cu1abc2def3ghi4jkl5m", f"{WHOLE('web-1')}, {WHOLE('dep-cu1abc2def3ghi4jkl5m')}"),
        # Words with a hyphen may be broken, and so must be what no line of a phone holds.
        ("auto-deploy is off, deny-listed", "auto-deploy is off, deny-listed"),
        ("web-" + "1" * 60, "web-" + "1" * 60),
        ("2026-11-25 of x-1-y <b>dep-1</b>", f"2026-11-25 of x-1-y &lt;b&gt;{WHOLE('dep-1')}&lt;/b&gt;"),
    ],
)
def test_no_line_breaks_within_an_id_or_between_a_number_and_its_unit(text: str, shown: str) -> None:
    assert unbroken(text) == Markup(shown)
    assert as_read(unbroken(text)) == text.replace("<", "&lt;").replace(">", "&gt;")


def test_a_command_in_a_sentence_is_shown_as_code() -> None:
    assert str(ticks("`watchdog undo web-1` & more")) == f"<code>watchdog undo {WHOLE('web-1')}</code> &amp; more"
