"""Calm and suspicion: the first bad reading, its confirmation, its dismissal, patience and restarts."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from tests.core.scenes import NOW, failing
from tests.core.world import CONTROL, Fault, World
from tests.core.worlds import bad_world, hear, incident_of, put, put_off, reach, watch, web
from tests.support.effect_readers import kinds, lines, notices
from watchdog.core.detect.probes import gap_seconds
from watchdog.core.phases.suspicion import PATIENCE_SECONDS
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, MinuteCount, Unknown

UNREAD = "errors cannot be read, and nothing else fails"


def test_one_bad_reading_is_enough_to_look_closer() -> None:
    """No incident yet: faster probes, a fresher deploy list, and the reason."""
    world = reach(Phase.CALM)
    effects = hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.SUSPECT and web(world).incident is None
    assert {"SetPace", "ReadDeploys"} <= set(kinds(effects))
    assert lines(effects, "SUSPECT") == ["home: HTTP 503; probe every 2 s"]


def test_in_the_dark_nothing_is_suspected() -> None:
    """Blind: a bad reading is no reason to look closer, nor to open an incident."""
    world = reach(Phase.CALM)
    hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    put(world, phase=Phase.CALM)
    suspect = reach(Phase.SUSPECT)
    for target in CONTROL:
        for dark in (world, suspect):
            hear(dark, e.ControlChecked(dark.now, target, Bad("timed out")))
    hear(world, e.Observed(world.now, "web", "api", Good(), 0.1))
    assert web(world).phase is Phase.CALM
    put(suspect, checks={"home": failing(seconds=80)})
    assert not lines(hear(suspect, e.TimePassed(NOW)), "DECIDED") and web(suspect).phase is Phase.SUSPECT


def test_what_is_not_borne_out_is_let_go() -> None:
    """A minute of good readings: calm, with how long it took; nobody is told."""
    world = bad_world(faults=[Fault(64.0, 80.0)]).run(300.0)
    (text,) = [note.text for note in world.notes if note.label == "CALM"]
    assert re.fullmatch(r"no longer failing after \d\d s: every check is back to normal", text)
    assert not world.tells and not world.incidents


def test_it_is_let_go_when_the_sum_is_back_at_zero() -> None:
    """One failed probe takes 21 good ones; the sum of a signal that a reload removed holds nothing up."""
    world = reach(Phase.CALM)
    for _ in range(2):
        hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
        gone = replace(web(world).checks["home"], name="gone")
        put(world, checks={**web(world).checks, "gone": gone})
        for good in range(21):
            assert web(world).phase is Phase.SUSPECT and web(world).checks["home"].good_run == good
            world.time += 2.0
            hear(world, e.Observed(world.now, "web", "home", Good()))
        assert web(world).phase is Phase.CALM and web(world).checks["home"].cusum == 0.0


def test_the_sum_of_a_check_that_cannot_be_read_any_more_holds_nothing_up() -> None:
    """One failed probe, nine good ones, and no more: its sum stays as it is, whatever the pace."""
    world = reach(Phase.SUSPECT)
    put(world, checks={})
    for reading in (Bad("HTTP 503"), *[Good()] * 9):
        hear(world, e.Observed(world.now, "web", "home", reading))
    gap = gap_seconds(world.policy.services["web"].signals[0], world.policy.detection)
    for later, phase in ((gap, Phase.SUSPECT), (1.0, Phase.CALM), (1.0, Phase.CALM)):
        world.time += later
        hear(world, e.Observed(world.now, "web", "home", Unknown("no IPv6 here")))
        assert web(world).phase is phase and web(world).checks["home"].cusum > 0.0


def test_an_incident_that_is_over_is_let_go_by_the_next_reading() -> None:
    """It stays readable until then, for commands that come a moment late. Its readings do not open the next."""
    world = reach(Phase.VERIFYING)
    while web(world).phase is Phase.VERIFYING:
        world.run(world.time + 1.0)
    over = incident_of(world)
    assert web(world).phase is Phase.CALM and over.closed_at == web(world).closed_at
    assert all(check.run_probes == 0 and not check.recent for check in web(world).checks.values())
    hear(world, e.Observed(world.now, "web", "home", Good()))
    assert over.closed_at is not None and web(world).incident is None


@pytest.mark.parametrize(("ago", "why"), [(100.0, "every check is back to normal"), (361.0, UNREAD)])
def test_a_suspicion_of_what_cannot_be_read_any_more_is_let_go_in_words(ago: float, why: str) -> None:
    """One bad minute of a feed, and then none: no incident, and no claim that it is well."""
    world = reach(Phase.SUSPECT)
    watch(world, SignalPolicy("errors", "sentry"))
    ends = [world.now - ago - 60.0 * number for number in reversed(range(30))]
    counts = tuple(MinuteCount(end - 60.0, 60.0, 90.0 if end == ends[-1] and ago > 360.0 else 1.0) for end in ends)
    put(world, checks={"errors": Check("errors", "sentry", last=Unknown("HTTP 429"), counts=counts)})
    effects = hear(world, e.TimePassed(world.now))
    assert lines(effects, "CALM")[0].endswith(f": {why}") and web(world).phase is Phase.CALM


def test_an_open_incident_is_decided_anew_only_while_it_is_seen_failing() -> None:
    """Put off, and the last failure is not fresh: wait; one fresh failure, and it goes on."""
    world = put_off()
    world.time += 20.0
    assert hear(world, e.TimePassed(world.now)) == ()
    assert web(world).phase is Phase.SUSPECT
    hear(world, e.ControlChecked(world.now, CONTROL[0], Good()))
    hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.PINNING


@pytest.mark.parametrize("begins", [put_off, partial(reach, Phase.ASKING)])
def test_another_route_that_fails_since_a_repair_is_decided_in_an_open_incident(begins: Callable[[], World]) -> None:
    """The repair ended what the incident is about; that it fails no more says nothing of the other route."""
    world = begins()
    watch(world, *world.policy.services["web"].signals, SignalPolicy("pay", "http", critical=True))
    bad, *older = web(world).deploys
    repair = Deploy("dep-950", "live", commit="fix00000", created_at=world.now - 60.0, finished_at=world.now + 1.0)
    world.time += 2.0
    hear(world, e.DeploysListed(world.now, "web", (repair, replace(bad, status="deactivated"), *older), world.facts))
    noted: list[fx.Effect] = []
    for _ in range(45):
        world.time += 2.0
        for target in CONTROL:
            noted += hear(world, e.ControlChecked(world.now, target, Good()))
        noted += hear(world, e.Observed(world.now, "web", "home", Good(), 0.1))
        noted += hear(world, e.Observed(world.now, "web", "pay", Bad("HTTP 500")))
        noted += hear(world, e.DeploysListed(world.now, "web", web(world).deploys, world.facts))
    assert [one.signal for one in incident_of(world).findings] == ["pay"], "within a minute and a half"
    assert incident_of(world).suspect == "dep-950" and web(world).phase is Phase.ASKING and notices(noted)


@pytest.mark.parametrize("opened", [False, True])
def test_what_was_found_opens_an_incident_though_only_what_is_seen_goes_on_with_one(opened: bool) -> None:
    """A crash loop whose last crash is a minute old: news worth an incident, no reason to act on an open one."""
    world = put_off() if opened else reach(Phase.SUSPECT)
    watch(world, SignalPolicy("events", "render_events"))
    crashes = tuple((world.now - ago, "out of memory") for ago in (80.0, 70.0, 61.0))
    put(world, checks={"events": Check("events", "render_events", last=Good(), crashes=crashes)})
    effects = hear(world, e.TimePassed(world.now))
    assert len(lines(effects, "DECIDED")) == (0 if opened else 1)


def test_an_open_incident_is_over_after_a_minute_of_good_readings_also_after_a_gap() -> None:
    """A takeover in an outage of half the requests: its sums begin anew, and two lucky probes are no recovery."""
    world = put_off()
    world.time += 60.0
    hear(world, e.Restarted(world.now))
    good_from = world.now
    while web(world).phase is Phase.SUSPECT:
        assert world.now <= good_from + 120.0
        world.time += 2.0
        hear(world, e.ControlChecked(world.now, CONTROL[0], Good()))
        for name in ("home", "api"):
            hear(world, e.Observed(world.now, "web", name, Good(), 0.1))
    assert web(world).phase is Phase.CALM
    assert world.now - good_from >= world.policy.detection.calm_seconds


def test_an_open_incident_is_not_watched_in_silence_for_ever() -> None:
    """Ten minutes without a decision or a recovery: a human has it, and auto-deploy is given back."""
    world = put_off()
    over = web(world).phase_since + PATIENCE_SECONDS
    assert hear(world, e.TimePassed(over - 1.0)) == ()
    effects = hear(world, e.TimePassed(over))
    assert web(world).phase is Phase.PAGED
    assert lines(effects, "HUMAN") == ["for 10 min it neither failed for sure nor recovered"]
    assert notices(effects) == ["human_needed"] and "RestoreAutoDeploy" in kinds(effects)


def test_an_open_incident_that_is_recovering_as_the_ten_minutes_end_is_not_left_to_people() -> None:
    """Its minute of good readings is under way: it ends by itself; a bad reading instead is left to a human."""
    world = put_off()
    world.time = web(world).phase_since + PATIENCE_SECONDS - 10.0 - (world.now - world.time)
    again = world.now + 40.0
    while web(world).phase is Phase.SUSPECT and world.now < again:
        world.time += 2.0
        hear(world, e.ControlChecked(world.now, CONTROL[0], Good()))
        for name in ("home", "api"):
            hear(world, e.Observed(world.now, "web", name, Good(), 0.1))
    assert web(world).phase is Phase.SUSPECT and world.now >= web(world).phase_since + PATIENCE_SECONDS
    hear(world, e.Observed(world.now + 1.0, "web", "home", Bad("HTTP 503")))
    assert web(world).phase in (Phase.PAGED, Phase.PINNING)


@pytest.mark.parametrize("phase", [Phase.CALM, Phase.SUSPECT, Phase.PAGED])
def test_a_restart_goes_on_watching_with_the_readings_to_come(phase: Phase) -> None:
    """Same phase, same pace; a run of failures does not bridge the time nobody looked. The first start is at rest."""
    world = reach(phase)
    before = web(world).pace_seconds
    effects = hear(world, e.Restarted(world.now + 60.0))
    assert web(world).phase is phase
    assert fx.SetPace("web", before) in effects and "ReadDeploys" in kinds(effects)
    assert all(check.run_started_at is None for check in web(world).checks.values())
    fresh = bad_world()
    effects = hear(fresh, e.Restarted(fresh.now))
    assert web(fresh).phase is Phase.CALM
    assert [effect for effect in effects if isinstance(effect, fx.SetPace)] == [fx.SetPace("web", 10.0)]
