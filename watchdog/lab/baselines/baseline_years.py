"""The rivals in a healthy service: their false pages and rollbacks of good deploys in a service-year.

A rollback from one good deploy to another changes no probe's answer. So all rivals of one pace share the same probes,
each with `Hands` that leave the world unchanged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.baselines.actions import Hands, Plan
from watchdog.lab.baselines.kayenta import Kayenta
from watchdog.lab.baselines.prober import Lookout, Prober, looks
from watchdog.lab.baselines.votes import Votes
from watchdog.lab.clean_years import Clean, clean_scene, counted
from watchdog.lab.varied_worlds import USUAL, World


def probers_quiet(rivals: Sequence[Prober], seed: str, days: float, world: World = USUAL) -> Mapping[str, Clean]:
    """Return the counts of each rival over so many clean days, by its name."""
    # Probing takes most of the time, and rivals of one pace can share it.
    paces: dict[float, list[Prober]] = defaultdict(list)
    for rival in rivals:
        paces[rival.every_seconds].append(rival)
    return {name: one for pace, some in paces.items() for name, one in _at_pace(pace, some, seed, days, world).items()}


def _at_pace(
    pace: float, rivals: Sequence[Prober], seed: str, days: float, world: World = USUAL
) -> Mapping[str, Clean]:
    scene = clean_scene(seed, days, world)
    posts = {one.name: Lookout(one.rule, Hands(scene, one.plan, dry=True)) for one in rivals}
    sees = [post.see for post in posts.values()]
    probes = 0
    for at, name, route, failed in looks(scene, pace, scene.begins_at + days * DAY_SECONDS):
        probes += 1
        for see in sees:
            see(at, name, route, failed)
    for post in posts.values():
        post.hands.record.observations = post.hands.record.probes = probes
    return {name: counted(seed, days, post.hands.record) for name, post in posts.items()}


def judge_quiet(rival: Kayenta | Votes, seed: str, days: float, world: World = USUAL) -> Clean:
    """Return the counts of a deploy judge over so many clean days."""
    scene = clean_scene(seed, days, world)
    hands = Hands(scene, Plan.LATEST, dry=True)
    return counted(seed, days, rival.watch(scene, hands, scene.begins_at + days * DAY_SECONDS))
