"""The Protocols between the shell (daemon) and the outside (adapters).

Rule: a port names the errors it raises; an adapter lets no other error through.
"""

from watchdog.ports.channels import Notifier
from watchdog.ports.clock import Clock
from watchdog.ports.platform import (
    ClockReading,
    GroupsServices,
    MaintenanceSetting,
    Platform,
    PlatformEvent,
    RestartsServices,
    ScalesServices,
    Scaling,
    SwitchesMaintenance,
    TellsTime,
    Withheld,
    WritablePlatform,
)
from watchdog.ports.remedies import Before, RemedyAction
from watchdog.ports.repository import Repository
from watchdog.ports.sign_in import IdentityProvider, SignIn
from watchdog.ports.signals import Sample, SignalSource
from watchdog.ports.store import StepSink, Store, StoreReader

__all__ = [
    "Before",
    "Clock",
    "ClockReading",
    "GroupsServices",
    "IdentityProvider",
    "MaintenanceSetting",
    "Notifier",
    "Platform",
    "PlatformEvent",
    "RemedyAction",
    "Repository",
    "RestartsServices",
    "Sample",
    "ScalesServices",
    "Scaling",
    "SignIn",
    "SignalSource",
    "StepSink",
    "Store",
    "StoreReader",
    "SwitchesMaintenance",
    "TellsTime",
    "Withheld",
    "WritablePlatform",
]
