"""The table of rivals: every rule in each plausible setting, with each of the plans."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from watchdog.lab.baselines.actions import Plan
from watchdog.lab.baselines.kayenta import AT_THE_END, EVERY_MINUTE, Kayenta
from watchdog.lab.baselines.prober import Prober
from watchdog.lab.baselines.rules import FAST, Burn, InARow, Rule, Threshold
from watchdog.lab.baselines.votes import Votes
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld

PLANS = (Plan.PAGE, Plan.FRESH, Plan.VETOED, Plan.LATEST, Plan.ASK)
"""No team is known to practise ASK; it is here because the price of a question must hold against such a rival, too."""


class Rival(Protocol):
    """A decider that can play an episode. `name` is unique, `family` is shared by all settings of one method."""

    @property
    def name(self) -> str:
        """Return the name that reports show."""
        ...

    @property
    def family(self) -> str:
        """Return the name of the method."""
        ...

    def play(self, scene: EpisodeWorld) -> Record:
        """Watch one episode to its end."""
        ...


RULES: tuple[tuple[str, str, Callable[[], Rule], float], ...] = (
    *(
        (f"failures in a row @{every} s", f"{failures} in a row @{every} s", partial(InARow, failures), float(every))
        for every in (60, 10)
        for failures in (2, 3, 5)
    ),
    ("threshold for:", "5 % for: 2m", partial(Threshold, 120.0), 15.0),
    ("threshold for:", "5 % for: 5m", partial(Threshold, 300.0), 15.0),
    ("burn rate", "burn 14.4x or 6x", partial(Burn, 10.0), 10.0),
    ("burn rate", "burn 14.4x", partial(Burn, 10.0, (FAST,)), 10.0),
)
"""Method, setting, rule, pace in seconds."""

# Every plan with every rule: a rival is ranked at its best combination, so none may be left out.
PROBERS: tuple[Prober, ...] = tuple(
    Prober(f"{setting}, {plan.value}", f"{method}, {plan.value}", rule, every, plan)
    for method, setting, rule, every in RULES
    for plan in PLANS
)
JUDGES: tuple[Kayenta | Votes, ...] = (
    Kayenta("Mann-Whitney every minute", "Mann-Whitney", EVERY_MINUTE, failures=False),
    Kayenta("Mann-Whitney every minute, probes too", "Mann-Whitney", EVERY_MINUTE, failures=True),
    Kayenta("Mann-Whitney at 30 min", "Mann-Whitney", AT_THE_END, failures=False),
    Kayenta("Mann-Whitney at 30 min, probes too", "Mann-Whitney", AT_THE_END, failures=True),
    *(
        Votes(f"{enough} votes{', with our vetoes' if vetoed else ''}", "votes with decay", float(enough), vetoed)
        for enough in (3, 6, 12)
        for vetoed in (False, True)
    ),
)
RIVALS: tuple[Rival, ...] = (*PROBERS, *JUDGES)
