"""Clean service-years: a healthy service with its usual noise, in which every rollback, page and question is false.

The noise: four blips a day, single failing probes, good deploys of which some fail briefly while restarting, and the
usual variation of traffic, latency and errors.
"""

from dataclasses import dataclass

from watchdog.domain.policy import Policy
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import BLIPS_PER_DAY, draw_blip_seconds
from watchdog.lab.varied_worlds import USUAL, World

YEAR_SECONDS = 365.25 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Clean:
    """The counts of one clean run: its length in years, the (false) rollbacks and pages, events and probes."""

    seed: str
    years: float
    rollbacks: int
    pages: int
    observations: int
    probes: int


def clean_scene(seed: object, days: float, world: World = USUAL) -> EpisodeWorld:
    """Return the scene of one service without a fault for so many days."""
    scene = EpisodeWorld("clean", seed, world)
    # Its months are counted as service-years.
    scene.leave_alone()
    dice = KeyedRandom("clean", seed).generator("days")
    begins, ends = scene.begins_at, scene.begins_at + days * DAY_SECONDS
    for rate, add in (
        (
            BLIPS_PER_DAY * world.blips,
            lambda at: scene.main.add_blip(at, draw_blip_seconds(dice) * world.blip_seconds),
        ),
        (
            scene.main.profile.deploys_per_day,
            lambda at: scene.deploy(at, blip=dice.random() < scene.main.profile.restart_blip_share),
        ),
    ):
        # Ten minutes first, in which the core learns the live deploy and a first baseline.
        at = begins + 600.0
        while (at := at + dice.expovariate(rate / DAY_SECONDS)) < ends:
            add(at)
    scene.horizon_seconds = days * DAY_SECONDS
    return scene


def play_clean(seed: str, days: float, policy: Policy, world: World = USUAL) -> Clean:
    """Play one clean stretch and count the rollbacks and pages, all of which are false."""
    scene = clean_scene(seed, days, world)
    return counted(seed, days, FoldingLoop(scene, policy).run(scene.begins_at + days * DAY_SECONDS))


def counted(seed: str, days: float, record: Record) -> Clean:
    """Return the counts of a run of so many clean days."""
    rollbacks = sum(one.what == "rollback" for one in record.did)
    # An approval request wakes a human just like a page.
    pages = sum(one.what in ("page", "ask") for one in record.did)
    return Clean(seed, days * DAY_SECONDS / YEAR_SECONDS, rollbacks, pages, record.observations, record.probes)
