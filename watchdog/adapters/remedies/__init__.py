"""Remedies that are tried before a rollback: one file each, one line each in `REMEDIES`.

Rule: a remedy is one request, which its client alone can send, beside the reads that tell what came of it.
"""

from collections.abc import Callable
from typing import Any

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_off import FlagOff
from watchdog.adapters.remedies.restart import Restart
from watchdog.adapters.remedies.scale import Scale
from watchdog.adapters.remedies.webhook import Webhook
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.ports import RemedyAction

REMEDIES: dict[RemedyKind, Callable[[Any, Context], RemedyAction]] = {
    RemedyKind.FLAG_OFF: FlagOff,
    RemedyKind.RESTART: Restart,
    RemedyKind.WEBHOOK: Webhook,
    RemedyKind.SCALE: Scale,
}
"""How each kind is built of its options."""
