"""One episode of the decision lab, played again and printed: a failure of `watchdog lab score`, line by line.

Rule: the same class and seed give the same episode, byte for byte, as long as the code is the same.
"""

from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.score_run import CLEAN_DAYS, run_episode
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.classes import BY_NAME
from watchdog.lab.clean_years import clean_scene, counted
from watchdog.lab.closed_loop import ClosedLoop
from watchdog.lab.episode_judgement import judge
from watchdog.lab.episode_story import CLEAN, tell, tell_clean


def story(name: str, seed: str) -> tuple[list[str], bool]:
    """Return the story of an episode (or of a clean month), and whether the decisions were right."""
    return _clean(seed) if name == CLEAN else _episode(name, seed)


def _episode(name: str, seed: str) -> tuple[list[str], bool]:
    scene, record = run_episode(BY_NAME[name], seed)
    played = judge(scene, seed, record)
    return tell(scene, record, played), played.good


def _clean(seed: str) -> tuple[list[str], bool]:
    scene = clean_scene(seed, CLEAN_DAYS)
    # A scene of a tenth of a day is enough for the policy, as in `lab score`.
    record = ClosedLoop(scene, policy_for(clean_scene(seed, 0.1))).run(scene.begins_at + CLEAN_DAYS * DAY_SECONDS)
    clean = counted(seed, CLEAN_DAYS, record)
    return tell_clean(scene, record, clean), not (clean.rollbacks or clean.pages)
