"""The parts of a Slack message: within the limits, and without foreign markup."""

import pytest

from tests.adapters.notifiers.letters import notice
from watchdog.adapters.notifiers.slack_message import MAX_BLOCK, escape, message, state
from watchdog.domain.notices import Link


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<@U123>", "&lt;@U123&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("@channel", "@channel"),
    ],
)
def test_three_signs_are_escaped(said: str, sent: str) -> None:
    """Text that came escaped is escaped once more, so that it reads as it was."""
    assert escape(said) == sent


def test_a_flood_fits_into_whole_lines_per_block() -> None:
    """Each line of 500 ampersands grows to 2500 characters: one block each, none cut inside an entity."""
    blocks = message(notice(title="t", lines=("&" * 500,) * 60, links=()))["blocks"]
    texts = [block["text"]["text"] for block in blocks]
    assert len(blocks) <= 50
    assert all(len(text) <= MAX_BLOCK for text in texts)
    assert sum(text.count("&amp;") for text in texts) == 40 * 500


def test_links_that_do_not_fit_are_left_out_whole() -> None:
    """Ten links of 900 characters each: three fit into one block."""
    many = tuple(Link(f"link {number}", "https://x.example/" + "a" * 900) for number in range(10))
    context = message(notice(links=many))["blocks"][-1]["elements"][0]["text"]
    assert len(context) <= MAX_BLOCK
    assert context.count("<") == context.count(">") == 3


def test_an_edit_holds_the_beginning_and_the_state() -> None:
    """An edit may not carry the fields of a post (unfurling)."""
    body = state(notice(title="web: verified", lines=()), ("web CRITICAL: HTTP 503", "39 of 39"))
    assert body["blocks"][0]["text"]["text"] == "web CRITICAL: HTTP 503\n39 of 39\nNow: web: verified"
    assert "unfurl_links" not in body
