"""The simulated worlds: as the facts say, the same for everybody who looks, and nothing there that nobody put there."""

import itertools
from dataclasses import replace
from math import exp, inf
from statistics import fmean, pvariance, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.domain.readings import Bad, FailureKind, Good
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.classes import BY_NAME, CLASSES, played_on
from watchdog.lab.clean_years import clean_scene
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld, FaultClass, Right
from watchdog.lab.episode_judgement import judge
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import BLIP_CAP_SECONDS, draw_blip_seconds, draw_profile
from watchdog.lab.score import mix
from watchdog.lab.simulated_service import Release, Service


def test_blips_are_those_of_the_facts() -> None:
    """Four a day; median 4 s, p90 14 s, never longer than 55 s."""
    dice = KeyedRandom("test", "blips").generator()
    seconds = [draw_blip_seconds(dice) for _ in range(20_000)]
    assert quantiles(seconds, n=2)[0] == pytest.approx(4.0, rel=0.05)
    assert quantiles(seconds, n=10)[8] == pytest.approx(14.0, rel=0.05)
    assert max(seconds) == BLIP_CAP_SECONDS
    days = 300.0
    blips = clean_scene("blips", days).main.blips_between(0.0, float("inf"))
    restarts = sum(end - begin >= 5.0 for begin, end in blips)
    assert len(blips) - restarts <= 4 * days * 1.1
    assert len(blips) >= 4 * days * 0.9


def test_every_service_of_an_episode_has_them_too() -> None:
    """As often and as long, beside what the class is about; a scene that nobody finished has none."""
    quiet = FaultClass("quiet", "nothing", lambda scene: None)
    assert not EpisodeWorld("quiet", 0).main.blips_between(0.0, inf)
    found, days = [], 0.0
    for seed in range(600):
        scene = quiet.scene(seed)
        for made in scene.services.values():
            found += [ends - begins for begins, ends in made.blips_between(0.0, inf)]
            days += (scene.ends_at - scene.begins_at) / DAY_SECONDS
    assert len(found) / days == pytest.approx(4.0, rel=0.15)
    assert quantiles(found, n=2)[0] == pytest.approx(4.0, rel=0.25) and max(found) <= BLIP_CAP_SECONDS


def test_numbers_by_key_are_uniform_and_do_not_depend_on_who_asked_before() -> None:
    """Neighbouring moments have nothing to do with each other."""
    stream, again = KeyedRandom("seed", 1), KeyedRandom("seed", 1)
    numbers = [stream.uniform(key) for key in range(20_000)]
    assert again.uniform(12_345) == numbers[12_345]
    assert fmean(numbers) == pytest.approx(0.5, abs=0.01)
    assert pvariance(numbers) == pytest.approx(1 / 12, rel=0.03)
    pairs = list(itertools.pairwise(numbers))
    assert fmean((a - 0.5) * (b - 0.5) for a, b in pairs) == pytest.approx(0.0, abs=0.002)
    assert KeyedRandom("seed", 2).uniform(12_345) != numbers[12_345]


def service() -> Service:
    """Return a service with one release, at rest."""
    chance = KeyedRandom("test", "service")
    made = Service("web", replace(draw_profile(chance.generator()), error_share=0.01, error_phi=2.0), chance)
    made.release(Release("dep-1", "c1", 0.0, 0.0, 0.0, 0.0))
    return made


def test_a_healthy_service_answers_but_for_one_probe_in_a_thousand() -> None:
    """And whoever looks again at the same moment sees the same."""
    made = service()
    looks = [made.probe("home", float(at)) for at in range(100_000)]
    failed = sum(isinstance(look.reading, Bad) for look in looks)
    assert 60 <= failed <= 150
    assert looks[4711] == made.probe("home", 4711.0)
    assert {type(look.reading) for look in looks} == {Good, Bad}


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_a_fault_of_a_commit_shows_while_that_commit_serves(share: float) -> None:
    """From its delay on, on its routes, for its share; the next commit ends it."""
    made = service()
    made.release(Release("dep-2", "c2", 900.0, 950.0, 1000.0, 1001.0))
    made.release(Release("dep-3", "c1", 4900.0, 4950.0, 5000.0, 5001.0))
    made.faults.append(
        Fault(Symptom(share, FailureKind.STATUS, "HTTP 500"), "c2", after_seconds=100.0, routes=("home",))
    )

    def failing(route: str, begin: int, end: int) -> float:
        return fmean(isinstance(made.probe(route, float(at)).reading, Bad) for at in range(begin, end))

    assert failing("home", 1100, 5000) == pytest.approx(share, abs=0.03)
    for route, begin, end in (("home", 0, 1100), ("home", 5000, 8000), ("api", 1100, 5000)):
        assert failing(route, begin, end) < 0.01


def test_a_blip_within_another_does_not_end_it() -> None:
    """Both have to be over."""
    made = service()
    made.add_blip(100.0, 40.0)
    made.add_blip(110.0, 2.0)
    made.add_blip(139.0, 10.0)
    assert [made.blips(at) for at in (99.0, 100.0, 111.0, 113.0, 139.5, 148.0, 149.0)] == [False, *[True] * 5, False]
    assert made.blips_between(0.0, 200.0) == [(100.0, 149.0)]


def test_errors_are_over_dispersed_and_follow_the_traffic() -> None:
    """Variance twice the mean, for a phi of two."""
    made = service()
    at = 12 * 3600.0
    counts = [made.minute(at + DAY_SECONDS * 7 * week).count for week in range(3000)]
    mean = made.profile.traffic(at) * made.profile.error_share
    assert fmean(counts) == pytest.approx(mean, rel=0.1)
    assert pvariance(counts) / fmean(counts) == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_an_episode_is_its_seed(name: str) -> None:
    """Built twice: the same world and the same truth; another seed is another one."""
    one, again, other = BY_NAME[name].scene("a"), BY_NAME[name].scene("a"), BY_NAME[name].scene("b")
    moments = [one.begins_at + step * 61.0 for step in range(60)]
    for service_name, made in one.services.items():
        assert made.listed(one.ends_at) == again.services[service_name].listed(one.ends_at)
        assert [made.probe("home", at) for at in moments] == [
            again.services[service_name].probe("home", at) for at in moments
        ]
    assert (one.truth, one.ends_at) == (again.truth, again.ends_at)
    assert one.begins_at != other.begins_at


def test_every_class_has_its_truth() -> None:
    """A rollback has a commit to blame and one to go back to; and every row of the facts' table is there."""
    for one in CLASSES:
        scene: EpisodeWorld = one.scene("truth")
        if scene.truth.right is Right.ROLLBACK:
            assert scene.truth.commit and scene.truth.targets and one.deploy_caused
            assert scene.truth.onset_at is not None
        assert (scene.truth.commit is not None) <= one.deploy_caused
    assert len(CLASSES) >= 28
    assert sum(one.held_out for one in CLASSES) >= 3


def test_seeds_for_development_never_draw_from_the_upper_third_of_a_range() -> None:
    """All others draw from the whole of it; so does a class: no short outage over 200 s on such a seed."""
    for seed, most in (("dev-1", 70.0), ("other", 90.0)):
        drawn = [EpisodeWorld("draws", f"{seed}{n}").draw(30.0, 90.0) for n in range(300)]
        assert 30.0 <= min(drawn) < 32.0 and most - 2.0 < max(drawn) <= most
    for seed, most in (("dev", 200.0), ("seed", 270.0)):
        lasts = [BY_NAME["short-outage"].scene(f"{seed}-{n}").truth for n in range(100)]
        longest = max(one.ends_at - (one.onset_at or 0.0) for one in lasts)
        assert most - 10.0 < longest <= most + 1e-3


def test_classes_that_are_held_out_are_not_for_development() -> None:
    """They are left out of such a seed, and nothing else is."""
    names, refused = played_on("dev-7")
    assert refused == [one.name for one in CLASSES if one.held_out] and "blip-tail" in refused
    assert [*names, *refused] != list(BY_NAME) == played_on("7-dev")[0]
    assert set(names) | set(refused) == set(BY_NAME) and not set(names) & set(refused)


def deployed_before(name: str, seconds: float, seeds: int = 400) -> tuple[float, float]:
    """Return in which share of episodes the service was deployed so shortly before, and what its rate makes of it."""
    scenes = [BY_NAME[name].scene(f"chance-{n}") for n in range(seeds)]
    lately = sum(
        scene.weight * any(0.0 <= scene.fault_at - one.live_at < seconds for one in scene.main.releases)
        for scene in scenes
    )
    rates = [scene.main.profile.deploys_per_day / DAY_SECONDS for scene in scenes]
    return lately / seeds, fmean(1.0 - exp(-rate * seconds) for rate in rates)


@pytest.mark.parametrize("name", ["other-incident", "short-outage", "no-marker", "region-outage", "surge-with-errors"])
def test_who_is_struck_has_been_deployed_lately_as_often_as_chance_has_it(name: str) -> None:
    """By the service's own rate of deploys: half an hour, and an hour and a half."""
    for seconds in (1800.0, 5400.0):
        found, expected = deployed_before(name, seconds)
        assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("per_day", [0.5, 2.0, 10.0])
def test_the_weights_undo_that_coincidences_are_played_more_often_than_they_come(per_day: float) -> None:
    """The weighted gaps are those of a Poisson process of that rate: their mean weight is 1, their distribution its."""
    scene, rate = BY_NAME["other-incident"].scene("weights"), per_day / DAY_SECONDS
    drawn = [(scene._gap_seconds(rate, often=True), scene.weight) for _ in range(20_000)]
    assert fmean(weight for _, weight in drawn) == pytest.approx(1.0, abs=0.04)
    for seconds in (600.0, 1800.0, 7200.0, 18000.0, DAY_SECONDS):
        share = sum(weight for gap, weight in drawn if gap < seconds) / len(drawn)
        assert share == pytest.approx(1.0 - exp(-rate * seconds), abs=0.02)


def test_deploys_come_one_after_the_other() -> None:
    """Wherever chance put the last one: each is live before the next is created, as far as one service goes."""
    for number in range(40):
        for service in BY_NAME["other-incident"].scene(f"order-{number}").services.values():
            for before, after in itertools.pairwise(service.releases):
                assert before.live_at < after.created_at


def test_a_coincidence_that_is_forced_says_so() -> None:
    """After a deploy there is always one, and not a second one of the same service."""
    assert deployed_before("region-after-deploy", 401.0, 50)[0] == 1.0
    assert deployed_before("blip-tail", 1.0, 50)[0] == 1.0
    assert deployed_before("blind", 401.0)[0] == pytest.approx(0.5, abs=0.08)


def test_a_dependant_falls_with_what_it_needs_and_rises_with_it() -> None:
    """Within 20 s of it, while the bad commit serves; the rollback of the other mends both."""
    for number in range(5):
        scene = BY_NAME["bad-deploy-with-dependant"].scene(f"s{number}")
        onset, shop = scene.truth.onset_at or 0.0, scene.services["shop"]
        assert not scene.depends_on and scene.truth.service == "web"
        assert not shop.symptoms(onset - 1.0, "home") and shop.symptoms(onset + 20.0, "home")
        back = replace(scene.main.releases[-2], id="back", serves_at=onset + 300.0, live_at=onset + 301.0)
        scene.main.release(back)
        assert shop.symptoms(onset + 299.0, "home") and not shop.symptoms(onset + 300.0, "home")


def test_the_mix_is_40_to_60_however_many_classes_there_are() -> None:
    """Of the incidents; what is none comes beside them, as often as it does."""
    played = [judge(one.scene("mix"), "mix", Record()) for one in CLASSES]
    weight = mix(played)
    incidents = [one for one in played if one.right not in ("nothing", "ticket")]
    by_deploy = sum(weight(one) for one in incidents if one.guilty)
    assert by_deploy == pytest.approx(0.4)
    assert sum(weight(one) for one in incidents) == pytest.approx(1.0)


def test_a_crash_is_reported_once_wherever_a_read_ends() -> None:
    """One in a fault of two seconds, also if a read ends in its second."""
    for seed in range(20):
        scene = BY_NAME["restart-crash"].scene(f"dev-{seed}")
        ends = [scene.fault_at - 30.0 + 0.3 * number for number in range(300)]
        assert sum(len(scene.main.crashes(*read)) for read in itertools.pairwise(ends)) == 1


TIMES = st.integers(0, 40).map(float)


def a_service(begun: list[float]) -> Service:
    """Return a service with a deploy begun at each moment: built, updated, serving and live in 2 s each."""
    chance = KeyedRandom("spans")
    service = Service("web", draw_profile(chance.generator("profile")), chance)
    for number, at in enumerate(begun):
        service.release(Release(f"dep-{number}", f"c0ffee{number}", at, at + 2.0, at + 4.0, at + 6.0))
    return service


@settings(max_examples=200, deadline=None)
@given(st.lists(TIMES, min_size=1, max_size=6), st.lists(st.tuples(TIMES, st.booleans()), max_size=12))
def test_who_looked_before_changes_nothing(begun: list[float], looks: list[tuple[float, bool]]) -> None:
    """What serves and what is listed is kept until it changes.

    Forwards, backwards, at the very moment of a change, and after a deploy that came in between.
    """
    service = a_service(begun)
    for at, ships in looks:
        if ships:
            begun = [*begun, at]
            name = f"dep-{len(begun) - 1}", f"c0ffee{len(begun) - 1}"
            service.release(Release(*name, at, at + 2.0, at + 4.0, at + 6.0))
        fresh = a_service(begun)
        assert (service.serving(at), service.listed(at)) == (fresh.serving(at), fresh.listed(at))
        served = [one for one in service.releases if one.serves_at <= at]
        assert service.serving(at).serves_at == max((one.serves_at for one in served), default=begun[0] + 4.0)
        assert [one.id for one in service.listed(at)] == [
            one.id for one in reversed(service.releases) if one.created_at <= at
        ]
        assert sum(one.is_live for one in service.listed(at)) == any(one.live_at <= at for one in service.releases)
