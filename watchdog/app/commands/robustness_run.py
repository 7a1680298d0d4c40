"""`watchdog lab robustness`: the shipped policy, and its rivals, in worlds that it was not fitted to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.app.commands.score_run import Scored, score
from watchdog.app.commands.worker_processes import workers
from watchdog.domain.units import DAY_SECONDS, show_seconds
from watchdog.lab import classes, latency_power
from watchdog.lab.clean_years import clean_scene
from watchdog.lab.episode_judgement import Played, judge
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.latency_power import (
    LEARNS_DAYS,
    SEASON_DAYS,
    SEASONS,
    SLOWER,
    WATCHED,
    NoticeDelays,
    Seasonal,
    Slower,
    seasonal,
)
from watchdog.lab.score import (
    DELAYS,
    calibration,
    delay_p95,
    false_rollbacks_of_incidents,
    mix,
    precision,
    recall,
    rolled_back_or_asked,
    sure_error,
)
from watchdog.lab.varied_worlds import World
from watchdog.replay.confidence_intervals import poisson_rate


@dataclass(frozen=True, slots=True)
class RobustnessRow:
    """One world, and its measurements."""

    world: World
    scored: Scored

    def json_object(self) -> dict[str, Any]:
        """Return the numbers."""
        ours, clean = self.scored.ours, self.scored.clean
        weight, years = mix(ours, self.world.bad_deploys), sum(one.years for one in clean)
        # The ranking's weights are those of the usual mix: other shares of bad deploys would falsify it.
        ranking = self.scored.ranking() if self.world.bad_deploys == 1.0 else None
        return {
            "world": self.world.name,
            "words": self.world.words,
            "episodes": len(ours),
            "clean_service_years": years,
            "rollback_precision": precision(ours, weight).json_object(),
            "rollback_recall": recall(ours).json_object(),
            "rolled_back_or_asked": rolled_back_or_asked(ours).json_object(),
            "false_rollbacks_per_service_year": poisson_rate(sum(one.rollbacks for one in clean), years).json_object(),
            "false_rollbacks_of_incidents_per_service_year": false_rollbacks_of_incidents(
                ours, weight, self.world.bad_deploys
            ).json_object(),
            "false_pages_per_service_year": poisson_rate(sum(one.pages for one in clean), years).json_object(),
            "wrong_service_rollbacks": sum(one.wrong_service for one in ours),
            "rollback_request_delay_p95_seconds": {tag: delay_p95(ours, tag).json_object() for tag in DELAYS},
            "blame_calibration_sure_error": sure_error(calibration(ours, weight)),
            "cost_ratio_best_rival": ranking.ratio.json_object() if ranking else None,
        }


def json_object(
    seed: str, rows: Sequence[RobustnessRow], told_after: Sequence[NoticeDelays], quarters: Sequence[Seasonal]
) -> dict[str, Any]:
    """Return the numbers for machines."""
    return {
        "seed": seed,
        "worlds": [row.json_object() for row in rows],
        "slower": [one.json_object() for one in told_after],
        "false_pages_in_seasons": [[one.first, one.later] for one in quarters],
    }


def tables(
    seed: str, rows: Sequence[RobustnessRow], told_after: Sequence[NoticeDelays], quarters: Sequence[Seasonal] = ()
) -> list[str]:
    """Return the numbers as Markdown tables."""
    lines = [f"seed {seed}"]
    if rows:
        lines += [
            "",
            "| world | rollback precision | rollback recall | rolled back or asked "
            "| false rollbacks a service-year, without faults | with incidents | false pages a service-year "
            "| wrong service | p95 delay: hard / corroborated / half / fifth "
            "| error of blame beyond chance | cost of the best rival |",
            "|" + "---|" * 11,
            *[_line(row.json_object()) for row in rows],
        ]
    if quarters:
        first, later = sum(one.first for one in quarters), sum(one.later for one in quarters)
        rate = poisson_rate(later, len(quarters) * (SEASON_DAYS - LEARNS_DAYS) / 365.25)
        lines += [
            "",
            f"{len(quarters)} services with seasons, {SEASON_DAYS:.0f} days: {first} false pages in the first "
            f"{LEARNS_DAYS:.0f} days, {later} later: {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}] a service-year",
        ]
    if told_after:
        lines += [
            "",
            "| slower release, after 15 days of seasons | alerted in time | limit | median | slowest |",
            "|" + "---|" * 5,
        ]
        lines += [_told_line(one) for one in told_after]
    return lines


def _line(found: dict[str, Any]) -> str:
    rates = ("false_rollbacks_per_service_year", "false_rollbacks_of_incidents_per_service_year")
    delays = found["rollback_request_delay_p95_seconds"]
    cells = [
        found["words"],
        *[_interval(found[name]) for name in ("rollback_precision", "rollback_recall", "rolled_back_or_asked", *rates)],
        _interval(found["false_pages_per_service_year"]),
        str(found["wrong_service_rollbacks"]),
        " / ".join(f"{delays[tag]['value']:.0f}" for tag in DELAYS) + " s",
        f"{found['blame_calibration_sure_error']:.3f}",
        f"{_interval(rival)} times ours" if (rival := found["cost_ratio_best_rival"]) else "not played",
    ]
    return f"| {' | '.join(cells)} |"


def _interval(one: dict[str, float]) -> str:
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


def _told_line(one: NoticeDelays) -> str:
    known = sorted(at for at in one.after if at is not None)
    middle, last = (show_seconds(known[len(known) // 2]), show_seconds(known[-1])) if known else ("", "")
    within = show_seconds(one.slower.within_seconds)
    return f"| {one.slower.name} | {one.in_time} of {len(one.after)} | {within} | {middle} | {last} |"


def play_worlds(
    worlds: Sequence[World],
    seed: str,
    *,
    episodes: int,
    clean_years: float,
    names: Sequence[str] = (),
    rival_episodes: int = 0,
    processes: int = 2,
    progress: Callable[[str], None] = no_progress,
) -> Sequence[RobustnessRow]:
    """Play `episodes` episodes of each class (of `names`, or all) and `clean_years` in each of the worlds."""
    # A development seed leaves out the held-out classes: no value may be tuned on them.
    names = names or classes.played_on(seed)[0]
    rows = []
    for world in worlds:
        scored = score(
            f"{seed}-{world.name}",
            names=names,
            episodes=episodes,
            clean_years=clean_years,
            rival_episodes=rival_episodes,
            processes=processes,
            progress=lambda words, world=world: progress(f"{world.name}: {words}"),  # type: ignore[misc]
            world=world,
        )
        rows.append(RobustnessRow(world, scored))
    return rows


def play_latency(
    seed: str,
    episodes: int,
    *,
    kinds: Sequence[Slower] = SLOWER,
    processes: int = 2,
    progress: Callable[[str], None] = no_progress,
) -> Sequence[NoticeDelays]:
    """Play `episodes` slower releases of each kind, each after two weeks of seasons."""
    jobs = [(slower, f"{seed}-{number}") for slower in kinds for number in range(episodes)]
    with workers(processes) as pool:
        played = list(with_progress(pool.map(_play_slower, jobs), "slower releases", len(jobs), progress))
    return [latency_power.told(one, played[at * episodes : (at + 1) * episodes]) for at, one in enumerate(kinds)]


def play_seasons(
    seed: str, services: int, *, processes: int = 2, progress: Callable[[str], None] = no_progress
) -> Sequence[Seasonal]:
    """Play `services` services with seasons for a quarter of a year without any fault."""
    seeds = [f"{seed}-{number}" for number in range(services)]
    with workers(processes) as pool:
        return list(with_progress(pool.map(_play_season, seeds), "quarters with seasons", services, progress))


def _play_season(seed: str) -> Seasonal:
    scene = clean_scene(seed, SEASON_DAYS, SEASONS)
    record = FoldingLoop(scene, policy_for(scene)).run(scene.begins_at + SEASON_DAYS * DAY_SECONDS)
    return seasonal(scene.begins_at, record)


def _play_slower(job: tuple[Slower, str]) -> Played:
    slower, seed = job
    scene = slower.kind.scene(seed, WATCHED)
    return judge(scene, seed, FoldingLoop(scene, policy_for(scene)).run(scene.ends_at))
