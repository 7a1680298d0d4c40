"""Plain words, as a table: what people who know no engineering read."""

import pytest

from tests.core.scenes import NOW, found
from watchdog.core import stakeholder_text
from watchdog.domain.decisions import Finding

HOME = "We are working on it. We will notify you when it works again."
PART = "A part of it does not work."


@pytest.mark.parametrize(
    ("main", "whole", "title", "line"),
    [
        (found(share=1.0), True, "not available", "All visitors are affected."),
        (found(share=0.9), True, "not available", "All visitors are affected."),
        (found(method="cusum", share=0.89), True, "partly unavailable", "Most visitors are affected."),
        (found(method="cusum", share=0.65), True, "partly unavailable", "Most visitors are affected."),
        (found(method="cusum", share=0.64), True, "partly unavailable", "About half of the visitors are affected."),
        (found(method="cusum", share=0.35), True, "partly unavailable", "About half of the visitors are affected."),
        (found(method="cusum", share=0.34), True, "partly unavailable", "Some visitors are affected."),
        (found(method="run", share=1.0), False, "partly unavailable", f"{PART} All visitors are affected."),
        (found(method="cusum", share=0.2), False, "partly unavailable", f"{PART} Some visitors are affected."),
        (
            found(method="intermittent", share=0.3),
            True,
            "available on and off",
            "It works for a while, and then it does not.",
        ),
        (found("api", "latency", share=1.0), True, "slow", "Pages take much longer than they should."),
        (found("errors", "feed", share=0.0), False, "errors", "Some visitors may see errors."),
        (found("errors", "count", share=0.0), False, "errors", "Some visitors may see errors."),
        (found("crashes", "crashes", share=0.0), False, "errors", "Some visitors may see errors."),
    ],
)
def test_what_visitors_notice(main: Finding, whole: bool, title: str, line: str) -> None:
    """All, most, half or some of them; the whole or a part; slow; errors. Never what the probe said."""
    said = stakeholder_text.unavailable("The shop", main, whole, "14:02 (UTC)")
    assert said == (f"The shop: {title} since 14:02 (UTC)", (line, HOME))


def test_the_end_in_words() -> None:
    """Since when, how long; the cause is never named. A clock that was set back makes no negative time."""
    again = stakeholder_text.works_again("The shop", "14:07 (UTC)")
    assert again.title == "The shop: works again since 14:07 (UTC)"
    assert again.lines == ("We keep watching it, and will notify you once the recovery is confirmed.",)
    over = stakeholder_text.all_is_well("The shop", "14:07 (UTC)", 300.0)
    line = "It has worked as it should since 14:07 (UTC), after 5 min of trouble. Cause: being looked into."
    assert over == ("The shop: all is well again", (line,))
    assert "after 0 s of trouble" in stakeholder_text.all_is_well("web", "14:07 (UTC)", -3.0).lines[0]


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        (NOW, "UTC", "14:15 (UTC)"),
        (NOW, "Europe/Berlin", "16:15 (Europe/Berlin)"),
        (NOW - 86400.0, "UTC", "2026-09-20 14:15 (UTC)"),
        (NOW - 15 * 3600.0, "UTC", "2026-09-20 23:15 (UTC)"),
        (NOW - 15 * 3600.0, "Europe/Berlin", "01:15 (Europe/Berlin)"),
        (NOW - 3 * 3600.0, "Pacific/Auckland", "2026-09-21 23:15 (Pacific/Auckland)"),
    ],
)
def test_a_moment_by_their_own_clocks(at: float, zone: str, said: str) -> None:
    """With its zone, and with its date where that was not today, as the day is there."""
    assert stakeholder_text.moment(at, NOW, zone) == said
