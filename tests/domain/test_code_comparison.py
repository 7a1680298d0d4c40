"""A comparison in one line: bounded, with what is not known said."""

import pytest

from watchdog.domain.code_comparison import FILES_MAX, Comparison, is_commit, named
from watchdog.domain.deploys import Commit

ANN = Commit("9f3c2ab7d61e05f4", 5.0, "Refactor sessions", "Ann")
BOB = Commit("7d20e9f1c8b3465a", 4.0, "Fix typo", "Bob")


def test_commits_with_authors_and_files() -> None:
    """Newest first; what is left out is counted, and that nothing lies between is said."""
    found = Comparison("b", "h", "ahead", 5, (ANN, BOB, ANN), ("a.py", "b.py"))
    assert found.summary == (
        '9f3c2ab "Refactor sessions" by Ann, 7d20e9f "Fix typo" by Bob, 9f3c2ab "Refactor sessions" by Ann, '
        "and 2 more; 2 files (a.py, b.py)"
    )
    assert found.authors == ("Ann", "Bob")
    assert Comparison("b", "h", "ahead", 1, (ANN,), ("a.py",)).summary.endswith("; 1 file (a.py)")
    assert "not among its ancestors" in Comparison("b", "h", "diverged", 1, (BOB,)).summary
    assert "the code of the target" in Comparison("b", "h", "identical").summary
    assert "older than the target" in Comparison("b", "h", "behind").summary


def test_it_is_never_longer_than_a_line_of_a_notice() -> None:
    """However long the titles, names and files."""
    long = Commit("f" * 40, 0.0, "x" * 100, "y" * 40)
    found = Comparison("b", "h", "diverged", 10**6, (long,) * 100, ("z" * 200,) * FILES_MAX)
    assert len(found.summary) < 500 + 200
    assert f"{FILES_MAX} files or more" in found.summary
    assert named([]) == "none is named"


@pytest.mark.parametrize(
    ("code", "known"),
    [("9f3c2ab", True), ("f" * 40, True), ("sha256:" + "f" * 64, False), ("main", False), (None, False)],
)
def test_what_is_a_commit(code: str | None, known: bool) -> None:
    """An image's digest is none, nor is what somebody might put into a path."""
    assert is_commit(code) is known
    assert not is_commit("../../user")
