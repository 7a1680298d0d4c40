"""A live episode is one that the lab draws: the same fault, share, delay and crashes; what cannot be played is not."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from watchdog.app.live.episode_kinds import KINDS, LATEST_SECONDS, behaviour, plan, plans, playable, seeds
from watchdog.domain.readings import FailureKind
from watchdog.lab.classes import BY_NAME
from watchdog.lab.episode import Right
from watchdog.lab.faults import Symptom
from watchdog.sandbox.site.behaviours import KINDS as SHOWN
from watchdog.sandbox.site.behaviours import behaviour as shown_by_sandbox

BY_DEPLOY = ("hard-down", "hard-down-reported", "half-failing", "fifth-failing", "wrong-body")
RIGHT = dict.fromkeys(BY_DEPLOY, Right.ROLLBACK) | {"restart-blip": Right.NOTHING, "other-incident": Right.PAGE}
RIGHT["comes-and-goes"] = Right.PAGE
PARTLY = {"kind": "partial", "status": 500, "share": 0.25, "routes": ["/"]}


@pytest.mark.parametrize(
    ("symptom", "routes", "shown"),
    [
        (Symptom(1.0, FailureKind.CONNECT, "connection refused"), (), {"kind": "refused", "reported": False}),
        (Symptom(1.0, FailureKind.TIMEOUT, "no answer"), (), {"kind": "hang"}),
        (Symptom(1.0, FailureKind.STATUS, "HTTP 502"), (), {"kind": "error", "status": 502}),
        (Symptom(0.25, FailureKind.STATUS, "HTTP 500"), ("home",), PARTLY),
        (Symptom(1.0, FailureKind.BODY, "text not found"), (), {"kind": "wrong_body"}),
    ],
)
def test_each_symptom_has_its_behaviour(symptom: Symptom, routes: tuple[str, ...], shown: Mapping[str, Any]) -> None:
    """What the lab's probes meet is what the sandbox's site does."""
    assert behaviour(symptom, routes) == shown and shown["kind"] in SHOWN


@pytest.mark.parametrize("kind", KINDS)
def test_an_episode_is_that_of_its_scene(kind: str) -> None:
    """Drawn from the same seeds, and within the same bounds."""
    for seed in seeds(kind, "seed", 4):
        scene = BY_NAME[kind].scene(seed)
        made = plan(scene, seed)
        assert (made.kind, made.right) == (kind, RIGHT[kind])
        assert 5.0 <= made.phase <= 25.0 and 0.0 <= made.after <= LATEST_SECONDS
        assert made.deploys is (kind not in ("other-incident", "comes-and-goes"))
        assert ("period_seconds" in made.behaviour) is (kind == "comes-and-goes")
        assert (made.lasts is not None and made.lasts >= 5.0) is (kind == "restart-blip")
        assert (made.crash_every > 0) is (kind == "hard-down-reported")
        assert made.target == ("dep-40" if made.right is Right.ROLLBACK else None)
        if scene.main.faults:
            assert made.behaviour.get("share", 1.0) == scene.main.faults[-1].symptom.share
            assert made.after == scene.main.faults[-1].after_seconds


def test_what_shows_late_is_not_waited_for_on_either_side() -> None:
    """Those scenes are left out by the rule that chooses the simulated ones, too."""
    chosen = seeds("half-failing", "seed", 30)
    scenes = {number: BY_NAME["half-failing"].scene(f"seed-{number}") for number in range(30)}
    after = {number: scene.main.faults[-1].after_seconds for number, scene in scenes.items()}
    assert {f"seed-{number}" for number, late in after.items() if late <= LATEST_SECONDS} <= set(chosen)
    assert not {f"seed-{number}" for number, late in after.items() if late > LATEST_SECONDS} & set(chosen)
    assert any(late > LATEST_SECONDS for late in after.values())


def test_an_outage_that_no_deploy_did_is_one_without_any() -> None:
    """And one that the sandbox can show: it refuses all connections or none."""
    for seed in seeds("other-incident", "seed", 10):
        scene = BY_NAME["other-incident"].scene(seed)
        assert playable(scene)
        assert all(one.releases[-1].live_at < scene.fault_at - 7200.0 for one in scene.services.values())


def test_what_comes_and_goes_does_so_in_the_sandbox() -> None:
    """With the lab's period, if four of them can be waited for; a door that is shut and open again is not played."""
    for seed in seeds("comes-and-goes", "seed", 6):
        (fault,) = BY_NAME["comes-and-goes"].scene(seed).main.faults
        shown = plan(BY_NAME["comes-and-goes"].scene(seed), seed).behaviour
        assert (shown["period_seconds"], shown["down_seconds"]) == (fault.every_seconds, fault.on_seconds)
        assert shown["kind"] in ("error", "hang") and shown["period_seconds"] <= 60.0
        shows = shown_by_sandbox(**shown).shows
        assert shows(0.99 * fault.on_seconds) and not shows(1.01 * fault.on_seconds) and shows(fault.every_seconds)


def test_kinds_are_played_in_turn_and_those_whose_delays_are_spread_more_often() -> None:
    """Each with the next of its seeds, and luck of its own: many with the same failing requests say no more than one.

    The first eight are one of each; more of those that are spread, so that their medians mean something.
    """
    made = plans(("hard-down", "restart-blip"), "seed", 5)
    assert [one.kind for one in made] == ["hard-down", "restart-blip", "hard-down", "restart-blip", "hard-down"]
    assert [one.seed for one in made if one.kind == "hard-down"] == seeds("hard-down", "seed", 3)
    counted = Counter(one.kind for one in plans(KINDS, "seed", 22))
    assert [one.kind for one in plans(KINDS, "seed", 8)] == list(KINDS)
    assert (counted["fifth-failing"], counted["half-failing"]) == (6, 4)
    assert {counted[kind] for kind in KINDS if kind not in ("fifth-failing", "half-failing")} == {2}
    assert len({one.luck for one in plans(KINDS, "seed", 40)}) == 40
