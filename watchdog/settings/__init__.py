"""Settings: one YAML file and `WATCHDOG_*` secrets become a validated policy and adapter options.

text/    YAML with line numbers, messages for mistakes, summaries, `watchdog init`
schema/  the keys, their types and their bounds: frozen shapes, which are the settings of all that is taken as written
rules/   the checks between keys: severity policy, contacts, silences, required secrets
model/   the loaded configuration: those shapes, and what is worked out of them
load/    from a file and an environment to Settings, in order
check/   `watchdog check [--live]`
"""

from watchdog.settings.load.load import is_configured, load
from watchdog.settings.load.secrets import KNOWN as SECRET_NAMES
from watchdog.settings.load.secrets import SecretMap
from watchdog.settings.model.settings import Adapter, Settings, UnknownNames, remember_names, resolve_names

__all__ = [
    "SECRET_NAMES",
    "Adapter",
    "SecretMap",
    "Settings",
    "UnknownNames",
    "is_configured",
    "load",
    "remember_names",
    "resolve_names",
]
