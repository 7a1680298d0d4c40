"""Fault classes of a user's own: what a file says is what the world shows; played, told and scored like the others."""

import json
from pathlib import Path

import pytest

from watchdog.app.commands.scenarios import read_scenarios
from watchdog.app.commands.score_run import score
from watchdog.cli.main import main
from watchdog.lab.episode import EpisodeWorld, Right
from watchdog.lab.report.outcomes import failures
from watchdog.lab.scenario import PREVIOUS, START, PlannedDeploy, PlannedFault, PlannedOutage, Scenario, ScenarioTruth
from watchdog.lab.score import mix

ROOT = Path(__file__).parents[2]
EXAMPLES = [path.relative_to(ROOT) for path in sorted((ROOT / "config" / "scenarios").glob("*.yaml"))]
MINUTE = 60.0


def made(scenario: Scenario, seed: str = "s") -> EpisodeWorld:
    """Return an episode of it."""
    return scenario.kind("made", "made.yaml").scene(seed)


def test_the_first_example_is_what_it_says() -> None:
    """A checkout that fails for some, while its deploy serves; another service is slower meanwhile."""
    kind = read_scenarios(EXAMPLES, ROOT)[0]
    assert kind.name == "bad-checkout"
    for number in range(20):
        scene = kind.scene(f"s{number}")
        truth, web, payments = scene.truth, scene.main, scene.services["payments"]
        onset = truth.onset_at or 0.0
        assert set(scene.services) == {"web", "payments"} and truth.right is Right.ROLLBACK
        guilty = web.releases[-1]
        assert truth.commit == guilty.commit and truth.targets == {web.releases[-2].commit}
        assert guilty.live_at == scene.fault_at and 0.0 <= onset - guilty.serves_at <= 90.0
        (symptom,) = web.symptoms(onset + 1.0, "home")
        assert 0.25 <= symptom.share <= 0.6 and truth.share == symptom.share
        assert not web.symptoms(onset + 1.0, "api") and not web.symptoms(onset - 1.0, "home")
        assert web.new_errors(onset + 1.0) == ("TypeError: cart is undefined",)
        assert 1.5 <= payments.symptoms(onset + 120.0, "home")[0].slow <= 2.5
        assert 60.0 <= web.profile.requests_per_minute <= 600.0


def test_the_second_example_is_what_it_says() -> None:
    """An innocent deploy minutes before; the provider's status page is late; nothing is to be undone."""
    kind = read_scenarios(EXAMPLES, ROOT)[1]
    scene = kind.scene("s")
    assert (scene.truth.right, scene.truth.commit, kind.deploy_caused, kind.weight) == (Right.PAGE, None, False, 0.5)
    assert -10 * MINUTE <= scene.main.releases[-1].live_at - scene.fault_at <= -2 * MINUTE
    begins, ends = scene.outside.vendors_down["payments"][0]
    assert MINUTE <= begins - scene.fault_at <= 10 * MINUTE and ends - begins == pytest.approx(7200.0)
    assert scene.depends_on == {"web": ("payments",)} and scene.feed_delay_seconds == (60.0, 200.0)
    assert 8 * MINUTE <= scene.truth.ends_at - scene.fault_at <= 40 * MINUTE


@pytest.mark.parametrize(("target", "place"), [(PREVIOUS, -2), (START, -3), ("first", -2)])
def test_what_to_go_back_to(target: str, place: int) -> None:
    """Of two deploys of a service the second is bad: back to the first, or to what was there before both."""
    deploys = (PlannedDeploy("web", (0.0, 0.0), "second"), PlannedDeploy("web", (-600.0, -300.0), "first"))
    truth = ScenarioTruth(Right.ROLLBACK, deploy="second", target=target)
    scene = made(Scenario("two", truth, deploys=deploys, faults=(PlannedFault(deploy="second", share=(1.0, 1.0)),)))
    assert scene.truth.targets == {scene.main.releases[place].commit}
    assert scene.truth.commit == scene.main.releases[-1].commit


def test_everything_else_that_can_be_said() -> None:
    """A felt restart, a marker, a command, a network that is down, what comes and goes, a share of its own."""
    scenario = Scenario(
        "all",
        ScenarioTruth(Right.PAGE, frozenset({Right.ASK}), "bad", service="shop", share=0.1),
        deploys=(PlannedDeploy("shop", name="bad", blip=(20.0, 20.0), no_rollback=True),),
        faults=(
            PlannedFault(
                ("shop",), "bad", (30.0, 30.0), every=(300.0, 300.0), each_lasts=(60.0, 60.0), slow=(3.0, 3.0)
            ),
        ),
        control_down=PlannedOutage((10.0, 10.0), (60.0, 60.0)),
        pre_deploy_command="migrate",
    )
    scene = made(scenario)
    shop = scene.services["shop"]
    serves = shop.releases[-1].serves_at
    assert "no-rollback" in shop.releases[-1].message and scene.pre_deploy_command == "migrate"
    assert shop.blips(serves + 19.0) and scene.truth.share == 0.1 and scene.truth.service == "shop"
    assert scene.truth.onset_at == serves + 30.0
    shown = [bool(shop.symptoms(serves + at, "home")) for at in (29.0, 31.0, 89.0, 91.0, 329.0, 331.0)]
    assert shown == [False, True, True, False, False, True]
    assert scene.outside.control_down == [(scene.fault_at + 10.0, scene.fault_at + 70.0)]


def test_seeds_for_development_hold_out_a_third_of_the_users_ranges_too() -> None:
    """They are ranges like all others."""
    scenario = Scenario("wide", ScenarioTruth(Right.PAGE), faults=(PlannedFault(share=(0.1, 0.4)),))
    assert max(made(scenario, f"dev{n}").truth.share for n in range(60)) <= 0.3
    assert max(made(scenario, f"s{n}").truth.share for n in range(60)) > 0.3


@pytest.mark.long
def test_scenarios_are_scored_like_classes_in_processes_of_their_own() -> None:
    """Beside a class of the table, with their own weight; a failure says what plays it again."""
    kinds = read_scenarios(EXAMPLES, ROOT)
    numbers = {"episodes": 2, "clean_years": 0.0, "rival_episodes": 0}
    scored = score("t", names=["hard-down"], scenarios=kinds, processes=1, **numbers)  # type: ignore[arg-type]
    per_class = scored.json_object()["per_class"]
    assert isinstance(per_class, dict) and list(per_class) == ["hard-down", *(one.name for one in kinds)]
    (first, *_) = [one for one in scored.ours if one.name == "bad-checkout"]
    assert mix(scored.ours)(first) == pytest.approx(0.4 * 1.0 / (3.0 + 1.0) / 2)
    for one in failures(scored.ours, []):
        where = "episode hard-down" if one.name == "hard-down" else f"scenario config/scenarios/{one.name}.yaml --seed"
        assert where in one.command
    assert scored.report().rows[1].words == kinds[0].words and scored.report().delays


def test_a_scenario_is_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told and judged, or as JSON; the exit code tells; a mistake is one line, and nothing is played."""
    file = str(ROOT / EXAMPLES[0])
    assert main(["lab", "scenario", file, "--seed", "3"]) == 0
    told = capsys.readouterr().out
    assert "bad-checkout: deploy: the checkout fails" in told and "\nVERDICT      right\nCOST " in told
    assert main(["lab", "scenario", file, "--seed", "3", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["scenario"], shown["did"]) == ("bad-checkout", "rollback")
    assert (shown["good"], shown["needless_calls"]) == (True, 0)
    assert [one["what"] for one in shown["done"]] == ["rollback"]
    bad = tmp_path / "bad.yaml"
    bad.write_text("words: x\ntruth: {right: sleep}\n")
    assert main(["lab", "scenario", str(bad)]) == 2
    assert main(["lab", "score", "--scenarios", file, str(bad), "--episodes", "1"]) == 2
    told = capsys.readouterr().err
    assert told.count("bad.yaml:2: truth.right: not one of the choices") == 2 == told.count("Handbook: ")
