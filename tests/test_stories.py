"""Stories as text, played through the pure core. `pytest tests/test_stories.py --rewrite` writes them anew."""

from pathlib import Path

import pytest

from tests.support.storyteller import LINE, Untellable, play

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_is_told_as_it_is_written(path: Path, request: pytest.FixtureRequest) -> None:
    """The same timeline makes the core do, note and tell exactly the same."""
    text = path.read_text(encoding="utf-8")
    above, _, below = text.partition(f"\n{LINE}\n")
    behaviour = play(text)
    if request.config.getoption("--rewrite"):
        path.write_text(f"{above.rstrip()}\n{LINE}\n{behaviour}", encoding="utf-8")
        pytest.skip("told anew: read the difference, and commit it only if you understand what caused it")
    assert text.startswith("# "), "the first line says what the story is about"
    assert below.splitlines() == behaviour.splitlines()


def test_there_is_a_story_for_every_way_it_can_go() -> None:
    """A story that was deleted is missed."""
    told = {path.stem for path in STORIES}
    assert told >= {
        *("bad_deploy_is_rolled_back", "blind_touches_nothing", "configuration_only", "no_help_is_left_to_a_human"),
        *("observe_only_says", "restart_in_the_middle", "rollback_is_refused", "same_commit_again", "veto_is_used"),
        *("slow_is_asked_and_approved", "upstream_outage_is_paged", "wrong_rollback_is_undone"),
    }


@pytest.mark.parametrize("line", ["00:10  the moon rises", "given a horse", "tomorrow  home fails"])
def test_a_line_nobody_understands_is_an_error(line: str) -> None:
    """A typing error does not make a story vacuous."""
    with pytest.raises(Untellable):
        play(f"# A story.\n{line}\n{LINE}\n")
