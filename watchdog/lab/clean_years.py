"""Clean service-years: nothing but what every healthy service has. Whatever is done here is false.

Blips four a day, single probes that fail, good deploys, some of them felt; traffic, latency and errors as they are.
"""

from dataclasses import dataclass

from watchdog.domain.policy import Policy
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import MAIN, EpisodeWorld
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import BLIPS_PER_DAY, DAY_SECONDS, draw_blip_seconds
from watchdog.lab.varied_worlds import USUAL, World

YEAR_SECONDS = 365.25 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Clean:
    """What was done in so much time of one service without an incident."""

    seed: str
    years: float
    rollbacks: int
    pages: int
    observations: int
    probes: int


def clean_scene(seed: object, days: float, world: World = USUAL) -> EpisodeWorld:
    """Return a service in which nothing goes wrong for so many days."""
    scene = EpisodeWorld("clean", seed, world)
    for name in [name for name in scene.services if name != MAIN]:
        del scene.services[name]
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
        at = begins + 600.0
        while (at := at + dice.expovariate(rate / DAY_SECONDS)) < ends:
            add(at)
    scene.horizon_seconds = days * DAY_SECONDS
    return scene


def play_clean(seed: str, days: float, policy: Policy, world: World = USUAL) -> Clean:
    """Play it, and count what should not have been."""
    scene = clean_scene(seed, days, world)
    return counted(seed, days, FoldingLoop(scene, policy).run(scene.begins_at + days * DAY_SECONDS))


def counted(seed: str, days: float, record: Record) -> Clean:
    """Return what a run of so many clean days came to."""
    rollbacks = sum(one.what == "rollback" for one in record.did)
    pages = sum(one.what in ("page", "ask") for one in record.did)
    return Clean(seed, days * DAY_SECONDS / YEAR_SECONDS, rollbacks, pages, record.observations, record.probes)
