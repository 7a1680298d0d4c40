"""What a part of a decision looks like alone, where test_explain.py has no whole text with it."""

from tests.cli import examples as x
from watchdog.domain.decisions import Cause, TargetChoice, Veto
from watchdog.domain.deploys import Deploy
from watchdog.presentation import decision_text


def test_all_that_may_have_caused_it_is_ranked() -> None:
    """Its own deploy and an unobserved cause among them; where only its own is seen, there is nothing to rank."""
    api = Cause("deploy of api", 1.0, "api, which it depends on, was deployed 49 s before (dep-7)", "api", "dep-7")
    weighed = x.blame(odds=1.0, probability=0.5, causes=(Cause("upstream pay", 8.0, "upstream pay fails: down"), api))
    assert decision_text.causes(weighed) == [
        "CAUSES       likeliest first; they add up to 1",
        "  P 0.500    its own deploy dep-42",
        "  P 0.400    upstream pay fails: down",
        "  P 0.050    api, which it depends on, was deployed 49 s before (dep-7)",
        "  P 0.050    an unobserved cause",
    ]
    assert decision_text.causes(x.blame()) == []
    assert "CAUSES       likeliest first; they add up to 1" in decision_text.blame(x.decision(blame=weighed))


def test_what_there_is_none_of_is_no_section_or_a_line() -> None:
    """No suspect: why there is none, and nothing else; no target: what was looked at; no veto, no guard: nothing."""
    nobody = x.decision(blame=x.blame(suspect=None, change=None, why="no deploy can be blamed: no Render key"))
    assert decision_text.blame(nobody) == ["BLAME        no suspect: no deploy can be blamed: no Render key"]
    assert decision_text.target(TargetChoice(None, "no earlier deploy is known to be good", x.TARGET.skipped)) == [
        "TARGET       none: no earlier deploy is known to be good",
        "  skipped    dep-41  5aa0c11: build failed, never live",
    ]
    nothing = (decision_text.vetoes(x.blame(vetoes=())), decision_text.guards(()), decision_text.target(None))
    assert nothing == ([], [], [])


def test_a_deploy_of_an_image_is_named_by_its_digest() -> None:
    assert decision_text.named(Deploy("dep-1", "live", image_sha="sha256:0123456789")) == "dep-1  0123456"
    assert decision_text.named(Deploy("dep-1", "live")) == "dep-1  no commit"


def test_vetoes() -> None:
    """Those that fired always; the others only when asked for."""
    told = (Veto("onset", True, "it failed 20 s before dep-42"), Veto("deploy list", False, "read 3 s ago"))
    both = x.blame(vetoes=told)
    assert decision_text.vetoes(both) == ["  VETO       onset: it failed 20 s before dep-42"]
    assert decision_text.vetoes(both, everything=True)[1:] == ["  no veto    deploy list: read 3 s ago"]
