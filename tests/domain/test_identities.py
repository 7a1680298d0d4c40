"""Under which names people answer, and by which way."""

import pytest

from watchdog.domain.identities import identity, meant


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("U0AAA", ("slack:U0AAA",)),
        ("W0123456789", ("slack:W0123456789",)),
        ("slack:U0AAA", ("slack:U0AAA",)),
        ("lead", ("console:lead", "terminal:lead")),
        ("Ann Smith", ("console:Ann Smith", "terminal:Ann Smith")),
        ("u0aaa", ("console:u0aaa", "terminal:u0aaa")),
        ("console:lead", ("console:lead",)),
        ("terminal:U0AAA", ("terminal:U0AAA",)),
        ("é", ("console:é", "terminal:é")),
    ],
)
def test_a_word_stands_for_a_member_id_or_for_a_name(text: str, stands_for: tuple[str, ...]) -> None:
    """A member id counts in Slack alone; a name never there."""
    assert meant(text) == stands_for


@pytest.mark.parametrize(
    "text", ["", " ", "slack:lead", "slack:", "pager:lead", ":lead", "console:", "a:b:c", " lead", "lead ", "x" * 41]
)
def test_what_is_no_identity_is_said_with_what_to_write(text: str) -> None:
    """A mistake here would leave a question that nobody may answer."""
    with pytest.raises(ValueError, match="not an identity: write U0AAA"):
        meant(text)


def test_who_gave_no_name_has_no_identity() -> None:
    """And so is nobody's approver."""
    assert identity("console", "") == ""
    assert identity("console", "slack:U0AAA") == "console:slack:U0AAA", "still only a name"
