"""What only looks like an incident: nothing to do, or a ticket at most."""

from dataclasses import replace

from watchdog.lab.episode import MAIN, EpisodeWorld, Right
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.profile import BLIP_CAP_SECONDS, draw_blip_seconds


def restart_blip(scene: EpisodeWorld) -> None:
    """A good deploy whose restart is felt for 5 to 40 s."""
    scene.deploy(scene.fault_at, blip=True)


def recovers(scene: EpisodeWorld) -> None:
    """It fails for at most 40 s, often in a watch window, and is well again."""
    in_window = scene.dice.random() < 0.5
    scene.deploy_by_chance(MAIN if in_window else "")
    if in_window:
        scene.deploy(scene.fault_at - scene.draw(0.0, 1500.0))
    scene.main.add_blip(scene.fault_at, scene.draw(15.0, 40.0))


def long_blip(scene: EpisodeWorld) -> None:
    """One of the blips that every service has, up to the longest of them."""
    scene.deploy_by_chance()
    scene.main.add_blip(scene.fault_at, max(15.0, min(BLIP_CAP_SECONDS, 3 * draw_blip_seconds(scene.dice))))


def surge_quiet(scene: EpisodeWorld) -> None:
    """A crowd comes, and it holds."""
    scene.deploy_by_chance()
    scene.trouble(Symptom(traffic=scene.draw(3.0, 10.0)), scene.fault_at, lasts=1800.0)


def cron_spikes(scene: EpisodeWorld) -> None:
    """A job makes it slow, for a minute or for ten, every half hour or so, and always has."""
    scene.deploy_by_chance()
    slow = Symptom(slow=scene.draw(2.0, 3.5))
    every = scene.dice.choice((900.0, 1800.0))
    scene.main.faults.append(
        Fault(slow, begins_at=scene.begins_at - 86400.0, every_seconds=every, on_seconds=scene.draw(60.0, 600.0))
    )
    scene.horizon_seconds = 5400.0


def flaky(scene: EpisodeWorld) -> None:
    """One request in a hundred fails, and always has."""
    scene.main.faults.append(Fault(Symptom(scene.draw(0.005, 0.012), errors=0.01), begins_at=0.0))
    scene.deploy(scene.fault_at)
    scene.horizon_seconds = 7200.0


def few_new_errors(scene: EpisodeWorld) -> None:
    """A good deploy with a new kind of error, seldom: something for a ticket, not for a page."""
    bad = scene.deploy(scene.fault_at)
    rare = Symptom(errors=0.5 / max(scene.main.profile.traffic(scene.fault_at), 1.0), new_error="ValueError: locale")
    scene.main.faults.append(Fault(rare, bad.commit))
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_silent(scene: EpisodeWorld) -> None:
    """The error tracker's quota is used up: it hears nothing."""
    scene.deploy_by_chance()
    scene.trouble(Symptom(silent=True), scene.fault_at, lasts=7200.0)
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_late(scene: EpisodeWorld) -> None:
    """The error tracker is minutes late."""
    scene.feed_delay_seconds = (60.0, 280.0)
    scene.deploy(scene.fault_at)


def quiet_night(scene: EpisodeWorld) -> None:
    """Few visitors, and one or two of them meet an error."""
    scene.main.profile = replace(scene.main.profile, requests_per_minute=scene.draw(0.5, 3.0))
    scene.deploy(scene.fault_at)
    scene.trouble(Symptom(errors=0.5), scene.fault_at, lasts=180.0)
    scene.truth.right = Right.NOTHING
