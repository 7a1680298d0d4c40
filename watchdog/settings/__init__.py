"""Settings: one YAML file and `WATCHDOG_*` secrets become a validated policy and adapters. Floor 6.

document.py    YAML with line numbers           shape.py       which keys there are
validation.py  pydantic's complaints, located   advanced.py    keys generated from domain/policy.py
registries.py  what adapters check themselves   matrix.py      the severity matrix, impossible policies
references.py  names that point nowhere         needs.py       required secrets, warnings
access.py      who may use the console          console_shape.py  which keys there are for it
secrets.py     the environment and .env         build.py       all of it, in order; load.py the door
init.py        `watchdog init`                  check.py       `watchdog check [--live]`
people.py      who is called, and when          quiets.py      silences and action holds
news.py        good news, the weekly digest     weekly.py      hours and moments of every week
scenarios.py   a scenario file of the lab       scenario_shape.py  which keys there are in it
"""

from watchdog.settings.load import is_configured, load
from watchdog.settings.model import (
    Adapter,
    DependencySettings,
    LogSettings,
    MetricsSettings,
    ServiceSettings,
    Settings,
    resolve_names,
)
from watchdog.settings.secrets import KNOWN as SECRET_NAMES
from watchdog.settings.secrets import SecretMap

__all__ = [
    "SECRET_NAMES",
    "Adapter",
    "DependencySettings",
    "LogSettings",
    "MetricsSettings",
    "SecretMap",
    "ServiceSettings",
    "Settings",
    "is_configured",
    "load",
    "resolve_names",
]
