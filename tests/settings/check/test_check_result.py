"""The results of a live check, and their subjects."""

from watchdog.settings.check.check_result import Outcome, World


def test_an_empty_world_has_nothing_to_try() -> None:
    """Each part is optional: `watchdog check --live` tries the configured ones."""
    world = World()
    assert world.platform is None
    assert not any((world.channels, world.signals, world.controls, world.pages, world.extra))
    assert [outcome.value for outcome in Outcome] == ["ok", "untried", "warn", "fail"]
