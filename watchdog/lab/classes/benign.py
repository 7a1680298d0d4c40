"""Harmless events that resemble an incident: the right action is none, or a ticket at most."""

from dataclasses import replace

from watchdog.lab.episode import MAIN, EpisodeWorld, Right
from watchdog.lab.faults import ONE_CRASH, Fault, Symptom
from watchdog.lab.profile import BLIP_CAP_SECONDS, draw_blip_seconds


def restart_blip(scene: EpisodeWorld) -> None:
    """A good deploy whose requests fail for 5 to 40 s while it restarts."""
    scene.deploy(scene.fault_at, blip=True)


def restart_crash(scene: EpisodeWorld) -> None:
    """The same, and the platform reports the crash of one instance in it."""
    release = scene.deploy(scene.fault_at, blip=True)
    crash = Fault(ONE_CRASH, release.commit, after_seconds=scene.draw(0.0, 10.0), lasts_seconds=2.0)
    scene.main.faults.append(crash)


def recovers(scene: EpisodeWorld) -> None:
    """The service fails for at most 40 s, half the time in a watch window, and recovers by itself."""
    in_window = scene.dice.random() < 0.5
    scene.deploy_by_chance(MAIN if in_window else "")
    if in_window:
        scene.deploy(scene.fault_at - scene.draw(0.0, 1500.0))
    scene.main.add_blip(scene.fault_at, scene.draw(15.0, 40.0))


def long_blip(scene: EpisodeWorld) -> None:
    """One of the blips that every service has, from 15 s up to the cap of all blips."""
    scene.deploy_by_chance()
    scene.main.add_blip(scene.fault_at, max(15.0, min(BLIP_CAP_SECONDS, 3 * draw_blip_seconds(scene.dice))))


def surge_quiet(scene: EpisodeWorld) -> None:
    """Traffic surges to 3 to 10 times the usual, and the service holds."""
    scene.deploy_by_chance()
    scene.trouble(Symptom(traffic=scene.draw(3.0, 10.0)), scene.fault_at, lasts=1800.0)


def cron_spikes(scene: EpisodeWorld) -> None:
    """A recurring job slows the service down for 1 to 10 min, every 15 or 30 min, since a day before."""
    scene.deploy_by_chance()
    # Since a day before the world begins, so that the core's baseline has always known the job.
    slow = Symptom(slow=scene.draw(2.0, 3.5))
    every = scene.dice.choice((900.0, 1800.0))
    scene.main.faults.append(
        Fault(slow, begins_at=scene.begins_at - 86400.0, every_seconds=every, on_seconds=scene.draw(60.0, 600.0))
    )
    scene.horizon_seconds = 5400.0


def flaky(scene: EpisodeWorld) -> None:
    """About one request in a hundred fails, since long before."""
    scene.main.faults.append(Fault(Symptom(scene.draw(0.005, 0.012), errors=0.01), begins_at=0.0))
    scene.deploy(scene.fault_at)
    scene.horizon_seconds = 7200.0


def few_new_errors(scene: EpisodeWorld) -> None:
    """A good deploy with a rare new kind of error, which deserves a ticket but no page."""
    bad = scene.deploy(scene.fault_at)
    # Half an error a minute with any traffic: the rate per request is its inverse.
    rare = Symptom(errors=0.5 / max(scene.main.profile.traffic(scene.fault_at), 1.0), new_error="ValueError: locale")
    scene.main.faults.append(Fault(rare, bad.commit))
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_silent(scene: EpisodeWorld) -> None:
    """The error tracker's quota is used up: it counts no errors."""
    scene.deploy_by_chance()
    scene.trouble(Symptom(silent=True), scene.fault_at, lasts=7200.0)
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_late(scene: EpisodeWorld) -> None:
    """The error tracker is 60 to 280 s late."""
    scene.feed_delay_seconds = (60.0, 280.0)
    scene.deploy(scene.fault_at)


def quiet_night(scene: EpisodeWorld) -> None:
    """Few visitors, and some of them get an error."""
    scene.main.profile = replace(scene.main.profile, requests_per_minute=scene.draw(0.5, 3.0))
    scene.deploy(scene.fault_at)
    scene.trouble(Symptom(errors=0.5), scene.fault_at, lasts=180.0)
    scene.truth.right = Right.NOTHING
