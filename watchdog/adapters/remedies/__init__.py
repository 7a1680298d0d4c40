"""Remedies that are tried before a rollback: one file each, one line each in `REMEDIES`.

Rule: a remedy is one request, which its client alone can send, beside the reads that tell what came of it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_off import FlagOff
from watchdog.adapters.remedies.maintenance_mode import MaintenanceMode, MaintenanceOptions
from watchdog.adapters.remedies.options import RemedyOptions
from watchdog.adapters.remedies.restart import Restart
from watchdog.adapters.remedies.scale import Scale
from watchdog.adapters.remedies.webhook import Webhook
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.domain.remedies.maintenance_mode import OFFS
from watchdog.ports import RemedyAction

REMEDIES: dict[RemedyKind, Callable[[Any, Context], RemedyAction]] = {
    RemedyKind.FLAG_OFF: FlagOff,
    RemedyKind.RESTART: Restart,
    RemedyKind.WEBHOOK: Webhook,
    RemedyKind.SCALE: Scale,
    RemedyKind.MAINTENANCE_MODE: MaintenanceMode,
}
"""How each kind is built of its options."""


def actions_of(options: RemedyOptions, context: Context) -> Mapping[str, RemedyAction]:
    """Return what the options of a remedy can do, by name: maintenance mode is also switched off again."""
    once = {options.name: REMEDIES[options.kind](options, context)}
    if not isinstance(options, MaintenanceOptions):
        return once
    return once | {name: MaintenanceMode(options, context, on=False) for name in OFFS}
