"""The rivals: today's alerting methods with good settings, in the same worlds. `play` gives one episode to one of them.

`rules` alert, `prober` probes and feeds the rules, `actions` act; `kayenta` compares before and after, `votes` counts
what fails after a deploy; `oracle` is the
bound; `clean_years` counts their false actions in a healthy service; `table` names them all.
"""

from watchdog.lab.baselines.oracle import Oracle
from watchdog.lab.baselines.table import RIVALS, Rival
from watchdog.lab.episode import FaultClass
from watchdog.lab.episode_judgement import Played, judge

ORACLE = Oracle()

__all__ = ["ORACLE", "RIVALS", "Rival", "play"]


def play(rival: Rival, kind: FaultClass, seed: str) -> Played:
    """Return the judged run of a rival in the episode of this seed."""
    scene = kind.scene(seed)
    return judge(scene, seed, rival.play(scene))
