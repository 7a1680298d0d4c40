"""The Protocols between the shell (daemon) and everything outside (adapters).

Rule: a port says what it raises; nothing else may come through it.
"""

from watchdog.ports.channels import Notifier
from watchdog.ports.clock import Clock
from watchdog.ports.platform import ClockReading, GroupsServices, Platform, PlatformEvent, TellsTime, WritablePlatform
from watchdog.ports.repository import Repository
from watchdog.ports.sign_in import IdentityProvider, SignIn
from watchdog.ports.signals import Sample, SignalSource
from watchdog.ports.store import StepSink, Store, StoreReader

__all__ = [
    "Clock",
    "ClockReading",
    "GroupsServices",
    "IdentityProvider",
    "Notifier",
    "Platform",
    "PlatformEvent",
    "Repository",
    "Sample",
    "SignIn",
    "SignalSource",
    "StepSink",
    "Store",
    "StoreReader",
    "TellsTime",
    "WritablePlatform",
]
