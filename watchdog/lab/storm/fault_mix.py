"""How bad the weather of one seed is: which faults it has, and how often. Each seed draws its own mix.

Seeds with every fault at full strength would hide the bugs that only a single fault shows (swarm testing). So each kind
of fault has a strength of its own in each seed, and may be left out.
"""

from dataclasses import dataclass, fields
from random import Random

STRENGTHS = (0.0, 0.3, 1.0, 1.0)
"""Of a kind of fault in one seed, times the probability below."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Probabilities of each kind of fault. Each is drawn by name (`Nature.strikes`) and counted when it happens.

    `…_at_point` hold at every store call, platform call, notifier call; `…_in_protocol` at the marked points of the
    actuation protocol, which are few and matter most; `…_anywhere` before every single step.
    """

    # Each field takes one draw from the common stream, in this order: a new fault belongs into APART.
    crash_at_point: float = 0.015
    freeze_at_point: float = 0.015
    crash_in_protocol: float = 0.08
    # More often than the crash: a frozen worker goes on with old knowledge, a killed one starts from the record.
    freeze_in_protocol: float = 0.18
    crash_anywhere: float = 1 / 4000
    freeze_anywhere: float = 1 / 4000
    store_fails: float = 0.03
    store_answer_lost: float = 0.03
    store_outages: float = 0.4
    request_limited: float = 0.10
    request_not_connected: float = 0.06
    request_lost: float = 0.08
    connection_reset: float = 0.30
    answer_500: float = 0.10
    answer_lost: float = 0.25
    slow_landing: float = 0.8
    refused: float = 0.05
    artefacts_gone: float = 0.1
    rollback_fails: float = 0.05
    list_fails: float = 0.10
    list_stale: float = 0.5
    channel_fails: float = 0.10
    channel_answer_lost: float = 0.05
    channel_outages: float = 0.4
    clock_steps: float = 0.4
    blindness: float = 0.3
    humans: float = 0.8
    humans_in_protocol: float = 0.8
    stops: float = 0.4
    list_slow: float = 0.3
    list_shuffled: float = 0.3
    switch_twice: float = 0.2
    notice_twice: float = 0.1
    store_clock_steps: float = 0.3
    store_restored: float = 0.15
    store_outage_at_save: float = 0.02
    # No fault: the share of seeds in which services have remedies.
    remedies: float = 0.5


APART = frozenset({"store_restored", "store_outage_at_save", "remedies"})
"""Drawn from a stream of their own: a seed without them keeps the course that it had before they were thought of."""


def apart(seed: int, fault: str) -> Random:
    """Return the stream of a fault that is drawn apart."""
    return Random(f"{fault} of {seed}")


def draw(chance: Random, seed: int) -> Weather:
    """Return the weather of one seed."""
    usual = Weather()
    streams = {one.name: apart(seed, one.name) if one.name in APART else chance for one in fields(Weather)}
    return Weather(**{name: stream.choice(STRENGTHS) * getattr(usual, name) for name, stream in streams.items()})


FAIR = Weather(*(0.0 for _ in fields(Weather)))
"""No fault at all: after the storm."""

CRASH_SECONDS = (0.5, 3.0, 10.0)
FREEZE_SECONDS = (1.0, 5.0, 20.0, 60.0)
LONG_FREEZE_SECONDS = (5.0, 20.0, 60.0, 90.0)
"""At the marked points of the protocol: often longer than a lease and a settle window together."""
STORE_SECONDS = (0.005, 0.02, 0.02, 0.2)
LANDING_SECONDS = (0.05, 0.2, 1.0)
LANDING_MAX_SECONDS = 8.0
"""No request lands later than this after its sender gave it up: the settle window relies on it."""
ANSWER_SECONDS = (0.05, 0.3, 4.0)
LIST_SECONDS = (0.02, 0.1, 0.5)
SLOW_LIST_SECONDS = (1.5, 3.0, 7.0)
"""Of every answer, where the platform is slow: near the limit of the guard, or beyond it."""
STALE_SECONDS = (0.0, 1.0, 3.0)
DEPLOY_SECONDS = (20.0, 90.0)
QUICK_DEPLOY_SECONDS = (2.0, 8.0)
"""Of a release whose artefact exists: a human's rollback in the dashboard may take as little."""
