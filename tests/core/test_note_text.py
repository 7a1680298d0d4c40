"""Parts of the story's lines, which notices and `explain` use as well: one test for each."""

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import HISTORY, NOW, a_decision, an_incident
from watchdog.core import note_text
from watchdog.domain.decisions import GuardAnswer, Skipped, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy


def test_deploys_are_named_with_their_code() -> None:
    """Seven characters of a commit or a digest; without a code only the id, without a blank at its end."""
    assert note_text.name_deploy(HISTORY[0]) == "dep-41 bad0000"
    assert note_text.name_deploy(Deploy("dep-2", "live", image_sha="sha256:0123456789")) == "dep-2 0123456"
    assert note_text.name_deploy(Deploy("dep-1", "live")) == "dep-1"


def test_a_rollback_by_hand_blames_nobody() -> None:
    """Decided, without blame: by hand. Not decided: not."""
    assert an_incident(decision=a_decision(blame=None)).by_hand
    assert not an_incident(decision=a_decision()).by_hand
    assert not an_incident().by_hand
    assert note_text.blame_line(a_decision(blame=None)) == "no deploy was blamed"
    assert note_text.blame_line(a_decision()) == "it fits"


def test_guards_that_pass_are_not_listed() -> None:
    """Only those against it, with their reasons."""
    good = GuardAnswer("mode", Verdict.PASS, "autonomous")
    asks = GuardAnswer("migration", Verdict.ASK, "a pre-deploy command is set")
    blocks = GuardAnswer("hold", Verdict.BLOCK, "paused by ann")
    assert note_text.guards_line((good,)) == "all pass"
    assert note_text.guards_line((good, asks, blocks)) == "migration: a pre-deploy command is set; hold: paused by ann"


SKIPPED = tuple(Skipped(f"dep-{number}", None, "never live") for number in range(4))


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (None, "none"),
        (TargetChoice(None, "there is no earlier deploy"), "none: there is no earlier deploy"),
        (
            TargetChoice(None, "no earlier deploy is known to be good", SKIPPED),
            "none: no earlier deploy is known to be good "
            "(skipped dep-0: never live; skipped dep-1: never live; skipped dep-2: never live)",
        ),
        (TargetChoice(HISTORY[1], "healthy"), "dep-40 aaaaaaa, healthy"),
        (
            TargetChoice(HISTORY[1], "healthy", SKIPPED[:1], "the saved value returns"),
            "dep-40 aaaaaaa, healthy (skipped dep-0: never live); the saved value returns",
        ),
    ],
)
def test_the_target_says_why_and_what_was_passed_over(choice: TargetChoice | None, line: str) -> None:
    """At most three that were passed over; a warning at the end."""
    assert note_text.target_line(a_decision(target=choice)) == line


@pytest.mark.parametrize(
    ("target", "expired", "rebuilds"),
    [("dep-40", None, False), ("dep-40", "dep-39", False), ("dep-40", "dep-40", True), (None, None, False)],
)
def test_a_rebuild_says_that_it_is_one(target: str | None, expired: str | None, rebuilds: bool) -> None:
    """Only where it is the target's own artefact that is gone."""
    incident = an_incident(target=target, target_code="aaaaaaa1", expired=expired)
    rebuild = "rebuilds commit aaaaaaa, as Render keeps no artefact of dep-40: it takes as long as a build"
    assert incident.rollback.rebuilds is rebuilds
    assert note_text.rebuild_words(incident) == (rebuild if rebuilds else "")
    words = " ".join(note_text.way_back(incident))
    assert ("roll" in words, "rebuilt commit aaaaaaa" in words) == (not rebuilds, rebuilds)


def test_what_had_healed_before_says_by_how_much_and_how_to_undo_it() -> None:
    """The deploy may be innocent; it is not asked of what had not healed."""
    incident = an_incident(suspect="dep-41", healed_at=NOW - 30.0, restored_at=NOW)
    assert note_text.healed_line(incident) == (
        "all was good again 30 s before the rollback was live, and not by it: dep-41 may be innocent "
        "(`watchdog incident undo web-1` takes the rollback back)"
    )
    with pytest.raises(AssertionError, match="it had healed"):
        note_text.healed_line(amended(incident, healed_at=None))
