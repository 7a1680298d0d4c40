"""Keys generated from the policy's dataclasses."""

from dataclasses import fields

import pytest

from tests.settings.texts import SMALL, loaded
from watchdog.domain.policy import BlameWeights, Brakes, Budget, Detection, Pace, Verification
from watchdog.settings.schema.tuning import SHARES, apply, figure, key_of, section_for

ALL = (Budget, Brakes, Detection, BlameWeights, Pace, Verification)


@pytest.mark.parametrize("cls", ALL)
def test_every_field_has_a_key_of_its_own_and_nothing_written_is_the_default(cls: type) -> None:
    """1:1, and no second copy of a default."""
    keys = [key_of(field) for field in fields(cls)]
    assert len(set(keys)) == len(keys) and list(section_for(cls).model_fields) == keys
    assert apply(cls, section_for(cls)()) == cls() and apply(cls, None) == cls()


def test_durations_lose_their_suffix_and_shares_are_bounded() -> None:
    """The rule of the module's docstring."""
    names = {field.name: key_of(field) for cls in ALL for field in fields(cls)}
    assert names["run_seconds"] == "run" and names["run_seconds_in_watch"] == "run_in_watch"
    assert names["human_minutes"] == "human" and names["feed_minutes"] == "feed_minutes"
    assert names["seconds"] == "seconds" and set(names) >= SHARES


def test_what_is_written_arrives_in_the_policy() -> None:
    text = SMALL + (
        "budget: {cooldown: 1h}\n"
        "brakes: {window: 2m, groups_max: 4, fleet_share: 0.4, flaps_calm: 1h}\n"
        "advanced:\n"
        "  detection: {run: 30s, feed_minutes: 3, cusum_p0: 0.001}\n"
        "  blame: {human: 1h30m, floor: 0.9}\n"
        "  pace: {suspect: 500ms}\n"
        "  verification: {seconds: 30s}\n"
    )
    policy = loaded(text).policy
    assert policy.budget == Budget(cooldown_seconds=3600.0)
    assert policy.brakes == Brakes(120.0, groups_max=4, fleet_share=0.4, flaps_calm_seconds=3600.0)
    assert policy.detection == Detection(run_seconds=30.0, feed_minutes=3, cusum_p0=0.001)
    assert policy.blame == BlameWeights(human_minutes=90.0, floor=0.9)
    assert policy.pace == Pace(suspect_seconds=0.5) and policy.verification == Verification(seconds=30.0)
    assert figure("pace", None, "idle") == 10.0
